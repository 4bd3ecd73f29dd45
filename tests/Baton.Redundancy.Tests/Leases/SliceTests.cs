using Baton.Redundancy.Leases;
using Baton.Redundancy.Records;
using CsCheck;

namespace Baton.Redundancy.Tests.Leases;

public class SliceTests
{
    private static SaRecord Record(CounterSpace space, ulong limit, ulong limitTerm, ulong size) =>
        TestCluster.Sa(SaDirection.Outbound, 1) with { Space = space, Limit = limit, LimitTerm = limitTerm, SliceSize = size };

    [Theory]
    [InlineData(4, 1, 1000)] // the limit's own term, just registered
    [InlineData(5, 1001, 1100)]
    [InlineData(6, 1101, 1200)]
    [InlineData(14, 1901, 2000)]
    public void The_formula_of_the_design(ulong term, ulong first, ulong last) =>
        Assert.Equal(new Slice(first, last), Slice.Of(Record(CounterSpace.EspExtended, 1000, 4, 100), term));

    [Fact]
    public void A_slice_is_cut_off_at_the_counters_end_and_the_next_is_empty()
    {
        SaRecord record = Record(CounterSpace.Esp32, uint.MaxValue - 150, 4, 100);
        Assert.Equal(new Slice(uint.MaxValue - 49, uint.MaxValue), Slice.Of(record, 6));
        Assert.True(Slice.Of(record, 7).IsEmpty);
        Assert.Equal(uint.MaxValue, Slice.EndOf(record, 7));
    }

    [Fact]
    public void An_older_term_owns_nothing() => Assert.True(Slice.Of(Record(CounterSpace.Esp32, 1000, 4, 100), 3).IsEmpty);

    [Fact]
    public void Only_the_term_after_a_surrender_starts_at_the_report()
    {
        SaRecord record = Record(CounterSpace.EspExtended, 1000, 4, 100);
        ClusterRecord cluster = ClusterRecord.Empty(Guid.Empty) with { SurrenderedTerm = 4 };
        Assert.Equal(new Slice(17, 1100), Slice.Start(record, new NextReport(4, 17), cluster, 5, Guards.All));
        Assert.Equal(new Slice(1001, 1100), Slice.Start(record, null, cluster, 5, Guards.All));
        Assert.Equal(new Slice(1001, 1100), Slice.Start(record, new NextReport(4, 17), cluster with { SurrenderedTerm = 3 }, 5, Guards.All)); // told, and never surrendered
        Assert.Equal(new Slice(1101, 1200), Slice.Start(record, new NextReport(4, 17), cluster, 6, Guards.All));
        Assert.Equal(new Slice(17, 1200), Slice.Start(record, new NextReport(4, 17), cluster, 6, Guards.All & ~Guards.G8ReportOnlyForNextTerm));
    }

    // Neighbours are where slices would meet, and far ones where they would overflow.
    private static readonly Gen<ulong> Steps = Gen.OneOf(Gen.ULong[1, 3], Gen.ULong[1, 1UL << 40]);
    private static readonly Gen<ulong> Sizes = Gen.OneOf(Gen.ULong[1, 1000], Gen.ULong[1, ulong.MaxValue]);

    /// <summary>P1, for any record, wide and narrow: numbers of different terms never meet, and none lies at or below the limit.</summary>
    [Fact]
    public void Slices_of_different_terms_never_meet() =>
        Gen.Select(Gen.ULong, Gen.ULong[0, 1UL << 40], Sizes, Steps, Steps, Gen.Int[8, 64])
            .Sample((limit, limitTerm, size, up, further, bits) =>
            {
                var space = new CounterSpace(bits, Math.Min(bits, 32), ulong.MaxValue);
                SaRecord record = Record(space, Math.Min(limit, Slice.LastUsable(space)), limitTerm, size);
                Slice one = Slice.Of(record, limitTerm + up), other = Slice.Of(record, limitTerm + up + further);
                return (one.IsEmpty || (one.First > record.Limit && one.Last <= space.Maximum))
                    && (other.IsEmpty || (!one.IsEmpty && other.First > one.Last))
                    && (one.IsEmpty || one.Last == Slice.EndOf(record, limitTerm + up));
            });

    public static TheoryData<CounterSpace, ulong> Spaces => new()
    {
        { CounterSpace.Esp32, 1 << 20 },
        { CounterSpace.EspExtended, 1 << 24 },
        { CounterSpace.IkeIv, 1 << 24 },
        { CounterSpace.Srtp, 511 },
        { CounterSpace.Srtcp, 1 << 19 },
    };

    [Theory, MemberData(nameof(Spaces))]
    public void A_slice_that_nobody_names_has_the_size_of_its_space(CounterSpace space, ulong size) => Assert.Equal(size, space.SliceSize);
}
