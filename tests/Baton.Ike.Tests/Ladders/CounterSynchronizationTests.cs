using System.Buffers.Binary;
using Baton.Ike.Messages;
using Baton.Ike.Payloads;
using Baton.Ike.Sas;
using Baton.Ike.Tests.Harness;
using Baton.Ike.Tests.Simulation;

namespace Baton.Ike.Tests.Ladders;

/// <summary>RFC 6311: what is asked, what is answered, and everything that is refused. Right is the cluster that failed over, left its peer, unless it is said otherwise.</summary>
public sealed class CounterSynchronizationTests
{
    [Fact]
    public void BothAgreeOnMessageIds()
    {
        // right, which left moved away from --- ID 0: N(SYNC: nonce, M1, P1) --->  <--- ID 0: N(SYNC: nonce, P2, M2) ---
        Lab lab = Setups.Up(Setups.Standard(1));
        (uint next, uint expected) = (Forge.Sa(lab.Right).NextRequestId, Forge.Sa(lab.Right).ExpectedRequestId);
        Synchronize(lab);
        lab.Run(1_000);

        NotifyPayload[] syncs = [.. Syncs(lab)];
        Assert.Equal(2, syncs.Length);
        Assert.Equal((next + 1, expected), Ids(syncs[0]));                 // M1 above all that was used, P1 what is expected
        Assert.Equal((Forge.Sa(lab.Left).NextRequestId, next + 1), Ids(syncs[1]));      // P2, M2
        Assert.Equal(syncs[0].Data[..4].ToArray(), syncs[1].Data[..4].ToArray());       // the nonce, unchanged
        Assert.All(syncs, each => Assert.Equal((ProtocolId.None, 0, 12), (each.Protocol, each.Spi.Length, each.Data.Length)));
        Assert.All(lab.Observer.Messages.TakeLast(2), each => Assert.Equal((0U, 1), (each.Header.MessageId.Value, each.Payloads.Count)));
        foreach (Site site in new[] { lab.Left, lab.Right })
        {
            Assert.Single(site.Active.Events, each => each.Kind == IkeEventKind.MessageIdsSynchronized);
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
        Synchronize(lab);
        lab.Run(5_000);

        uint[] firsts = [.. Syncs(lab).Where((_, i) => i < 3).Select(each => Ids(each).First)];
        Assert.Equal([firsts[0], firsts[0] + 1, firsts[0] + 2], firsts);
        Assert.Single(lab.Left.Active.Events, each => each.Kind == IkeEventKind.MessageIdsSynchronized);
        Operations.Do(lab, lab.Right, Operation.RekeyChild);
        Operations.Do(lab, lab.Left, Operation.RekeyChild);
    }

    [Fact]
    public void ASuccessorInTheMiddleDoesNotRepeatIt()
    {
        // M1 is in the record (section 5.1): who takes over from the one that asked asks with a higher one.
        Lab lab = Setups.Up(Setups.Standard(3));
        lab.Passes = (host, _) => host.Site == lab.Left;
        Synchronize(lab);
        lab.Run(20);
        lab.Passes = (_, _) => true;
        lab.Right.TakeOver(applyOfPending: 9);
        lab.Run(1_000);

        uint[] asked = [.. Syncs(lab).Select(each => Ids(each).First)];
        Assert.True(asked[1] > asked[0], $"{asked[0]}, then {asked[1]}");
        Operations.Do(lab, lab.Right, Operation.RekeyChild);
    }

    [Fact]
    public void AReplayedSynchronizationIsDropped()
    {
        Lab lab = Setups.Up(Setups.Standard(4));
        byte[]? recorded = null;
        lab.Passes = (host, send) =>
        {
            if (host.Site == lab.Right && recorded is null) recorded = send.Message.ToArray();
            return true;
        };
        Synchronize(lab);
        lab.Run(1_000);
        Assert.NotNull(recorded);
        Give(lab, recorded);
        Operations.Do(lab, lab.Right, Operation.Probe);
        Give(lab, recorded);

        Assert.Equal(2, lab.Left.Active.Endpoint.Counters[IkeDrop.OldSync]);
        Assert.Single(lab.Left.Active.Events, each => each.Kind == IkeEventKind.MessageIdsSynchronized);
    }

    [Theory]
    [InlineData(0, 5, IkeDrop.OldSync)]             // M1 is what the cluster used last
    [InlineData(-1, 5, IkeDrop.OldSync)]
    [InlineData(1, int.MaxValue, null)]             // P1 may be any higher value
    [InlineData(int.MaxValue, 5, null)]             // M1, too
    [InlineData(uint.MaxValue, 5, IkeDrop.MalformedSync)]       // no IDs would be left
    [InlineData(1, uint.MaxValue, IkeDrop.MalformedSync)]
    public void OnlyAHigherIdIsTaken(long m1, long p1, IkeDrop? drop)
    {
        Lab lab = Setups.Up(Setups.Standard(5));
        for (int i = 0; i < 2; i++) Operations.Do(lab, lab.Right, Operation.Probe);
        IkeSa right = Forge.Sa(lab.Right);
        uint first = m1 > 1 ? (uint)m1 : (uint)(right.NextRequestId - 1 + m1);
        Give(lab, Forge.Seal(right, ExchangeType.Informational, 0, [Sync(first, (uint)p1)]));
        lab.Run(50);

        (uint, uint)? answered = Syncs(lab).Select(each => ((uint, uint)?)Ids(each)).SingleOrDefault();
        if (drop is { } why)
        {
            Assert.Equal(1, lab.Left.Active.Endpoint.Counters[why]);
            Assert.Null(answered);
            return;
        }

        IkeSa left = Forge.Sa(lab.Left);
        Assert.Equal(((uint)p1, first), answered);
        Assert.Equal(((uint)p1, first), (left.NextRequestId, left.ExpectedRequestId));
    }

    [Theory]
    [InlineData("another payload")]
    [InlineData("another notification")]
    [InlineData("twice")]
    [InlineData("eleven octets")]
    [InlineData("an SPI")]
    [InlineData("counters of 4 octets where the numbers are extended")]
    public void WhatElseIsInItRefusesIt(string what)
    {
        Lab lab = Setups.Up(Setups.Standard(6));
        IkeSa right = Forge.Sa(lab.Right);
        NotifyPayload sync = Sync(right.NextRequestId + 1, 5);
        IReadOnlyList<Payload> payloads = what switch
        {
            "another payload" => [sync, DeletePayload.IkeSa],
            "another notification" => [sync, new NotifyPayload(NotifyType.InitialContact)],
            "twice" => [sync, Sync(right.NextRequestId + 2, 5)],
            "eleven octets" => [sync with { Data = sync.Data[..11] }],
            "an SPI" => [sync with { Spi = new byte[] { 1, 2, 3, 4 } }],
            _ => [sync, new NotifyPayload(NotifyType.IpsecReplayCounterSync, new byte[] { 0, 0, 1, 0 })],
        };
        int before = lab.Datagrams;
        Give(lab, Forge.Seal(right, ExchangeType.Informational, 0, payloads));

        Assert.Equal(1, lab.Left.Active.Endpoint.Counters[IkeDrop.MalformedSync]);
        Assert.Equal(before, lab.Datagrams);
        Assert.Single(lab.Left.Active.Endpoint.Established);
    }

    [Theory]
    [InlineData("another nonce")]
    [InlineData("lower")]
    [InlineData("another payload")]
    [InlineData("nothing")]
    public void AnAnswerThatIsNotOneIsDroppedAndTheRequestStaysOpen(string what)
    {
        Lab lab = Setups.Up(Setups.Standard(7));
        lab.Passes = (host, _) => host.Site == lab.Right;
        Synchronize(lab);
        lab.Run(20);
        NotifyPayload asked = Syncs(lab).First();
        (uint m1, uint p1) = Ids(asked);
        NotifyPayload right = Sync(p1, m1, asked.Data[..4].Span);
        IReadOnlyList<Payload> payloads = what switch
        {
            "another nonce" => [Sync(p1, m1, [1, 2, 3, 4])],
            "lower" => [Sync(p1, m1 - 1, asked.Data[..4].Span)],
            "another payload" => [right, DeletePayload.IkeSa],
            _ => [],
        };
        GiveRight(lab, ForgeAnswer(lab, payloads));
        Assert.Equal(1, lab.Right.Active.Endpoint.Counters[IkeDrop.WrongSyncNonce]);
        Assert.DoesNotContain(lab.Right.Active.Events, each => each.Kind == IkeEventKind.MessageIdsSynchronized);

        byte[] good = ForgeAnswer(lab, [right]);
        GiveRight(lab, good);
        GiveRight(lab, good);       // not twice
        Assert.Single(lab.Right.Active.Events, each => each.Kind == IkeEventKind.MessageIdsSynchronized);
        Assert.Equal(1, lab.Right.Active.Endpoint.Counters[IkeDrop.UnexpectedAnswer]);
    }

    [Fact]
    public void WhoDidNotAgreeToItIsNotAskedAndDoesNotAnswer()
    {
        Lab lab = Setups.Standard(8);
        lab.Left.Policy = lab.Left.Policy with { AnnounceCounterSync = false };
        Setups.Up(lab);
        Assert.DoesNotContain(lab.Observer.Messages.SelectMany(each => each.Payloads).OfType<NotifyPayload>(), each => each.NotifyType is NotifyType.IkeMessageIdSyncSupported or NotifyType.IpsecReplayCounterSyncSupported);
        for (int i = 0; i < 2; i++) Operations.Do(lab, lab.Right, Operation.Probe);
        IkeSa right = Forge.Sa(lab.Right);
        int before = lab.Datagrams;
        Give(lab, Forge.Seal(right, ExchangeType.Informational, 0, [Sync(right.NextRequestId + 5, 9)]));
        Assert.Equal(before, lab.Datagrams);
        Assert.Equal(right.NextRequestId, Forge.Sa(lab.Left).ExpectedRequestId);
    }

    [Fact]
    public void BothMayFailOverAtOnce()
    {
        // Two clusters, each asks the other (section 2, simultaneous failover): the higher IDs count, and nobody waits for ever.
        Lab lab = Setups.Up(Setups.Standard(9, leftReplicated: true));
        Synchronize(lab);
        Synchronize(lab, lab.Left);
        lab.Run(3_000);

        foreach (Site site in new[] { lab.Left, lab.Right }) Assert.True(site.Active.Events.Count(each => each.Kind == IkeEventKind.MessageIdsSynchronized) is 1 or 2);
        Assert.Equal(Forge.Sa(lab.Left).NextRequestId, Forge.Sa(lab.Right).ExpectedRequestId);
        Assert.Equal(Forge.Sa(lab.Right).NextRequestId, Forge.Sa(lab.Left).ExpectedRequestId);
        Operations.Do(lab, lab.Left, Operation.RekeyChild);
        Operations.Do(lab, lab.Right, Operation.RekeyIke);
    }

    /// <summary>The peer's request that was under way is asked anew under the agreed ID.</summary>
    [Fact]
    public void WhatThePeerHadUnderWayIsAskedAnew()
    {
        Lab lab = Setups.Up(Setups.Standard(10));
        lab.Passes = (host, _) => host.Site == lab.Right;
        Operations.Ask(lab.Left, Operation.RekeyChild);
        lab.Run(20);
        lab.Passes = (_, _) => true;
        Synchronize(lab);
        lab.Run(3_000);
        Agreement.Assert(lab);
        Assert.Contains(lab.Left.Active.Outputs.OfType<IkeOutput.ChildUp>(), each => each.Child.Replaces is not null);
    }

    /// <summary>As if a request that may be a recording had come from elsewhere, and packets so far below the ceiling.</summary>
    internal static void Synchronize(Lab lab, Site? site = null, ulong behindBy = 0)
    {
        site ??= lab.Right;
        site.TakeOver(applyOfPending: 9);
        if (behindBy > 0) site.Active.Step(new IkeInput.InboundBehind(Forge.Sa(site).Children[0].Id, behindBy));
        AskIds(site);
    }

    internal static void AskIds(Site site)
    {
        foreach (IkeSa sa in site.Active.Endpoint.All.Where(each => each.State == IkeSaState.Up))
        {
            sa.SynchronizeIdsWanted = true;
            site.Active.Endpoint.Touch(sa);
        }

        site.Active.Step(new IkeInput.Tick());
    }

    private static void Give(Lab lab, byte[] datagram) =>
        lab.Left.Active.Step(new IkeInput.Datagram(Forge.Sa(lab.Left).Local, Forge.Sa(lab.Left).Remote, datagram));

    private static void GiveRight(Lab lab, byte[] datagram) =>
        lab.Right.Active.Step(new IkeInput.Datagram(Forge.Sa(lab.Right).Local, Forge.Sa(lab.Right).Remote, datagram));

    private static byte[] ForgeAnswer(Lab lab, IReadOnlyList<Payload> payloads) => Forge.Seal(Forge.Sa(lab.Left), ExchangeType.Informational, 0, payloads, isAnswer: true);

    private static IEnumerable<NotifyPayload> Syncs(Lab lab) =>
        lab.Observer.Messages.SelectMany(each => each.Payloads).OfType<NotifyPayload>().Where(each => each.NotifyType == NotifyType.IkeMessageIdSync);

    private static (uint First, uint Second) Ids(NotifyPayload sync) =>
        (BinaryPrimitives.ReadUInt32BigEndian(sync.Data.Span[4..]), BinaryPrimitives.ReadUInt32BigEndian(sync.Data.Span[8..]));

    private static NotifyPayload Sync(uint first, uint second, ReadOnlySpan<byte> nonce = default)
    {
        byte[] data = new byte[12];
        nonce.CopyTo(data);
        BinaryPrimitives.WriteUInt32BigEndian(data.AsSpan(4), first);
        BinaryPrimitives.WriteUInt32BigEndian(data.AsSpan(8), second);
        return new NotifyPayload(NotifyType.IkeMessageIdSync, data);
    }
}
