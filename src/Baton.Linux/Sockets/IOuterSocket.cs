using Baton.Wire;

namespace Baton.Linux.Sockets;

/// <summary>One way out and in on the outer side, in batches. One owner thread, no allocation a packet.</summary>
public interface IOuterSocket : IDisposable
{
    OuterKind Kind { get; }

    /// <summary>For <see cref="Poller"/>.</summary>
    int Fd { get; }

    /// <summary>The last <see cref="Receive"/> filled its batch: more may wait.</summary>
    bool MayHaveMore { get; }

    /// <summary>Packets that the kernel did not take.</summary>
    long SendDrops { get; }

    /// <summary>Packets longer than a buffer.</summary>
    long Truncated { get; }

    /// <summary>Messages taken that were more than one packet.</summary>
    long JoinedMessages { get; }

    /// <summary>Messages sent that were more than one packet.</summary>
    long RunsSent { get; }

    /// <summary>Takes what waits, at most a batch of messages. The packets that they are; 0: nothing waits.</summary>
    int Receive();

    /// <summary>The i-th packet of the last <see cref="Receive"/>, best asked for in ascending order. May be changed in place; empty when it was too long.</summary>
    Span<byte> Packet(int i);

    UdpEndpoint From(int i);

    /// <summary>Which of our addresses the i-th packet came to, and its traffic class (DSCP and ECN).</summary>
    void Envelope(int i, out UdpEndpoint to, out byte trafficClass);

    /// <summary>The buffer of the next packet to send. Good until <see cref="Queue"/>; taking it twice gives the same.</summary>
    Span<byte> Reserve();

    /// <summary>Queues the reserved buffer's first bytes.</summary>
    /// <param name="from">Our address that it shall leave from; default: the bound one, or the kernel's choice.</param>
    /// <param name="trafficClass">DSCP and ECN of the outer header.</param>
    /// <param name="dontFragment">DF of an IPv4 header; over IPv6: whether this host may fragment.</param>
    void Queue(int length, in UdpEndpoint to, in IpAddress from, byte trafficClass, bool dontFragment);

    void Flush();
}
