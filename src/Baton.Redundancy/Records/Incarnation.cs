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

/// <summary>As the cluster sees it: outbound is from the cluster to the peer.</summary>
public enum SaDirection : byte
{
    Outbound,
    Inbound,
}
