using Baton.Redundancy;
using Baton.Redundancy.Records;

namespace Baton.Simulation.Nodes;

/// <summary>One SA of one direction, as the world knows it: its traffic, and every number that ever left or was accepted.</summary>
/// <remarks>A relayed one is kept like an inbound one, by ceilings: its numbers are the talker's, and accepting one is sealing it.</remarks>
internal sealed class SimSa(int index, SaDirection direction, CounterSpace space, ulong first, ulong sliceSize, int window, bool relayed = false)
{
    public int Index => index;

    public SaDirection Direction => direction;

    public CounterSpace Space => space;

    public bool IsRelayed => relayed;

    /// <summary>RTP or RTCP.</summary>
    public bool IsVoice => IsRtp || space.WireBits == CounterSpace.Srtcp.WireBits;

    public bool IsRtp => space.WireBits == CounterSpace.Srtp.WireBits;

    public ulong First { get; } = first;

    public ulong SliceSize => sliceSize;

    /// <summary>The receiver's replay window.</summary>
    public int WindowSize => window;

    public ulong KeyTag => 0x1000 + (ulong)index;

    public SaId? Id { get; set; }

    public bool Registered { get; set; }

    public bool WantDelete { get; set; }

    public bool Deleted { get; set; }

    /// <summary>The counter is spent: nothing is owed any more.</summary>
    public bool WorldsEnd { get; set; }

    // Traffic.
    public long MeanInterval { get; set; }

    public bool Silent { get; set; }

    public long NextApp { get; set; }

    public int Jumps { get; set; }

    /// <summary>How far a peer or talker jumps at most. All jumps of a plain talker together stay below 2^15: what is older is taken for a ROC more, by anybody who relays,
    /// and no ICV tells.</summary>
    public ulong LongestJump => !IsVoice ? 1u << 30 : IsRelayed ? 3_000u : 25_000u;

    public ulong PeerNext { get; set; } = first;

    // What was seen.
    public Dictionary<ulong, Incarnation> Used { get; } = [];

    public List<(ulong Number, long App)> Accepted { get; } = [];

    public List<(ulong Number, long App)> OnTheWire { get; } = [];

    public HashSet<long> AppArrived { get; } = [];

    public long LastArrival { get; set; }

    /// <summary>The window of the peer, for what the cluster sends.</summary>
    public SimWindow PeerWindow { get; } = new(window, first - 1);

    /// <summary>What lies up to here the peer's newest member refuses: where it started.</summary>
    public ulong PeerFloor { get; set; }

    public SaRecord NewRecord(ulong lead) => new(
        default, direction, 0xC0DE0000 + (uint)index, space, KeyTag, sliceSize,
        Limit: direction == SaDirection.Outbound ? First + lead - 1 : 0,
        LimitTerm: 0,
        CoarseCeiling: direction == SaDirection.Inbound ? First + lead - 1 : 0,
        LastAuthenticated: First, ReadOnlyMemory<byte>.Empty);
}
