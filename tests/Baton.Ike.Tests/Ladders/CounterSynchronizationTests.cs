using Baton.Ike.Messages;
using Baton.Ike.Payloads;
using Baton.Ike.Tests.Harness;
using Baton.Ike.Tests.Simulation;

namespace Baton.Ike.Tests.Ladders;

/// <summary>RFC 6311, as the cluster and as its peer.</summary>
public sealed class CounterSynchronizationTests
{
    [Fact]
    public void ARestoredLedgerMakesBothAgreeOnMessageIds()
    {
        // right's ledger comes back from a backup: --- ID 0: N(SYNC) --->  <-- ID 0: N(SYNC) ---
        Lab lab = Setups.Up(Setups.Standard(1));
        var backup = lab.Right.Ledger.Records.ToDictionary(each => each.Key, each => each.Value);
        for (int i = 0; i < 3; i++)
        {
            Operations.Do(lab, lab.Left, Operation.Probe);
            Operations.Do(lab, lab.Right, Operation.Probe);
        }

        lab.Right.Ledger.Records.Clear();
        foreach (var each in backup) lab.Right.Ledger.Records.Add(each.Key, each.Value);
        lab.Right.TakeOver(applyOfPending: 0, mayBeBehind: true);
        lab.Run(1_000);

        Assert.Contains(lab.Left.Active.Events, each => each.Kind == IkeEventKind.MessageIdsSynchronized);
        Assert.Contains(lab.Right.Active.Events, each => each.Kind == IkeEventKind.MessageIdsSynchronized);
        foreach (Site site in new[] { lab.Left, lab.Right })
        {
            Operations.Do(lab, site, Operation.RekeyChild);
            Operations.Do(lab, site, Operation.RekeyIke);
        }
    }

    [Fact]
    public void ALostSynchronizationIsAskedAgainWithAHigherId()
    {
        Lab lab = Setups.Up(Setups.Standard(2));
        int lost = 0;
        lab.Passes = (_, _) => ++lost > 2;
        lab.Right.TakeOver(applyOfPending: 9, mayBeBehind: true);
        lab.Run(5_000);

        Assert.Single(lab.Left.Active.Events, each => each.Kind == IkeEventKind.MessageIdsSynchronized);
        Operations.Do(lab, lab.Right, Operation.RekeyChild);
        Operations.Do(lab, lab.Left, Operation.RekeyChild);
    }

    [Fact]
    public void AReplayedSynchronizationIsDropped()
    {
        Lab lab = Setups.Up(Setups.Standard(3));
        byte[]? recorded = null;
        lab.Passes = (host, send) =>
        {
            if (host.Site == lab.Right && recorded is null) recorded = send.Message.ToArray();
            return true;
        };
        lab.Right.TakeOver(applyOfPending: 9, mayBeBehind: true);
        lab.Run(1_000);
        Assert.NotNull(recorded);
        lab.Left.Active.Step(new IkeInput.Datagram(new(lab.Left.Address, 500), new(lab.Right.Address, 500), recorded));

        Assert.Equal(1, lab.Left.Active.Endpoint.Counters[IkeDrop.OldSync]);
        Assert.Single(lab.Left.Active.Events, each => each.Kind == IkeEventKind.MessageIdsSynchronized);
    }

    [Fact]
    public void CountersJumpOnceByAnOrdinaryExchange()
    {
        // <-- ID n: N(COUNTERS 5000) ---    --- ID n: empty -->     (section 5, case 2)
        Lab lab = Setups.Up(Setups.Standard(4));
        IkeSaFacts sa = lab.Right.Active.Endpoint.Established.Single();
        lab.Right.Active.Step(new IkeInput.SynchronizeCounters(sa.Id, 5_000));
        lab.Run(200);

        IkeOutput.JumpCounters jump = lab.Left.Active.Outputs.OfType<IkeOutput.JumpCounters>().Single();
        Assert.Equal(5_000UL, jump.By);
        Assert.Equal([lab.Left.Active.Data.Children.Keys.Single()], jump.Children);
        NotifyPayload notify = lab.Observer.Messages.SelectMany(each => each.Payloads).OfType<NotifyPayload>().Single(each => each.NotifyType == NotifyType.IpsecReplayCounterSync);
        Assert.Equal(8, notify.Data.Length);        // extended numbers (section 6.4)
    }

    [Fact]
    public void APeerThatDoesNotKnowItIsNotAsked()
    {
        Lab lab = Setups.Standard(5);
        lab.Left.Policy = lab.Left.Policy with { AnnounceCounterSync = false };
        Setups.Up(lab);
        int before = lab.Datagrams;
        lab.Right.Active.Step(new IkeInput.SynchronizeCounters(lab.Right.Active.Endpoint.Established.Single().Id, 5_000));
        lab.Run(200);

        Assert.Equal(before, lab.Datagrams);
        Assert.DoesNotContain(lab.Observer.Messages.SelectMany(each => each.Payloads).OfType<NotifyPayload>(), each => each.NotifyType == NotifyType.IkeMessageIdSyncSupported && lab.Observer.Messages[^1].Header.IsResponse);
    }
}
