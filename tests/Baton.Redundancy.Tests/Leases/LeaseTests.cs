using Baton.Redundancy.Leases;
using Baton.Redundancy.Members;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;

namespace Baton.Redundancy.Tests.Leases;

public class LeaseTests
{
    [Fact]
    public void A_lease_is_extended_before_it_ends()
    {
        TestCluster cluster = TestCluster.Ready();
        OutboundLease lease = cluster.Out("A");
        for (int i = 0; i < 1_000_000; i++)
        {
            Assert.True(lease.TryTake(out _));
            if (i % 1000 == 0)
                cluster.Run(1);
        }
    }

    [Fact]
    public void A_limit_that_the_designee_has_not_confirmed_is_not_used()
    {
        TestCluster cluster = TestCluster.Ready();
        cluster.Unreachable.Add(("B", "A"));
        OutboundLease lease = cluster.Out("A");
        ulong limit = lease.Limit;
        while (lease.Next <= limit)
            Assert.True(lease.TryTake(out _));
        cluster.Until(() => cluster["A"].Cluster!.Revision == cluster.Handler.Cluster.Revision && cluster.Handler.Records[new SaId(1)].Limit > limit);
        cluster.Run(100);
        Assert.False(lease.TryTake(out _));

        // It moves on instead: term 2 stays the designee's for ever.
        cluster.Until(() => cluster["A"].Term == 3);
        Assert.True(lease.TryTake(out ulong number));
        Assert.True(number > Slice.EndOf(cluster.Handler.Records[new SaId(1)], 2));
    }

    /// <summary>Who has traffic for an SA that has just been registered asks before the designee has its first lease (G5): that is no lease at its end.</summary>
    [Fact]
    public void A_new_lease_that_has_not_come_yet_is_no_lease_at_its_end()
    {
        TestCluster cluster = TestCluster.Ready();
        cluster.Unreachable.Add(("B", "A"));        // nobody confirms
        cluster.Step(cluster.Members["A"], new MemberInput.RegisterSas([TestCluster.Sa(SaDirection.Outbound, 3)]));
        cluster.Until(() => cluster["A"].Outbound(new SaId(3)) is not null);
        OutboundLease lease = cluster["A"].Outbound(new SaId(3))!;
        ulong granted = lease.RecordLimit;
        Assert.True(lease.AwaitsFirst);
        Assert.False(lease.TryTake(out _));
        cluster.Run(5);
        Assert.False(lease.HasEnded);
        Assert.DoesNotContain(cluster.Members["A"].Outputs, static output => output is MemberOutput.Note { Event.Kind: RedundancyEventKind.LeaseEnded });
        Assert.Equal(granted, lease.RecordLimit);   // nor is a higher one asked for
        cluster.Unreachable.Clear();
        cluster.Until(() => lease.TryTake(out _));
        Assert.False(lease.AwaitsFirst);
    }

    /// <summary>Its first lease never came: a term later it has a range as any other.</summary>
    [Fact]
    public void A_new_lease_awaits_nothing_any_more_when_the_term_is_another()
    {
        TestCluster cluster = TestCluster.Ready();
        cluster.Unreachable.Add(("B", "A"));
        cluster.Step(cluster.Members["A"], new MemberInput.RegisterSas([TestCluster.Sa(SaDirection.Outbound, 3)]));
        cluster.Until(() => cluster["A"].Outbound(new SaId(3)) is not null);
        OutboundLease lease = cluster["A"].Outbound(new SaId(3))!;
        Assert.False(lease.TryTake(out _));
        cluster.Until(() => cluster["A"].Term == 3);
        Assert.True(lease.TryTake(out _));
        Assert.False(lease.AwaitsFirst);
    }

    [Fact]
    public void A_skip_within_the_limit_is_done_at_once()
    {
        TestCluster cluster = TestCluster.Ready();
        OutboundLease lease = cluster.Out("A");
        Assert.True(lease.TryTake(out ulong before));
        lease.Skip(1000);
        Assert.True(lease.TryTake(out ulong after));
        Assert.Equal(before + 1001, after);
    }

    [Fact]
    public void A_skip_beyond_the_limit_is_asked_for_at_once_and_never_done_before_it_is_granted()
    {
        TestCluster cluster = TestCluster.Ready();
        OutboundLease lease = cluster.Out("A");
        Assert.True(lease.TryTake(out ulong before));
        cluster.Unreachable.Add(("B", "A"));        // nobody confirms a new limit
        ulong limit = lease.Limit, to = limit + 5_000_000;
        lease.Skip(to - lease.Next);
        Assert.True(lease.TryTake(out ulong still));
        Assert.Equal(before + 1, still);
        cluster.Until(() => cluster.Handler.Records[new SaId(1)].Limit > to);
        Assert.True(lease.TryTake(out still));
        Assert.Equal(before + 2, still);
        cluster.Unreachable.Clear();
        cluster.Until(() => lease.Limit > limit);
        Assert.True(lease.TryTake(out ulong after));
        Assert.Equal(to, after);
        Assert.True(lease.TryTake(out ulong next));
        Assert.Equal(to + 1, next);

        // A successor starts above all of it.
        cluster.Kill("A");
        cluster.Until(() => cluster["B"].IsActive);
        Assert.True(cluster.Out("B").TryTake(out ulong first));
        Assert.True(first > next);
    }

    [Fact]
    public void A_skip_to_the_end_of_the_lease_waits_for_a_higher_one_so_that_no_packet_finds_it_used_up()
    {
        TestCluster cluster = TestCluster.Ready();
        OutboundLease lease = cluster.Out("A");
        Assert.True(lease.TryTake(out ulong before));
        ulong to = lease.Limit;
        lease.Skip(to - lease.Next);
        for (int i = 1; i <= 10; i++)
        {
            Assert.True(lease.TryTake(out ulong still));
            Assert.Equal(before + (ulong)i, still);
        }

        cluster.Until(() => lease.Next == to);
        Assert.True(lease.Limit > to);
        for (int i = 0; i < 10; i++)
            Assert.True(lease.TryTake(out _));
        Assert.False(lease.HasEnded);
    }

    [Theory, InlineData(true), InlineData(false)]
    public void A_skip_to_the_end_of_the_lease_waits_for_no_handler_that_is_not_there(bool asked)
    {
        TestCluster cluster = TestCluster.Ready();
        OutboundLease lease = cluster.Out("A");
        if (!asked)
        {
            cluster.StopHandler();
            cluster.Until(() => !cluster["A"].HasHandler);
        }

        ulong to = lease.Limit;
        lease.Skip(to - lease.Next);
        Assert.NotEqual(to, lease.Next);
        if (asked)
            cluster.StopHandler();
        cluster.Until(() => lease.Next == to);
        Assert.Equal(to, lease.Limit);
        Assert.True(lease.TryTake(out ulong number));
        Assert.Equal(to, number);
    }

    [Fact]
    public void A_skip_beyond_the_limit_is_asked_for_again_when_the_request_fails()
    {
        TestCluster cluster = TestCluster.Ready();
        OutboundLease lease = cluster.Out("A");
        Assert.True(lease.TryTake(out _));
        ulong to = lease.Limit + 100_000;
        lease.Skip(to - lease.Next);
        cluster.Until(() => cluster.Members["A"].Outputs.Any(static output => output is MemberOutput.ToHandler { Body: MemberRequest.Extend }));
        cluster.StopHandler();                      // before it has heard of it
        cluster.Run(50);
        Assert.True(lease.TryTake(out ulong still));
        Assert.True(still < to);
        cluster.StartHandler();
        cluster.Until(() => cluster["A"].HasHandler);
        Assert.True(lease.TryTake(out _));          // one packet is enough
        cluster.Until(() => lease.Next == to);
        Assert.True(lease.Limit > to);
    }

    [Fact]
    public void A_skip_that_leads_too_far_asks_for_a_rekey_instead()
    {
        TestCluster cluster = TestCluster.Ready();
        OutboundLease lease = cluster.Out("A");
        ulong next = lease.Next;
        lease.Skip(1UL << 31);
        Assert.Equal(next, lease.Next);
        Assert.True(lease.NeedsRekey);
        Assert.True(lease.TryTake(out _));
        lease.Skip(ulong.MaxValue);
        Assert.True(lease.TryTake(out _));
    }

    [Fact]
    public void An_extended_sa_asks_for_a_rekey_some_takeovers_before_the_peer_could_lose_it()
    {
        // Nothing of ESP proves what the peer has authenticated: it counts from the first number, and 2^31 is as far as it may go.
        TestCluster cluster = TestCluster.Ready();
        OutboundLease lease = cluster.Out("A");
        lease.Skip((1UL << 31) - (6UL << 24));
        cluster.Until(() => lease.Next > 1UL << 30);
        Assert.False(lease.NeedsRekey);
        lease.Skip(2UL << 24);
        cluster.Until(() => lease.NeedsRekey);
        Assert.True(lease.TryTake(out _));        // it goes on: there is time for the rekey
    }

    [Fact]
    public void Without_a_handler_it_runs_to_its_limit_and_stops_there()
    {
        TestCluster cluster = TestCluster.Ready();
        OutboundLease lease = cluster.Out("A");
        ulong limit = lease.Limit;
        cluster.StopHandler();
        ulong last = 0;
        while (lease.TryTake(out ulong number))
            last = number;
        Assert.Equal(limit, last);
        cluster.Run(10);
        Assert.Contains(cluster.Members["A"].Outputs, static output => output is MemberOutput.Note { Event.Kind: RedundancyEventKind.LeaseRunningLow });
        Assert.Contains(cluster.Members["A"].Outputs, static output => output is MemberOutput.Note { Event.Kind: RedundancyEventKind.LeaseEnded });
        cluster.StartHandler();
        cluster.Until(() => lease.TryTake(out _));
    }

    [Fact]
    public void Without_a_handler_a_ceiling_warns_before_it_ends()
    {
        TestCluster cluster = TestCluster.Ready();
        InboundCeiling ceiling = cluster.In("A");
        ulong end = cluster.Handler.Records[new SaId(2)].CoarseCeiling;
        cluster.StopHandler();
        ulong warnedAt = 0;
        for (ulong number = 1; number <= end; number++)
        {
            while (ceiling.Admit(number) != Admission.Accept)
                cluster.Run(1);
            Assert.False(ceiling.HasEnded);
            if (warnedAt == 0 && ceiling.RunsLow)
                warnedAt = number;
        }

        Assert.InRange(warnedAt, end / 2, end - (end / 16));
        Assert.Equal(Admission.Hold, ceiling.Admit(end + 1));
        Assert.True(ceiling.HasEnded);
        Assert.False(ceiling.RunsLow);
        cluster.StartHandler();
        cluster.Until(() => ceiling.Admit(end + 1) == Admission.Accept);
        Assert.False(ceiling.HasEnded);
        Assert.False(ceiling.RunsLow);
    }

    [Fact]
    public void Taking_and_admitting_allocate_nothing()
    {
        TestCluster cluster = TestCluster.Ready();
        cluster.Kill("B");
        cluster.Until(() => cluster["A"].Cluster!.InSync.IsEmpty);
        OutboundLease lease = cluster.Out("A");
        InboundCeiling ceiling = cluster.In("A");
        Assert.True(lease.TryTake(out _));
        Assert.Equal(Admission.Accept, ceiling.Admit(1));
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool all = true;
        for (ulong i = 2; i < 10_000; i++)
            all &= lease.TryTake(out _) && ceiling.Admit(i) == Admission.Accept;
        Assert.Equal(0L, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(all);
    }

    [Fact]
    public void What_keeps_a_standby_ready_is_per_tick_and_not_per_packet()
    {
        TestCluster cluster = TestCluster.Ready();
        InboundCeiling ceiling = cluster.In("A");
        ulong number = 0;
        Flow(cluster, ceiling, ref number, 200); // warm: the rate is measured
        long before = cluster["A"].Counters.MessagesSent;
        int held = Flow(cluster, ceiling, ref number, 1000);
        Assert.Equal(0, held);
        Assert.InRange(cluster["A"].Counters.MessagesSent - before, 1, 1100);
    }

    [Fact]
    public void Masses_that_come_in_bursts_do_not_wait()
    {
        TestCluster cluster = TestCluster.Ready();
        InboundCeiling ceiling = cluster.In("A");
        ulong number = 0;
        Flow(cluster, ceiling, ref number, 200);
        int held = 0;
        for (int i = 0; i < 100; i++)
        {
            held += Flow(cluster, ceiling, ref number, 3, each: 15);
            held += Flow(cluster, ceiling, ref number, 3, each: 5);
        }

        Assert.Equal(0, held);
    }

    /// <summary>Who sends a run each millisecond was pushed aside, and makes up for it in one go: what was slow for a moment only keeps its lead.</summary>
    [Theory]
    [InlineData(0, 0, 3)]
    [InlineData(0, 1, 0, 3)]
    [InlineData(0, 1, 0, 0, 4)]
    [InlineData(0, 2, 0, 0, 3)]
    [InlineData(0, 0, 0, 4)]
    public void Masses_that_pause_and_catch_up_do_not_wait(params int[] runs)
    {
        TestCluster cluster = TestCluster.Ready();
        InboundCeiling ceiling = cluster.In("A");
        ulong number = 0;
        Runs(Enumerable.Repeat(1, 200));
        int held = 0;
        for (int i = 0; i < 20; i++)
            held += Runs([.. Enumerable.Repeat(1, 10 + (i % 2)), .. runs]);
        Assert.Equal(0, held);

        int Runs(IEnumerable<int> each)
        {
            int held = 0;
            foreach (int run in each)
            {
                for (int i = 0; i < run * 60; i++)
                    held += ceiling.Admit(++number) == Admission.Accept ? 0 : 1;
                cluster.Run(1);
            }

            return held;
        }
    }

    /// <summary>All that it confirms has been repeated by then.</summary>
    [Fact]
    public void A_standby_that_has_become_slow_is_waited_for_no_longer_than_until_the_lead_covers_it()
    {
        TestCluster cluster = TestCluster.Ready();
        InboundCeiling ceiling = cluster.In("A");
        ulong number = 0;
        Flow(cluster, ceiling, ref number, 200);
        cluster.Delay = TimeSpan.FromMilliseconds(5);
        Flow(cluster, ceiling, ref number, 200);
        Assert.Equal(0, Flow(cluster, ceiling, ref number, 1000));
    }

    [Fact]
    public void A_rate_that_begins_waits_for_a_few_ticks_only()
    {
        TestCluster cluster = TestCluster.Ready();
        InboundCeiling ceiling = cluster.In("A");
        ulong number = 0;
        Flow(cluster, ceiling, ref number, 4, each: 100);
        Assert.True(ceiling.Ceiling - ceiling.Highest > 3_000, $"{ceiling.Ceiling - ceiling.Highest}");
    }

    /// <summary>A talker may begin its SEQ anew, as a peer may jump its counter (RFC 6311): that is no rate, and a successor refuses no more for it.</summary>
    [Theory]
    [InlineData(3, 2_048)]      // RTP
    [InlineData(2, 65_536)]     // ESP
    public void A_jump_of_the_counter_asks_for_no_lead(uint sa, uint coarseLead)
    {
        TestCluster cluster = TestCluster.Ready();
        cluster.Step(cluster.Members["A"], new MemberInput.RegisterSas([TestCluster.Sa(SaDirection.Inbound, 3) with { Space = CounterSpace.Srtp }]));
        cluster.Until(() => cluster["A"].Inbound(new SaId(sa)) is not null);
        InboundCeiling ceiling = cluster["A"].Inbound(new SaId(sa))!;
        ulong number = 0;
        for (int i = 0; i < 100; i++)
        {
            number += i % 10 == 9 ? 30_000u : 1;
            cluster.Until(() => ceiling.Admit(number) == Admission.Accept);
            cluster.Run(0.2);
            Assert.InRange(ceiling.Ceiling, number, number + 100);
            Assert.InRange(cluster.Handler.Records[new SaId(sa)].CoarseCeiling, number, number + coarseLead);
        }

        cluster.Kill("A");
        cluster.Until(() => cluster["B"].IsActive);
        cluster.Until(() => cluster["B"].Inbound(new SaId(sa))!.Admit(number + 101) == Admission.Accept);
    }

    /// <summary>So many numbers each tenth of a millisecond.</summary>
    private static int Flow(TestCluster cluster, InboundCeiling ceiling, ref ulong number, int milliseconds, int each = 10)
    {
        int held = 0;
        for (int i = 0; i < milliseconds * 10; i++)
        {
            for (int j = 0; j < each; j++)
            {
                if (ceiling.Admit(++number) != Admission.Accept)
                    held++;
            }

            cluster.Run(0.1);
        }

        return held;
    }

    [Fact]
    public void An_idle_lead_is_taken_back()
    {
        TestCluster cluster = TestCluster.Ready();
        InboundCeiling ceiling = cluster.In("A");
        ulong number = 0;
        Flow(cluster, ceiling, ref number, 100);
        cluster.Run(10);
        Assert.True(ceiling.Ceiling > ceiling.Highest);
        cluster.Run(1000);
        Assert.Equal(ceiling.Highest, ceiling.Ceiling);
        cluster.Kill("A");
        cluster.Until(() => cluster["B"].IsActive);
        Assert.Equal(Admission.Accept, cluster.In("B").Admit(ceiling.Highest + 1));
    }

    [Fact]
    public void An_SA_that_begins_anywhere_has_seen_nothing_and_accepts_nothing_below()
    {
        TestCluster cluster = TestCluster.Ready();
        cluster.Step(cluster.Members["A"], new MemberInput.RegisterSas([TestCluster.Sa(SaDirection.Inbound, 3) with { Space = CounterSpace.Srtp, LastAuthenticated = 40_001 }]));
        cluster.Until(() => cluster["A"].Inbound(new SaId(3)) is not null);
        InboundCeiling ceiling = cluster["A"].Inbound(new SaId(3))!;
        Assert.Equal(Admission.Replayed, ceiling.Admit(40_000));
        Assert.Equal(40_000u, ceiling.Start.Floor);
        Assert.Equal(41_023u, cluster.Handler.Records[new SaId(3)].CoarseCeiling);
        cluster.Until(() => ceiling.Admit(40_001) == Admission.Accept);
    }

    /// <summary>Where we are the source: whatever takes over, the far end's guess of the index follows (RFC 3711 3.3.1), and once it takes the jump for loss (RFC 3550 A.1).</summary>
    [Fact]
    public void A_source_of_Srtp_jumps_little()
    {
        TestCluster cluster = TestCluster.Ready();
        cluster.Step(cluster.Members["A"], new MemberInput.RegisterSas([TestCluster.Sa(SaDirection.Outbound, 3) with { Space = CounterSpace.Srtp, LastAuthenticated = 20_001 }]));
        cluster.Until(() => cluster["A"].Outbound(new SaId(3)) is not null);
        ulong last = 20_000;
        foreach (string name in new[] { "A", "B" })
        {
            cluster.Until(() => cluster[name].IsActive);
            OutboundLease lease = cluster[name].Outbound(new SaId(3))!;
            ulong before = last;
            for (int i = 0; i < 5_000; i++)
            {
                cluster.Until(() => lease.TryTake(out last));
                if (i == 0)
                    Assert.InRange(last, before + 1, before + 2_048);
                cluster.Run(1);
                lease.PeerAuthenticated(last);
            }

            Assert.False(lease.NeedsRekey);
            cluster.Kill(name);
        }
    }
}
