using Baton.Cli.Operators;
using Baton.Cluster.Protos;

namespace Baton.Cli.Tests.Operators;

/// <summary>Readiness shows a wrong key before the failover, not after it.</summary>
public sealed class StatusPictureTests
{
    [Fact]
    public void WithTheSameKeysTheStandbyIsReady() => Assert.True(Picture(Standby(checkOfTheSecond: 22)).IsReady);

    [Fact]
    public void AKeyThatIsNotTheActivesMakesItNotReady()
    {
        StatusPicture picture = Picture(Standby(checkOfTheSecond: 99));
        Assert.Equal(1, picture.OtherKeys);
        Assert.False(picture.IsReady);
    }

    [Fact]
    public void ARecordThatCannotBeUnsealedMakesItNotReady()
    {
        NodeStatus standby = Standby(checkOfTheSecond: 22);
        (standby.SaReady, standby.NotReadyWhy) = (1, "its sealed keys: BadSeal");
        standby.Sas.RemoveAt(1);
        Assert.False(Picture(standby).IsReady);
    }

    /// <summary>A successor is named once in a term, and its last word outlives it: neither may be taken for a standby that is there.</summary>
    [Theory]
    [InlineData(100, 7, true, null)]
    [InlineData(20_000, 7, true, "b was last heard 20 s ago")]
    [InlineData(100, 8, true, "b started again since it was named")]
    [InlineData(100, 7, false, "b is not in sync")]
    public void AStandbyThatIsNotThereAnyMoreIsNotReady(int ageMs, ulong life, bool inSync, string? why)
    {
        NodeStatus standby = Standby(checkOfTheSecond: 22);
        standby.Incarnation = new() { Member = "b", Nonce = life };
        var cluster = new ClusterStatus { Record = Record(inSync) };
        cluster.Members.Add(new MemberReport { Name = "b", Last = standby, AgeMs = (ulong)ageMs });
        Assert.Equal(why, new StatusPicture(cluster, [Node("a", "active", 22)], []).WhyNotReady);
    }

    [Theory]
    [InlineData("standby", 2, 1, "██████████░░░░░░░░░░ 50 % of 2")]
    [InlineData("standby", 0, 0, "░░░░░░░░░░░░░░░░░░░░ 0 % of 2")]
    [InlineData("standby", 2, 0, null)]
    [InlineData("standby", 1, 0, null)]     // one report is a little older than the other
    [InlineData("active", 1, 0, null)]
    public void ANewcomerShowsHowFarItsCopyIs(string state, uint known, uint toBuild, string? bar)
    {
        NodeStatus standby = Node("b", state, 22);
        (standby.SaCount, standby.Counters["records.to-build"]) = (known, toBuild);
        Assert.Equal(bar, Picture(standby).CopyOf(standby) is { } copy ? StatusTable.Bar(copy.Built, copy.Of) : null);
    }

    private static StatusPicture Picture(NodeStatus standby) => new(new ClusterStatus { Record = Record(inSync: true) }, [Node("a", "active", 22), standby], []);

    private static ClusterRecord Record(bool inSync)
    {
        var b = new Incarnation { Member = "b", Nonce = 7 };
        var record = new ClusterRecord { Term = 1, Holder = new() { Member = "a" }, Designee = b };
        if (inSync) record.InSync.Add(b);
        return record;
    }

    private static NodeStatus Standby(ulong checkOfTheSecond) => Node("b", "standby", checkOfTheSecond);

    private static NodeStatus Node(string name, string state, ulong checkOfTheSecond)
    {
        var node = new NodeStatus { Role = "gateway", Name = name, State = state, SaCount = 2, SaReady = 2 };
        node.Sas.Add(new SaStatus { Id = 1, KeyCheck = 11, Ready = true });
        node.Sas.Add(new SaStatus { Id = 2, KeyCheck = checkOfTheSecond, Ready = true });
        return node;
    }
}
