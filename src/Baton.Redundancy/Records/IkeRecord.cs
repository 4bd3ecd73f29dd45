namespace Baton.Redundancy.Records;

/// <summary>The id of an IKE SA's record: drawn at random by the member that makes it, never used again (G2).</summary>
public readonly record struct IkeId(ulong Value)
{
    public override string ToString() => $"ike{Value:x16}";
}

/// <summary>What the handler keeps of one IKE SA: everything that is needed to go on with it, in a form that it cannot read.</summary>
/// <param name="Version">From 1, one more with each change: a version that does not follow on the ledger's is refused, so that no state enters it that was made on
/// one that did not.</param>
/// <param name="KeyTag">A one-way tag of its keys. Registered once for ever, like that of an SA (G2).</param>
/// <param name="Sealed">State, keys, bytes of what is under way: sealed by the members with the cluster key. At most <see cref="MaximumSealedBytes"/>.</param>
public sealed record IkeRecord(IkeId Id, ulong Version, ulong KeyTag, ReadOnlyMemory<byte> Sealed)
{
    public const int MaximumSealedBytes = 64 << 10;
}

/// <summary>What changes together or not at all: the IKE state behind one message, and the SAs that come and go with it.</summary>
/// <remarks>
/// A message that is bound to a commit leaves when the commit is granted and the designee's copy has it (as a limit, G5): so whoever goes on
/// knows at least what the peer may know.
/// </remarks>
/// <param name="Ike">New states; the version of each follows on the one in the ledger.</param>
/// <param name="Sas">New SAs, their ids given by the handler. A counter of an IKE SA's IVs is one of them (<see cref="CounterSpace.IkeIv"/>).</param>
/// <param name="DeletedSas">By key tag: an SA may go before its maker has learned its id.</param>
public sealed record LedgerCommit(
    IReadOnlyList<IkeRecord> Ike,
    IReadOnlyList<SaRecord> Sas,
    IReadOnlyList<IkeId> DeletedIke,
    IReadOnlyList<ulong> DeletedSas)
{
    /// <summary>Records and deletions in one commit: an IKE SA with all its children goes at once.</summary>
    public const int MaximumEntries = 4_096;

    public static readonly LedgerCommit Nothing = new([], [], [], []);

    public int Entries => Ike.Count + Sas.Count + DeletedIke.Count + DeletedSas.Count;

    /// <summary>Bytes of the sealed parts.</summary>
    public long SealedBytes
    {
        get
        {
            long bytes = 0;
            foreach (IkeRecord record in Ike)
                bytes += record.Sealed.Length;
            foreach (SaRecord record in Sas)
                bytes += record.Sealed.Length;
            return bytes;
        }
    }
}
