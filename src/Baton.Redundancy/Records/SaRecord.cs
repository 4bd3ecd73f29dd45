namespace Baton.Redundancy.Records;

/// <summary>What the handler keeps of one SA of one direction: its limits, and the sealed part that it cannot read.</summary>
/// <remarks>
/// <code>
/// outbound: term LimitTerm      may use numbers up to  Limit
///           term t > LimitTerm  owns  Limit + (t - LimitTerm - 1)*SliceSize + 1  ..  Limit + (t - LimitTerm)*SliceSize
/// inbound:  nothing above CoarseCeiling has been accepted by anybody
/// </code>
/// <see cref="Sealed"/> holds keys, suite, SPI, selectors, peer: sealed by the members with the cluster key.
/// </remarks>
/// <param name="KeyTag">A one-way tag of the key. A key is registered once for ever (G2): the handler refuses a tag it has seen.</param>
/// <param name="Limit">Base limit L (outbound).</param>
/// <param name="LimitTerm">t0: the term in which <paramref name="Limit"/> was set (always the writer's own, G2).</param>
/// <param name="CoarseCeiling">Inbound: the highest number that any holder may have accepted.</param>
/// <param name="LastAuthenticated">Outbound: the last number known to be authenticated by the peer, or the first of the SA. Inbound: the first of the SA; 0 for 1.</param>
public sealed record SaRecord(
    SaId Id,
    SaDirection Direction,
    uint Spi,
    CounterSpace Space,
    ulong KeyTag,
    ulong SliceSize,
    ulong Limit,
    ulong LimitTerm,
    ulong CoarseCeiling,
    ulong LastAuthenticated,
    ReadOnlyMemory<byte> Sealed)
{
    /// <summary>Where a new SA begins: 1 unless its maker said otherwise (a talker of RTP begins anywhere).</summary>
    internal ulong First => Math.Max(1, LastAuthenticated);

    /// <summary>Does it say the same? The sealed part of an id never changes, so it is not looked at.</summary>
    internal bool SaysTheSame(SaRecord other) => Equals(other with { Sealed = Sealed });
}

/// <summary>An exact replay window: its top and, bit i of word i/64 being number <c>Top - i</c>, what was accepted below it.</summary>
public sealed record WindowReport(ulong Top, ReadOnlyMemory<ulong> Bitmap);

/// <summary>F of a planned switchover: the first number of an SA that the owner of <paramref name="Term"/> never assigned.</summary>
public readonly record struct NextReport(ulong Term, ulong Next);

/// <summary>One committed change of the ledger. Changes form one sequence without gaps; a snapshot stands for all up to its revision.</summary>
/// <param name="IsSnapshot">The change replaces the whole copy.</param>
public sealed record LedgerChange(
    bool IsSnapshot,
    ClusterRecord Cluster,
    IReadOnlyList<SaRecord> Upserts,
    IReadOnlyList<SaId> Deletes)
{
    public IReadOnlyList<IkeRecord> IkeUpserts { get; init; } = [];

    public IReadOnlyList<IkeId> IkeDeletes { get; init; } = [];
}
