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
