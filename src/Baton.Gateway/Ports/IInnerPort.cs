using Baton.Wire;

namespace Baton.Gateway.Ports;

/// <summary>The inner side of the data path: gives and takes whole IP packets in batches. One owner thread, no allocation a packet.</summary>
internal interface IInnerPort : IDisposable
{
    /// <summary>For a poller: readable when <see cref="Take"/> would give something.</summary>
    int Fd { get; }

    /// <summary>Packets that could not be given on.</summary>
    long Drops { get; }

    /// <summary>Packets that could not be taken: too long, or malformed by the device.</summary>
    long Refused { get; }

    /// <summary>For the log: what it is, and which offloads the kernel has granted.</summary>
    string Description { get; }

    /// <summary>Told once, in words for the log, when an offload is given up.</summary>
    Action<string>? Note { get; set; }

    /// <summary>Super-packets taken, and cut.</summary>
    long Joined { get; }

    /// <summary>Super-packets given, made of several packets.</summary>
    long Merged { get; }

    /// <summary>Takes what waits, at most a batch. 0: nothing waits.</summary>
    int Take();

    /// <summary>The last <see cref="Take"/> gave all that a batch can be: more may wait.</summary>
    bool MayHaveMore { get; }

    /// <summary>The packets of the batch may be asked for in any order, and again.</summary>
    bool CanAskAgain { get; }

    /// <summary>The i-th packet of the batch, ascending unless <see cref="CanAskAgain"/>: asking for one ends the one before. May be changed in place. Its checksums are complete.</summary>
    Span<byte> Packet(int i);

    /// <summary>The i-th packet's source has an SA: what comes for it may go back where this came from.</summary>
    void Learn(int i, in IpAddress source);

    /// <summary>Gives one packet; the bytes are used until <see cref="Flush"/>, by which all that was given is on its way. False: nobody is there for its destination.</summary>
    bool Give(ReadOnlySpan<byte> packet, in IpAddress destination);

    void Flush();
}
