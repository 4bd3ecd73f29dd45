using Baton.Redundancy.Handlers;
using Baton.Redundancy.Members;
using Baton.Redundancy.Messages;

namespace Baton.Redundancy.Tests.Members;

/// <summary>An active whose term is over and that cannot reach the handler lives, and its heartbeats say so: nobody suspects it.</summary>
public class TermOverTests
{
    [Fact]
    public void Whoever_has_a_handler_follows_at_once()
    {
        TestCluster cluster = EndsWithoutHandler(handlerIsThere: true);
        cluster.Until(() => cluster["B"].IsActive, milliseconds: 5);
        Assert.Equal(["A active in 1", "A stands by", "B active in 2"], cluster.Log);
    }

    [Fact]
    public void Without_a_handler_the_designee_acts_alone()
    {
        TestCluster cluster = EndsWithoutHandler(handlerIsThere: false);
        cluster.Until(() => cluster["B"].IsActive, milliseconds: 5);
        Assert.Equal(["A active in 1", "A stands by", "B active in 2, sends only"], cluster.Log);
    }

    [Fact]
    public void It_is_said_again_until_it_is_heard()
    {
        TestCluster cluster = EndsWithoutHandler(handlerIsThere: true, isHeard: false);
        cluster.Run(1_000);
        Assert.False(cluster["B"].IsActive);
        cluster.Unreachable.Clear();
        cluster.Until(() => cluster["B"].IsActive, milliseconds: 200);
    }

    [Fact]
    public void Played_back_in_a_later_term_it_says_nothing()
    {
        TestCluster cluster = TestCluster.Ready();
        cluster.Step(cluster.Members["A"], new MemberInput.BeginSwitchover(null));
        cluster.Until(() => cluster["B"].IsActive);
        cluster.Until(() => cluster.Handler.Cluster.Designee is not null);
        cluster.Step(cluster.Members["B"], new MemberInput.BeginSwitchover(null));
        cluster.Until(() => cluster["A"].IsActive);
        ulong term = cluster["A"].Term;
        cluster.Step(cluster.Members["B"], new MemberInput.FromMember(new MemberMessage.TermOver(cluster["A"].Self, 1)));
        cluster.Run(1_000);
        Assert.True(cluster["A"].IsActive);
        Assert.Equal(term, cluster["A"].Term);
    }

    /// <summary>A hears nobody: neither the handler nor B's confirmations, and gives its address up.</summary>
    private static TestCluster EndsWithoutHandler(bool handlerIsThere, bool isHeard = true)
    {
        TestCluster cluster = TestCluster.Ready();
        cluster.Unreachable.Add(("B", "A"));
        if (!isHeard)
            cluster.Unreachable.Add(("A", "B"));
        if (handlerIsThere)
            cluster.Cut("A");
        else
            cluster.StopHandler();
        cluster.Step(cluster.Members["B"], new MemberInput.Witness(cluster["A"].Self, WitnessView.Alive));
        cluster.StepHandler(new HandlerInput.Witness(cluster["A"].Self, WitnessView.Alive));
        Assert.Equal(Admission.Hold, cluster.In("A").Admit(1_000_000));
        cluster.Until(() => cluster["A"].State == MemberState.Ended);
        return cluster;
    }
}
