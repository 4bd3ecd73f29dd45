using System.Net;
using System.Text.Json;

namespace Baton.Voice.Tests.Probes;

public class ProbeCommandTests
{
    private const int KindAt = 28 + 4;
    private const byte Stream = 0;
    private const byte Check = 2;

    [Fact]
    public async Task Stream_is_counted_exactly_in_each_direction()
    {
        using var tunnel = new TunnelStub();
        int toCluster = 0;
        int toPeer = 0;
        // From the peer 10 and 11 are lost; to the peer 20 comes three times.
        tunnel.ToRight = _ => ++toCluster is 10 or 11 ? 0 : 1;
        tunnel.ToLeft = _ => ++toPeer == 20 ? 3 : 1;
        await using ShellUnderTest probe = Start(tunnel, flows: 0);

        JsonElement mark = probe.AskUntil("""{"cmd":"mark"}""", answer =>
            answer.GetProperty("toPeer").GetProperty("received").GetInt64() > 200 && answer.GetProperty("fromPeer").GetProperty("received").GetInt64() > 200);
        JsonElement there = mark.GetProperty("toPeer");
        JsonElement back = mark.GetProperty("fromPeer");
        Assert.Equal((0L, 2L, 0L), (there.GetProperty("lost").GetInt64(), there.GetProperty("duplicates").GetInt64(), there.GetProperty("reordered").GetInt64()));
        Assert.Equal((2L, 0L, 0L), (back.GetProperty("lost").GetInt64(), back.GetProperty("duplicates").GetInt64(), back.GetProperty("reordered").GetInt64()));
        Assert.Equal(2, mark.GetProperty("deliveredTwice").GetInt64());
        Assert.True(there.GetProperty("p99Us").GetDouble() >= there.GetProperty("p50Us").GetDouble());
        Assert.True(there.GetProperty("p50Us").GetDouble() > 0);

        // Paused: all that was sent arrives, and no more is sent.
        Assert.Equal(0, probe.Ask("""{"cmd":"rate","rate":0}""").GetProperty("rate").GetInt32());
        probe.AskUntil("""{"cmd":"mark"}""", answer => Whole(answer.GetProperty("toPeer"), 0) && Whole(answer.GetProperty("fromPeer"), 2));
        Assert.True(probe.Ask("""{"cmd":"rate","rate":-1}""").TryGetProperty("error", out _));
        Assert.Equal(JsonValueKind.Array, probe.Ask("""{"cmd":"gaps"}""").GetProperty("toPeer").ValueKind);
        probe.CloseStdin();
        Assert.Equal(0, await probe.Exit);

        static bool Whole(JsonElement direction, long lost) =>
            direction.GetProperty("sent").GetInt64() == direction.GetProperty("received").GetInt64() + lost;
    }

    [Fact]
    public async Task Check_asks_again_what_was_lost_and_names_what_never_passes()
    {
        using var tunnel = new TunnelStub();
        var asked = new HashSet<(byte Third, byte Fourth)>();
        tunnel.ToRight = packet => packet[KindAt] switch
        {
            Stream => 1,
            // The first question of each flow of the second 250 is lost, flow 7 is dead, all else comes twice.
            Check when packet[15] == 8 && packet[14] == 16 => 0,
            Check when packet[14] == 17 && asked.Add((packet[14], packet[15])) => 0,
            _ => 2,
        };
        await using ShellUnderTest probe = Start(tunnel, flows: 400, flowPeriod: 1000);
        JsonElement check = probe.Ask("""{"cmd":"check","timeout":1500}""");
        Assert.Equal(400, check.GetProperty("flows").GetInt32());
        Assert.Equal(400, check.GetProperty("okToPeer").GetInt32());
        Assert.Equal(399, check.GetProperty("okFromPeer").GetInt32());
        Assert.True(check.GetProperty("retried").GetInt32() >= 151);
        JsonElement missing = Assert.Single(check.GetProperty("missing").EnumerateArray());
        Assert.Equal(7, missing.GetProperty("flow").GetInt32());
        Assert.Equal("fromPeer", missing.GetProperty("direction").GetString());

        // Stop sending; then each flow packet that passed was seen twice by exactly one of its copies.
        JsonElement flows = probe.Ask("""{"cmd":"mark"}""").GetProperty("flows");
        Assert.True(flows.GetProperty("duplicates").GetInt64() >= 399);
    }

    [Fact]
    public async Task A_plain_probe_goes_through_the_stack_of_its_hosts()
    {
        IPEndPoint peer = TestPort.Free();
        IPEndPoint cluster = TestPort.Free();
        var options = new ProbeOptions(peer, cluster, cluster, peer, Plain: true);
        await using var probe = new ShellUnderTest((input, output, ct) => ProbeCommand.RunAsync(options, input, output, ct));
        probe.Read();
        JsonElement mark = probe.AskUntil("""{"cmd":"mark"}""", answer => answer.GetProperty("toPeer").GetProperty("received").GetInt64() >= 50
            && answer.GetProperty("fromPeer").GetProperty("received").GetInt64() >= 50);
        Assert.Equal(0, mark.GetProperty("foreign").GetInt64());
        Assert.Equal(0, mark.GetProperty("deliveredTwice").GetInt64());

        Assert.Equal(1, await ProbeCommand.RunAsync(options with { Flows = 1 }, TextReader.Null, TextWriter.Null, CancellationToken.None));
    }

    [Fact]
    public async Task Further_flows_send_a_packet_each_way_in_each_period()
    {
        using var tunnel = new TunnelStub();
        var seen = new HashSet<(byte, byte, byte, byte)>();
        tunnel.ToRight = packet =>
        {
            if (packet[KindAt] == 1)
            {
                lock (seen)
                    seen.Add((packet[14], packet[15], packet[18], packet[19]));
            }

            return 1;
        };
        await using ShellUnderTest probe = Start(tunnel, flows: 50, flowPeriod: 0.2);
        probe.AskUntil("""{"cmd":"mark"}""", answer => answer.GetProperty("flows").GetProperty("receivedToPeer").GetInt64() >= 50
            && answer.GetProperty("flows").GetProperty("receivedFromPeer").GetInt64() >= 50);
        lock (seen)
            Assert.Equal(50, seen.Count);
    }

    private static ShellUnderTest Start(TunnelStub tunnel, int flows, double flowPeriod = 8)
    {
        IPEndPoint peer = TestPort.Free();
        IPEndPoint cluster = TestPort.Free();
        var options = new ProbeOptions(peer, tunnel.LeftPort, cluster, tunnel.RightPort, Rate: 1000, Flows: flows, FlowPeriodSeconds: flowPeriod);
        tunnel.Start(peer, cluster);
        var probe = new ShellUnderTest((input, output, ct) => ProbeCommand.RunAsync(options, input, output, ct));
        probe.Read();
        return probe;
    }
}
