namespace Baton.Esp;

/// <summary>What became of a packet. Every drop has a name, and every name a counter.</summary>
public enum EspVerdict : byte
{
    Delivered,

    /// <summary>Shorter than its suite's least packet, or not a whole number of blocks.</summary>
    Runt,

    UnknownSpi,

    /// <summary>Accepted before, left of the window, or not above the floor that a takeover set (RFC 4303 3.4.3).</summary>
    Replayed,

    BadIcv,

    /// <summary>Padding is not 1, 2, 3, ... or longer than the payload (RFC 4303 2.4).</summary>
    BadPadding,

    /// <summary>Next header 59: traffic flow confidentiality, dropped silently (RFC 4303 2.6).</summary>
    Dummy,

    /// <summary>The inner packet is not one, or not what its next header says.</summary>
    BadInner,

    /// <summary>The inner packet's addresses are not the SA's (RFC 4301 5.2 step 4).</summary>
    BadSelector,

    /// <summary>Authentic, above the ceiling, waiting for the standby's confirmation.</summary>
    Held,

    /// <summary>It would have been held, and the queue was full.</summary>
    HeldOverflow,

    /// <summary>This member may not receive now (standby, or acting alone).</summary>
    NotActive,

    /// <summary>Handed to the successor in a planned switchover.</summary>
    HandedOver,

    /// <summary>Outward: no SA protects this packet.</summary>
    NoPolicy,

    /// <summary>Outward: the lease is at its end, or this member may not send.</summary>
    NoLease,

    /// <summary>Outward: larger than the buffers take.</summary>
    TooLong,

    /// <summary>Outward: the peer's address is not known yet.</summary>
    NoEndpoint,

    /// <summary>A datagram of the IKE port (RFC 3948 2.2: four zero bytes in front).</summary>
    Ike,

    /// <summary>One byte 0xFF (RFC 3948 2.3).</summary>
    Keepalive,

    /// <summary>A datagram whose envelope is not ours.</summary>
    BadEnvelope,

    /// <summary>The outer header says that the path is congested, and the inner packet's transport cannot be told (RFC 6040 4.2).</summary>
    Congested,

    /// <summary>No hop is left for forwarding the inner packet (RFC 4301 5.1.2.1, note 2).</summary>
    HopLimit,

    /// <summary>Outward: longer than the path takes, and not to be cut; its sender was told (RFC 4301 8.2).</summary>
    TooBig,

    /// <summary>Outward: no SA protects it yet; one is being asked for, and it waits (RFC 7296 2.9).</summary>
    Trapped,

    /// <summary>It would have waited for its SA, and the queue was full.</summary>
    TrapOverflow,

    /// <summary>It waited for an SA that did not come in time.</summary>
    TrapExpired,
}

/// <summary>One counter a verdict. One writer; readers may see a value a moment old.</summary>
public sealed class EspCounters
{
    private readonly long[] _counts = new long[(int)EspVerdict.TrapExpired + 1];

    public long this[EspVerdict verdict] => Volatile.Read(ref _counts[(int)verdict]);

    public void Count(EspVerdict verdict) => _counts[(int)verdict]++;

    public void Count(EspVerdict verdict, long times) => _counts[(int)verdict] += times;
}
