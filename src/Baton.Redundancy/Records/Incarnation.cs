namespace Baton.Redundancy.Records;

/// <summary>One life of a member process: its configured name and a random number drawn at process start (G1).</summary>
/// <remarks>
/// A restarted member is another incarnation. Holder of a term, designated successor and in-sync set name
/// incarnations, so that a confirmation of the old life never counts for the new one, and the other way round.
/// </remarks>
public readonly record struct Incarnation(string Member, ulong Nonce)
{
    public override string ToString() => $"{Member}#{Nonce:x16}";
}

/// <summary>The id of an SA record. Never used again (G2); an SPI is only an index.</summary>
public readonly record struct SaId(ulong Value)
{
    public override string ToString() => $"sa{Value}";
}

/// <summary>As the cluster sees it, and so who draws the numbers.</summary>
public enum SaDirection : byte
{
    /// <summary>The cluster does, from a lease: from the cluster to the peer.</summary>
    Outbound,

    /// <summary>Somebody else does, below a ceiling: from the peer to the cluster. So too is an SRTP stream that is relayed: it leaves, but under its talker's
    /// numbers, each sealed once.</summary>
    Inbound,
}
