using Baton.Redundancy.Members;
using Baton.Redundancy.Records;
using Baton.Redundancy.Tests;
using Baton.Srtp;
using Baton.Voice.MediaGateway;
using Baton.Wire;

namespace Baton.Voice.Tests.MediaGateway;

/// <summary>Media gateways as members of a cluster: the cores of both, with a handler between them, and phones that are real SRTP endpoints.</summary>
public sealed class MediaTakeoverTests : IDisposable
{
    private readonly TestCluster _cluster = TestCluster.Ready();
    private TestPhone _a = new(1, SrtpSuite.AesGcm128, 0xA) { Next = 65_500 };
    private TestPhone _b = new(2, SrtpSuite.AesCm128Tag80, 0xB) { Next = 3 };
    private readonly Dictionary<string, TestCall> _calls = [];
    private readonly Dictionary<MediaSa, SaId> _sas = [];
    private string _active = "A";

    public MediaTakeoverTests() => Start("A", "B");

    private void Start(params string[] names)
    {
        foreach (string name in names)
        {
            _calls.GetValueOrDefault(name)?.Dispose();
            _calls[name] = new TestCall(_a, _b, clustered: true);
        }
    }

    private TestCall Call => _calls[_active];

    /// <summary>What the shell does: registers the SAs that are wanted, and gives each member the leases and ceilings of those that are in its copy.</summary>
    private void Turn()
    {
        Call.Now = _cluster.Now;
        foreach ((MediaSa sa, ulong first) in Call.WantedSas)
        {
            ulong key = 100 + (ulong)_sas.Count;
            var record = new SaRecord(default, sa.Direction, (uint)key, sa.Space, key, 0, 0, 0, 0, first, default);
            _cluster.Step(_cluster.Members[_active], new MemberInput.RegisterSas([record]));
            _cluster.Until(() => _cluster.Handler.Records.Values.Any(r => r.KeyTag == key));
            _sas[sa] = _cluster.Handler.Records.Values.Single(r => r.KeyTag == key).Id;
            _cluster.Until(() => _cluster.Members.Values.All(m => m.Core.Outbound(_sas[sa]) is not null || m.Core.Inbound(_sas[sa]) is not null));
            foreach ((string name, TestCluster.Member member) in _cluster.Members)
                Attach(name, member.Core, sa);
        }

        Call.WantedSas.Clear();
        _cluster.Run(1);
        Call.Engine.Release(_cluster.Now);
    }

    private void Attach(string name, MemberCore core, MediaSa sa) => Assert.True(sa.Direction == SaDirection.Outbound
        ? _calls[name].Engine.Attach(sa, core.Outbound(_sas[sa])!, _cluster.Now)
        : _calls[name].Engine.Attach(sa, core.Inbound(_sas[sa])!, _cluster.Now));

    private void Talk(int packets)
    {
        for (int i = 0; i < packets; i++)
        {
            foreach (TestPhone phone in new[] { _a, _b })
            {
                MediaVerdict verdict = Call.From(phone, phone.Talk($"{phone.Ssrc} {phone.Next}"));
                Assert.True(verdict is MediaVerdict.Relayed or MediaVerdict.Held or MediaVerdict.Replayed, $"{verdict}");
            }

            for (int tick = 0; tick < 20; tick++)
                Turn();
        }
    }

    private void Kill(string next)
    {
        _cluster.Kill(_active);
        _cluster.Until(() => _cluster[next].IsActive);
        _active = next;
        _cluster.Run(20);
    }

    private void SwitchOver(string next)
    {
        _cluster.Step(_cluster.Members[_active], new MemberInput.BeginSwitchover(null));
        _cluster.Until(() => _cluster[next].IsActive);
        Assert.Contains(_cluster.Members[_active].Outputs, static output => output is MemberOutput.SurrenderEnded { Done: true });
        _active = next;
        _cluster.Run(20);
    }

    [Fact]
    public void The_first_packet_of_a_source_waits_for_its_SAs_and_is_not_lost()
    {
        Assert.Equal(MediaVerdict.Held, Call.From(_a, _a.Talk("first")));
        Assert.Equal(2, Call.WantedSas.Count);
        Assert.Empty(_b.Heard);
        for (int i = 0; i < 20; i++)
            Turn();
        Assert.Equal(["first"], _b.Heard);
        Assert.Equal(0, Call.Engine.Waiting);
    }

    [Fact]
    public void Each_takeover_goes_on_with_the_same_indexes_and_both_phones_take_all_of_it()
    {
        Talk(60);       // over the turn of A's SEQ: its ROC is 1
        foreach (string next in new[] { "B", "C", "D" })
        {
            string newcomer = ((char)(next[0] + 1)).ToString();
            _cluster.Start(newcomer);
            Start(newcomer);
            _cluster.Until(() => _cluster[_active].Cluster!.InSync.Any(m => m.Member == newcomer));
            _cluster.Run(50);
            foreach (MediaSa sa in _sas.Keys)
                Attach(newcomer, _cluster[newcomer], sa);
            (int byA, int byB) = (_a.Heard.Count, _b.Heard.Count);
            Kill(next);
            Talk(60);
            Assert.InRange(_a.Heard.Count - byA, 58, 60);       // a lead at most
            Assert.InRange(_b.Heard.Count - byB, 58, 60);
        }

        Assert.Empty(_a.Refused);
        Assert.Empty(_b.Refused);
        Assert.Equal(_a.Heard.Count, _a.Heard.Distinct().Count());
        Assert.Equal(_b.Heard.Count, _b.Heard.Distinct().Count());
    }

    [Theory]
    [InlineData(SrtpSuite.AesGcm128, SrtpSuite.AesCm128Tag80)]
    [InlineData(SrtpSuite.AesGcm128, null)]     // nothing but the index of what was opened tells
    [InlineData(null, SrtpSuite.AesCm128Tag80)] // nothing but the index of what was sealed tells
    public void A_successor_relays_nothing_that_its_predecessor_did(SrtpSuite? talkers, SrtpSuite? listeners)
    {
        _a.Dispose();
        _b.Dispose();
        (_a, _b) = (new TestPhone(1, talkers, 0xA), new TestPhone(2, listeners, 0xB) { Next = 3 });
        Start("A", "B");
        Talk(10);
        byte[][] recorded = [.. Enumerable.Range(0, 30).Select(_ => _a.Talk("again"))];
        foreach (byte[] packet in recorded)
        {
            Call.From(_a, packet);
            Turn();
        }

        int heard = _b.Heard.Count;
        Kill("B");
        foreach (byte[] packet in recorded)
            Assert.Equal(MediaVerdict.Replayed, Call.From(_a, packet));
        Turn();
        Assert.Equal(heard, _b.Heard.Count);
    }

    [Fact]
    public void Reports_are_sealed_with_leased_numbers_and_go_on_above_them()
    {
        for (ulong number = 1; number <= 30; number++)
        {
            if (number == 15)
                Kill("B");
            Call.From(_a, _a.Report(number, $"{number}"), SrtpHalf.Rtcp);
            for (int i = 0; i < 20; i++)
                Turn();
        }

        Assert.Empty(_b.Refused);
        Assert.InRange(_b.Heard.Count, 29, 30);
    }

    /// <summary>The same of reports: what the phone's index says is above where the term starts, or below it for good (RFC 3711 3.4).</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]      // only the exact window knows
    public void A_successor_takes_no_report_that_its_predecessor_did(bool planned)
    {
        _b.Dispose();
        _b = new TestPhone(2, null, 0xB);       // nothing but the index of what was opened tells
        Start("A", "B");
        var recorded = new List<byte[]>();
        for (ulong number = 1; number <= 12; number++)
        {
            recorded.Add(_a.Report(number, $"{number}"));
            Call.From(_a, recorded[^1], SrtpHalf.Rtcp);
            for (int i = 0; i < 20; i++)
                Turn();
            Assert.Equal(MediaVerdict.Replayed, Call.From(_a, recorded[^1], SrtpHalf.Rtcp));    // nor twice by itself
        }

        Assert.Equal(12, _b.Heard.Count);
        if (planned)
            SwitchOver("B");
        else
            Kill("B");
        foreach (byte[] packet in recorded)
            Assert.Equal(MediaVerdict.Replayed, Call.From(_a, packet, SrtpHalf.Rtcp));
        Turn();
        Assert.Equal(12, _b.Heard.Count);
        for (ulong number = 13; number <= 30; number++)
        {
            Call.From(_a, _a.Report(number, $"{number}"), SrtpHalf.Rtcp);
            Turn();
        }

        Assert.Contains("30", _b.Heard);
    }

    /// <summary>Where its ceiling ends its predecessor may have been: what it had ahead of the traffic is not known to be lost.</summary>
    [Fact]
    public void A_successor_knows_how_much_nobody_relayed_before_it()
    {
        Talk(30);
        Kill("B");
        Call.Engine.Begin(_cluster.Now);
        _a.Next += 9;
        Talk(5);
        StreamMeter meter = Call.Call.A.Streams.Single().Meter;
        Assert.InRange(meter.LostInTakeover, 7, 9);
        Assert.Equal(meter.LostInTakeover, meter.Lost);
        Assert.Equal(5, meter.Packets);
    }

    [Fact]
    public void Who_is_not_active_relays_nothing()
    {
        Talk(3);
        int heard = _b.Heard.Count;
        Assert.Equal(MediaVerdict.NotActive, _calls["B"].From(_a, _a.Talk("x")));
        Assert.Equal(heard, _b.Heard.Count);
    }

    public void Dispose()
    {
        foreach (TestCall call in _calls.Values)
            call.Dispose();
        _a.Dispose();
        _b.Dispose();
    }
}
