using Baton.Redundancy.Members;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Redundancy.Tests.Members;

public class SnapshotPartTests
{
    private static readonly ClusterRecord Cluster = ClusterRecord.Empty(new Guid(1, 2, 3, new byte[8])) with { Revision = 5, Term = 1, Holder = new Incarnation("A", 1) };

    private readonly MemberCore _core = new(new Incarnation("B", 2), new MemberPolicy());
    private readonly List<MemberOutput> _outputs = [];

    [Fact]
    public void A_first_snapshot_counts_when_it_is_whole()
    {
        Step(new MemberInput.HandlerConnected());
        Step(new MemberInput.SnapshotPart(Cluster, [Sa(1), Sa(2)]));
        Assert.Null(_core.Cluster);
        Assert.Equal([1, 2], Built());
        Step(new MemberInput.Changed(new LedgerChange(true, Cluster, [Sa(3)], [])));
        Assert.Equal(5UL, _core.Cluster!.Revision);
        Assert.Equal([3], Built());
        Assert.All([1, 2, 3], id => Assert.NotNull(_core.Outbound(new SaId((ulong)id))));
    }

    [Fact]
    public void A_snapshot_that_broke_off_leaves_nothing_behind()
    {
        Step(new MemberInput.HandlerConnected());
        Step(new MemberInput.SnapshotPart(Cluster, [Sa(1), Sa(2)]));
        Step(new MemberInput.HandlerLost());
        Step(new MemberInput.HandlerConnected());
        _outputs.Clear();
        Step(new MemberInput.Changed(new LedgerChange(true, Cluster with { Revision = 6 }, [Sa(2)], [])));
        Assert.Equal([new SaId(1)], Last().Deletes);
        Assert.Null(_core.Outbound(new SaId(1)));
        Assert.NotNull(_core.Outbound(new SaId(2)));
    }

    [Fact]
    public void Until_the_last_part_the_copy_that_was_there_holds_and_then_only_what_differs_is_told()
    {
        Step(new MemberInput.HandlerConnected());
        Step(new MemberInput.Changed(new LedgerChange(true, Cluster, [Sa(1), Sa(2), Sa(3)], [])));
        Step(new MemberInput.HandlerLost());
        Step(new MemberInput.HandlerConnected());
        _outputs.Clear();
        Step(new MemberInput.SnapshotPart(Cluster with { Revision = 9 }, [Sa(1), Sa(2, limit: 5_000)]));
        Assert.Empty(_outputs.OfType<MemberOutput.RecordsChanged>());
        Assert.Equal(1_000UL, _core.Outbound(new SaId(2))!.RecordLimit);
        Step(new MemberInput.Changed(new LedgerChange(true, Cluster with { Revision = 9 }, [Sa(4)], [])));
        Assert.Equal([2, 4], Last().Upserts.Select(record => (int)record.Id.Value));
        Assert.Equal([new SaId(3)], Last().Deletes);
        Assert.Equal(5_000UL, _core.Outbound(new SaId(2))!.RecordLimit);
        Assert.Null(_core.Outbound(new SaId(3)));
    }

    [Fact]
    public void Parts_of_an_older_ledger_change_nothing()
    {
        Step(new MemberInput.HandlerConnected());
        Step(new MemberInput.Changed(new LedgerChange(true, Cluster, [Sa(1, limit: 5_000)], [])));
        Step(new MemberInput.HandlerLost());
        Step(new MemberInput.HandlerConnected());
        Step(new MemberInput.SnapshotPart(Cluster with { Revision = 4 }, [Sa(1)]));
        Step(new MemberInput.Changed(new LedgerChange(true, Cluster with { Revision = 4 }, [], [])));
        Assert.Equal(5UL, _core.Cluster!.Revision);
        Assert.Equal(5_000UL, _core.Outbound(new SaId(1))!.RecordLimit);
    }

    private static SaRecord Sa(ulong id, ulong limit = 1_000) =>
        new(new SaId(id), SaDirection.Outbound, (uint)id, CounterSpace.EspExtended, id, 100, limit, 1, 0, 0, new byte[4]);

    private int[] Built()
    {
        int[] ids = [.. Last().Upserts.Select(record => (int)record.Id.Value)];
        _outputs.Clear();
        return ids;
    }

    private LedgerChange Last() => _outputs.OfType<MemberOutput.RecordsChanged>().Single().Change;

    private void Step(MemberInput input) => _core.Step(input, Instant.FromMilliseconds(1_000), _outputs);
}
