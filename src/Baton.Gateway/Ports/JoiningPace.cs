using Baton.Wire;

namespace Baton.Gateway.Ports;

/// <summary>Are datagrams worth joining now? A packet that the kernel keeps back for the next one waits a tenth of a millisecond in vain where none comes (decision 26).</summary>
/// <remarks>
/// What comes singly, in reads of one packet, costs a wake-up and a read each: from <see cref="Many"/> a millisecond on that is most of what a thread can do, and joining begins.
/// It ends when for <see cref="Rest"/> all packets, joined or not, were fewer than half of that.
/// </remarks>
internal sealed class JoiningPace
{
    /// <summary>Reads a millisecond. A tenth of what a gateway carries with joining is below.</summary>
    public const int Many = 60;

    public static readonly TimeSpan Rest = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(1);

    private Instant _windowEnds;
    private Instant _lastMany;
    private int _reads;
    private int _packets;

    public bool Joins { get; private set; }

    /// <summary>A turn took packets. True: <see cref="Joins"/> has changed.</summary>
    /// <param name="reads">How many of them came by themselves.</param>
    public bool Took(int reads, int packets, Instant now)
    {
        _reads += reads;
        _packets += packets;
        if (now < _windowEnds)
            return false;
        bool isFresh = now < _windowEnds + Window;               // one that ended long ago says nothing of now
        bool many = isFresh && (Joins ? _packets >= Many / 2 : _reads >= Many);
        (_windowEnds, _reads, _packets) = (now + Window, 0, 0);
        if (many)
            _lastMany = now;
        bool joins = many || (Joins && now < _lastMany + Rest);
        if (joins == Joins)
            return false;
        Joins = joins;
        return true;
    }
}
