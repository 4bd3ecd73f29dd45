using Baton.Redundancy.Records;

namespace Baton.Redundancy.Leases;

/// <summary>The numbers of one outbound SA that one term owns. Empty when <see cref="First"/> lies above <see cref="Last"/>.</summary>
/// <remarks>
/// <code>
/// term t0      may use numbers up to           L
/// term t > t0  owns   L + (t - t0 - 1)*S + 1   ..   L + (t - t0)*S
/// </code>
/// Computed wide and cut off at the end of the counter: slices of different terms never meet, and the last ones are empty.
/// </remarks>
public readonly record struct Slice(ulong First, ulong Last)
{
    public static readonly Slice Empty = new(1, 0);

    public bool IsEmpty => First > Last;

    /// <summary>What <paramref name="term"/> owns by the formula. For the limit's own term <see cref="First"/> is that of a record
    /// just registered: only its registrar may start there.</summary>
    public static Slice Of(SaRecord record, ulong term)
    {
        ulong maximum = LastUsable(record.Space);
        if (term < record.LimitTerm)
            return Empty;
        if (term == record.LimitTerm)
            return new(record.First, Math.Min(record.Limit, maximum));

        UInt128 first = record.Limit + ((UInt128)(term - record.LimitTerm - 1) * record.SliceSize) + 1;
        UInt128 last = record.Limit + ((UInt128)(term - record.LimitTerm) * record.SliceSize);
        if (first > maximum)
            return Empty;
        return new((ulong)first, last > maximum ? maximum : (ulong)last);
    }

    /// <summary>The end of what <paramref name="term"/> owns; the counter's end where the slice is empty: nothing may be set below it (G4).</summary>
    public static ulong EndOf(SaRecord record, ulong term)
    {
        ulong maximum = LastUsable(record.Space);
        if (term <= record.LimitTerm)
            return Math.Min(record.Limit, maximum);
        UInt128 last = record.Limit + ((UInt128)(term - record.LimitTerm) * record.SliceSize);
        return last > maximum ? maximum : (ulong)last;
    }

    /// <summary>
    /// Where <paramref name="term"/> really starts: after a surrender the next term, and no other, goes on at the report F (G8).
    /// The end stays the formula's.
    /// </summary>
    /// <param name="report">What the owner of an earlier term told this member.</param>
    internal static Slice Start(SaRecord record, NextReport? report, ClusterRecord cluster, ulong term, Guards inForce)
    {
        Slice slice = Of(record, term);
        if (report is not { } told || cluster.SurrenderedTerm != told.Term || told.Term >= term || term <= record.LimitTerm)
            return slice;
        bool successor = told.Term + 1 == term || !inForce.HasFlag(Guards.G8ReportOnlyForNextTerm); // (G8)
        return successor ? new(told.Next, EndOf(record, term)) : slice;
    }

    /// <summary>One below the end of a full 64-bit counter, so that "the next number" always exists.</summary>
    public static ulong LastUsable(CounterSpace space) => Math.Min(space.Maximum, ulong.MaxValue - 1);
}
