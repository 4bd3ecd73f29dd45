using Baton.Ike.Messages;
using Baton.Ike.Tests.Harness;
using Baton.Ike.Tests.Simulation;

namespace Baton.Ike.Tests.Ladders;

/// <summary>Answers that come after what followed them, and repetitions that come before the commit.</summary>
public sealed class RaceTests
{
    [Fact]
    public void AChildThatWasDeletedBeforeItsAnswerCameDoesNotComeToLife()
    {
        // left --- SA, Ni, TSi, TSr --->
        //      <-- SA, Nr (lost) ---          right has the child ...
        //      <-- D(child) ---               ... and deletes it; left knows no such SPI
        //      --- empty --->
        //      --- SA, Ni again --->   <-- SA, Nr again ---
        Lab lab = Setups.Up(Setups.Standard(1));
        bool lost = false;
        lab.Passes = (host, _) =>
        {
            bool isAnswer = host.Site == lab.Right && lab.Observer.Messages[^1].Header is { Exchange: ExchangeType.CreateChildSa, IsResponse: true };
            if (!isAnswer || lost) return true;
            lost = true;
            return false;
        };
        Operations.Ask(lab.Left, Operation.RekeyChild);
        lab.Run(20);
        Assert.Equal(2, lab.Right.Active.Data.Children.Count);
        Operations.Ask(lab.Right, Operation.DeleteChild);
        lab.Run(5_000);

        Assert.Contains(lab.Left.Active.Events, each => each is { Kind: IkeEventKind.ChildRefusedByPeer, Detail: "net: made and deleted again" });
        Assert.Equal(lab.Right.Active.Data.Children.Count, lab.Left.Active.Data.Children.Count);
        Agreement.Assert(lab);
    }

    [Theory, InlineData(false), InlineData(true)]
    public void ADeleteWhoseAnswerWasLostIsAnsweredAgain(bool takeOver)
    {
        // left --- D ---> (answered, lost)   --- D again --->   <-- the same answer ---, also by a successor
        Lab lab = Setups.Standard(5, each => each with { KeepUp = false });
        lab.Start();
        lab.Left.Active.Step(new IkeInput.Initiate("to-right"));
        lab.Await(() => Setups.IsUp(lab), 1_000, "up");
        lab.Passes = (host, _) => host.Site == lab.Left;
        Operations.Ask(lab.Left, Operation.DeleteIke);
        lab.Run(50);
        if (takeOver) lab.Right.TakeOver(applyOfPending: 9);
        lab.Passes = (_, _) => true;
        lab.Await(() => lab.Left.Active.Outputs.OfType<IkeOutput.IkeSaDown>().Any(each => each.Reason == IkeSaDownReason.Deleted), 2_000, "answered");
        lab.Run(30_000);

        Assert.Equal(0, lab.Right.Active.Endpoint.IkeSas);
        Assert.Empty(lab.Right.Ledger.Records);
    }

    [Fact]
    public void ARepetitionBeforeTheCommitIsNotAnswered()
    {
        Lab lab = Setups.Up(Setups.Standard(2));
        lab.CommitMilliseconds = (50, 50);
        var left = Forge.Sa(lab.Left);
        byte[] request = Forge.Seal(left, ExchangeType.CreateChildSa, left.NextRequestId++, InformationalTests.NewChild(lab));
        int before = lab.Datagrams;
        for (int i = 0; i < 3; i++) lab.Right.Active.Step(new IkeInput.Datagram(left.Remote, left.Local, request));
        lab.Run(20);
        Assert.Equal(before, lab.Datagrams);
        Assert.Equal(2, lab.Right.Active.Endpoint.Counters[IkeDrop.AnswerNotCommitted]);

        lab.Run(100);
        Assert.Equal(before + 1, lab.Datagrams);
        lab.Right.Active.Step(new IkeInput.Datagram(left.Remote, left.Local, request));
        Assert.Equal(before + 2, lab.Datagrams);
    }

    [Fact]
    public void AFailedCommitForgetsAndTheLedgersStateComesBack()
    {
        // A refused write: nothing of it leaves, the SA goes on from what the ledger has.
        Lab lab = Setups.Up(Setups.Standard(3));
        int before = lab.Datagrams;
        lab.Right.RefuseNext = true;
        Operations.Ask(lab.Right, Operation.RekeyChild);
        lab.Run(20);

        Assert.Equal(before, lab.Datagrams);
        Assert.Contains(lab.Right.Active.Events, each => each.Kind == IkeEventKind.CommitFailed);
        Assert.Contains(lab.Right.Active.Events, each => each.Kind == IkeEventKind.Restored);
        Operations.Do(lab, lab.Right, Operation.RekeyChild);
        Operations.Do(lab, lab.Left, Operation.RekeyIke);
    }

    [Fact]
    public void ACommitThatFailsTakesTheNextOneOfItsIkeSaAlong()
    {
        // right: N = a rekey of its own, refused; N+1 = the answer to left's new child, made on N and under way with it
        Lab lab = Setups.Up(Setups.Standard(6));
        IkeHost right = lab.Right.Active;
        int before = lab.Datagrams;
        (lab.CommitMilliseconds, lab.Right.RefuseNext) = ((40, 40), true);
        Operations.Ask(lab.Right, Operation.RekeyChild);
        lab.Run(5);
        byte[] request = NewChildOfLeft(lab);
        Give(lab, request);
        lab.Run(37);
        Assert.Equal(0, right.Endpoint.ChildSas);
        Assert.DoesNotContain(right.Events, each => each.Kind == IkeEventKind.Restored);      // N+1 is not answered yet
        lab.Run(20);
        Assert.Contains(right.Events, each => each.Kind == IkeEventKind.Restored);
        Assert.Equal(before, lab.Datagrams);
        Assert.Single(lab.Right.Ledger.Children);

        lab.CommitMilliseconds = (1, 1);
        Give(lab, request);         // as if never seen
        lab.Run(50);
        Assert.Equal(2, right.Data.Children.Count);
        Assert.Equal(2, lab.Right.Ledger.Children.Count);
        Operations.Ask(lab.Right, Operation.Probe);
        lab.Run(50);
        Assert.Equal(1, right.Endpoint.Counters.AnswersReceived);
    }

    [Fact]
    public void ACommitThatFailsAtOnceWaitsForTheOneBeforeIt()
    {
        // right: N-1 = the answer to left's new child, under way; N = a rekey of its own, refused before that is through (too many wait)
        Lab lab = Setups.Up(Setups.Standard(7));
        IkeHost right = lab.Right.Active;
        int before = lab.Datagrams;
        lab.CommitMilliseconds = (40, 40);
        Give(lab, NewChildOfLeft(lab));
        lab.Run(5);
        lab.Right.RefuseAtOnce = true;
        Operations.Ask(lab.Right, Operation.RekeyChild);
        lab.Run(5);
        lab.Right.RefuseAtOnce = false;
        Assert.Equal(0, right.Endpoint.ChildSas);
        Assert.DoesNotContain(right.Events, each => each.Kind == IkeEventKind.Restored);
        lab.Run(50);

        Assert.Contains(right.Events, each => each.Kind == IkeEventKind.Restored);
        Assert.Equal(before + 1, lab.Datagrams);        // the answer
        Assert.Equal(2, right.Endpoint.ChildSas);
        lab.CommitMilliseconds = (1, 1);
        Operations.Ask(lab.Right, Operation.Probe);
        lab.Run(50);
        Assert.Equal(1, right.Endpoint.Counters.AnswersReceived);
    }

    private static byte[] NewChildOfLeft(Lab lab)
    {
        var left = Forge.Sa(lab.Left);
        return Forge.Seal(left, ExchangeType.CreateChildSa, left.NextRequestId++, InformationalTests.NewChild(lab));
    }

    private static void Give(Lab lab, byte[] request)
    {
        var left = Forge.Sa(lab.Left);
        lab.Right.Active.Step(new IkeInput.Datagram(left.Remote, left.Local, request));
    }

    [Fact]
    public void WhoStandsDownForgetsAndSaysNothing()
    {
        Lab lab = Setups.Up(Setups.Standard(4));
        int before = lab.Right.Active.Outputs.Count;
        lab.Right.Active.Step(new IkeInput.StandDown());
        lab.Right.Active.Step(new IkeInput.Datagram(new(lab.Right.Address, 500), new(lab.Left.Address, 500), new byte[28]));

        Assert.Equal(0, lab.Right.Active.Endpoint.IkeSas);
        Assert.Equal(before, lab.Right.Active.Outputs.Count);
        Assert.Equal(1, lab.Right.Active.Endpoint.Counters[IkeDrop.StandingBy]);
    }
}
