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

    private static StatusPicture Picture(NodeStatus standby)
    {
        var record = new ClusterRecord { Term = 1, Holder = new() { Member = "a" }, Designee = new() { Member = "b" } };
        NodeStatus active = Node("a", "active", 22);
        return new StatusPicture(new ClusterStatus { Record = record }, [active, standby], []);
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
