using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Baton.Cli.Demo.Scenario;
using Baton.Cluster.Protos;
using Grpc.Core;

namespace Baton.Robustness.Media;

/// <summary>A controller and two media gateways as real processes: what a SIP proxy asks becomes a call that goes on when its media gateway is killed, and leaves nothing behind when it is deleted.</summary>
[Collection("processes")]
public sealed class ControllerAndMediaTests(ITestOutputHelper output)
{
    private const uint Plain = 0xA1;
    private const uint Secure = 0xB2;
    private const int SasOfTheCall = 4;

    /// <summary>A second of talk: how long detection takes is measured elsewhere.</summary>
    private const int MostLost = 50;

    [Fact]
    public async Task A_call_of_a_proxy_goes_on_when_its_media_gateway_is_killed_and_its_delete_frees_everything()
    {
        await using var stage = new MediaStage(role: "controller");
        await stage.FormAsync();
        using var proxy = new NgProxy(stage.Proxy, stage.Ng);
        (MediaPhone plain, MediaPhone secure) = await proxy.CallAsync("call", stage.PhoneAt(1), Plain, stage.PhoneAt(2), Secure, first: 65_500);
        using (plain)
        using (secure)
        {

            // Operators are not shown notes, and change nothing.
            Assert.All(MediaStage.Members, member => Assert.True(Assert.Single(stage.Looks(member).List(new ListCalls()).Calls).Note.IsEmpty));
            Assert.All(MediaStage.Members, member => Assert.False(Assert.Single(CallsOf(stage, member).Calls).Note.IsEmpty));
            MediaService.MediaServiceClient operators = stage.Looks("a");
            Assert.Equal(StatusCode.PermissionDenied, Assert.Throws<RpcException>(() => operators.End(new EndCall { Id = CallsOf(stage, "a").Calls[0].Id })).StatusCode);
            Assert.Equal(StatusCode.PermissionDenied, Assert.Throws<RpcException>(() => operators.Put(new MediaCall { Id = 1, Version = 1 })).StatusCode);
            plain.Start(hears: Secure);
            secure.Start(hears: Plain);
            await stage.UntilAsync("both heard the turn of SEQ", () => Task.FromResult(Math.Min(plain.Last, secure.Last) > 65_600 && Math.Min(plain.ReportsHeard, secure.ReportsHeard) > 2));
            await stage.UntilReadyAsync("b", SasOfTheCall);

            int asked = proxy.Asked;
            await GoesOnAsync(stage, plain, secure, kill: "a", next: "b");

            await IsShownAsync(stage, "b");

            // Who was killed is told the call again, by the controller and not by us; then it must carry it in its turn.
            await stage.StartAsync("a");
            await stage.UntilAsync("a is ready", async () =>
            {
                if (await stage.StatusAsync("a") is not { State: "standby", NotReadyWhy: "" } status)
                    return false;
                Assert.Equal(1UL, Tally.Counter(status, "media.calls"));
                return true;
            });
            await stage.UntilReadyAsync("a", SasOfTheCall);
            await GoesOnAsync(stage, plain, secure, kill: "b", next: "a");
            Assert.Equal(asked, proxy.Asked);
            await stage.StartAsync("b");
            await stage.UntilReadyAsync("b", SasOfTheCall);

            // At both the call is gone, with its ports and its SAs.
            await proxy.AskAsync(("command", "delete"), ("call-id", "call"));
            foreach (string member in MediaStage.Members)
            {
                await stage.UntilAsync($"{member} has nothing of it", async () => await stage.StatusAsync(member) is { SaCount: 0 } status
                    && Tally.Counter(status, "media.ports") == 0 && Tally.Counter(status, "media.calls") == 0 && CallsOf(stage, member).Calls.Count == 0);
            }

            Assert.All(new[] { plain.Gateway.Port, plain.Gateway.Port + 1, secure.Gateway.Port, secure.Gateway.Port + 1 }, port => AssertFree(new IPEndPoint(stage.Media, port)));
        }
    }

    private async Task GoesOnAsync(MediaStage stage, MediaPhone plain, MediaPhone secure, string kill, string next)
    {
        (long lostPlain, long lostSecure, ulong report) = (plain.Lost, secure.Lost, secure.LastReport);
        await stage.KillAsync(kill);
        (int heardPlain, int heardSecure, int reports) = (plain.Heard, secure.Heard, secure.ReportsHeard);
        await stage.UntilAsync($"the call goes on at {next}", () => Task.FromResult(plain.Heard > heardPlain + 100 && secure.Heard > heardSecure + 100 && secure.ReportsHeard > reports + 2));
        output.WriteLine($"{kill} killed: lost to the plain phone {plain.Lost - lostPlain}, to the SRTP phone {secure.Lost - lostSecure}");
        Assert.True(plain.Wrong.Count == 0 && secure.Wrong.Count == 0, $"{string.Join(", ", plain.Wrong.Concat(secure.Wrong).Take(5))}\n{stage.Logs()}");
        Assert.Equal((0, 0), (plain.Twice, secure.Twice));
        Assert.InRange(plain.Lost - lostPlain, 0, MostLost);
        Assert.InRange(secure.Lost - lostSecure, 0, MostLost);
        Assert.True(secure.LastReport > report, "SRTCP goes on above");
        Assert.Equal("active", (await stage.StatusAsync(next))!.State);
    }

    /// <summary><c>baton status calls</c> knows the call, its suites, and what the takeover cost of the stream whose index it knows.</summary>
    private static async Task IsShownAsync(MediaStage stage, string member)
    {
        JsonNode told = await stage.StatusCallsAsync(member, "--call", "ca*");
        Assert.True((bool)told["active"]!);
        JsonNode call = Assert.Single(told["calls"]!.AsArray())!;
        Assert.Equal(("call", member), ((string?)call["callId"], (string?)call["mediaGateway"]));
        Assert.NotEqual("", (string?)call["fromTag"]);
        Assert.NotEqual("", (string?)call["toTag"]);
        string[] suites = [(string)call["a"]!["suite"]!, (string)call["b"]!["suite"]!];
        Assert.Equal(["", "AES_CM_128_HMAC_SHA1_80"], suites.Order(StringComparer.Ordinal));
        JsonNode stream = Assert.Single(call[suites[0].Length > 0 ? "a" : "b"]!["streams"]!.AsArray())!;
        Assert.True((long)stream["packets"]! >= 100);
        Assert.InRange((long)stream["lostInTakeover"]!, 0, MostLost);
        Assert.InRange((double)stream["tenure"]!["mos"]!, 1, 4.5);
        Assert.Empty((await stage.StatusCallsAsync(member, "--call", "another"))["calls"]!.AsArray());
    }

    private static CallList CallsOf(MediaStage stage, string member) => stage.Calls(member).List(new ListCalls());

    private static void AssertFree(IPEndPoint port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ExclusiveAddressUse = true };
        socket.Bind(port);
    }
}
