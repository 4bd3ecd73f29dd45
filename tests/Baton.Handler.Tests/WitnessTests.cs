using System.Net.Sockets;
using Baton.Cluster.Heartbeats;
using Baton.Cluster.Records;
using Baton.Crypto.Frames;
using Baton.Redundancy.Handlers;
using Baton.Redundancy.Messages;

namespace Baton.Handler.Tests;

public sealed class WitnessTests
{
    [Fact]
    public async Task A_death_notice_is_heard_and_the_standby_promoted_without_its_own_certainty()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        Client a = cluster.Join("a");
        Client b = cluster.Join("b");
        await a.UpAsync();
        await b.UpAsync();
        await a.GrantedAsync(new MemberRequest.Promote(0, null, false));
        await a.GrantedAsync(new MemberRequest.ChangeInSync(a.Copy!.Term, a.Copy.InSyncRevision, [b.Self]));
        await a.GrantedAsync(new MemberRequest.NameDesignee(a.Copy.Term, b.Self));
        await TestCluster.EventuallyAsync(() => b.Copy!.Revision == a.Copy.Revision, "b has the copy");

        using ClusterKeys keys = cluster.Keys("cluster.key");
        using var sealer = new FrameSealer(keys.NewestControl, (byte)keys.NewestId, HeartbeatFrame.Label, 99);
        using var udp = new UdpClient();
        udp.Connect(cluster.Handler.HeartbeatEndpoint);
        WitnessView View() => cluster.Handler.Loop.View.Witness.GetValueOrDefault(a.Self);

        await TestCluster.EventuallyAsync(() => Say(HeartbeatKind.Alive, (ulong)Environment.TickCount64) && View() == WitnessView.Alive,
            () => "alive; " + string.Join(" ", cluster.Handler.Counters.Where(c => c.Key.StartsWith("heartbeat", StringComparison.Ordinal))));
        await TestCluster.EventuallyAsync(() => View() == WitnessView.Suspected, "silence is a suspicion");
        Say(HeartbeatKind.Dead, 1UL << 60);
        await TestCluster.EventuallyAsync(() => View() == WitnessView.Dead, "dead");
        await b.GrantedAsync(new MemberRequest.Promote(a.Copy.Term, a.Self, Certain: false));
        Assert.Equal(b.Self, b.Copy!.Holder);

        bool Say(HeartbeatKind kind, ulong sequence)
        {
            Span<byte> text = stackalloc byte[HeartbeatFrame.MaximumLength];
            int length = new HeartbeatFrame(kind, a.Self, 1, sequence, TimeSpan.FromMilliseconds(10)).Write(text);
            var frame = new byte[length + FrameSealer.Overhead];
            udp.Send(frame, sealer.Seal(text[..length], frame));
            return true;
        }
    }

    [Fact]
    public async Task Garbage_and_forged_heartbeats_only_count()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        using var udp = new UdpClient();
        udp.Connect(cluster.Handler.HeartbeatEndpoint);
        var random = new Random(3);
        for (int i = 0; i < 500; i++)
        {
            var garbage = new byte[random.Next(0, 200)];
            random.NextBytes(garbage);
            if (i % 2 == 0 && garbage.Length > 0) garbage[0] = 0xB7;       // the magic of a sealed frame
            await udp.SendAsync(garbage);
        }

        Client a = cluster.Join("a");
        await a.UpAsync();
        await a.GrantedAsync(new MemberRequest.Promote(0, null, false));
        Assert.Empty(cluster.Handler.Loop.View.Witness);
    }
}
