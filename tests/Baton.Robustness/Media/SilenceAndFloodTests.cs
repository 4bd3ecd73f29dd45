using System.Net.Sockets;
using System.Text;
using Baton.Cli.Demo.Scenario;
using Baton.Cluster.Protos;

namespace Baton.Robustness.Media;

/// <summary>What must not touch a call that runs: the end of another one by its silence, and more requests than a controller takes.</summary>
[Collection("processes")]
public sealed class SilenceAndFloodTests(ITestOutputHelper output)
{
    private const uint Plain = 0xA1;
    private const uint Secure = 0xB2;
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(3), Flood = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task A_call_ends_after_the_silence_that_is_configured_and_neither_that_nor_a_flood_touches_another()
    {
        await using var stage = new MediaStage(role: "controller", callTimeout: Silence);
        await stage.FormAsync();
        using var proxy = new NgProxy(stage.Proxy, stage.Ng);
        (MediaPhone plain, MediaPhone secure) = await proxy.CallAsync("runs", stage.PhoneAt(1), Plain, stage.PhoneAt(2), Secure, first: 7);
        using (plain)
        using (secure)
        {
            plain.Start(hears: Secure);
            secure.Start(hears: Plain);
            long began = Environment.TickCount64;
            (MediaPhone one, MediaPhone other) = await proxy.CallAsync("silent", stage.PhoneAt(3), 3, stage.PhoneAt(4), 4, first: 7);
            one.Dispose();
            other.Dispose();
            Assert.Equal(2, stage.Calls("a").List(new ListCalls()).Calls.Count);
            foreach (string member in MediaStage.Members)
                await stage.UntilAsync($"{member} has the call that runs alone", () => Task.FromResult(stage.Calls(member).List(new ListCalls()).Calls.Count == 1));
            Assert.InRange(Environment.TickCount64 - began, (long)Silence.TotalMilliseconds, (long)Silence.TotalMilliseconds + 15_000);

            (int heardPlain, int heardSecure) = (plain.Heard, secure.Heard);
            long floodBegan = Environment.TickCount64;
            long sent = await FloodAsync(stage);
            double packets = (Environment.TickCount64 - floodBegan) / 20.0;
            output.WriteLine($"{sent} requests in {packets * 20:0} ms; heard {plain.Heard - heardPlain} and {secure.Heard - heardSecure} of {packets:0} packets");
            Assert.InRange(plain.Heard - heardPlain, packets * 0.9, packets + 50);
            Assert.InRange(secure.Heard - heardSecure, packets * 0.9, packets + 50);
            Assert.True(plain.Wrong.Count == 0 && secure.Wrong.Count == 0, string.Join(", ", plain.Wrong.Concat(secure.Wrong).Take(5)));
            Assert.Equal("active", (await stage.StatusAsync("a"))!.State);
            Assert.All(MediaStage.Members, member => Assert.Single(stage.Calls(member).List(new ListCalls()).Calls));

            // Whoever is meant is heard, though he may have to ask again.
            await proxy.AskAsync(("command", "delete"), ("call-id", "runs"));
            await stage.UntilAsync("the call has ended", async () => await stage.StatusAsync("a") is { } status && Tally.Counter(status, "media.calls") == 0);
        }
    }

    /// <summary>Offers that cannot be, deletes of calls that are not there, pings: each with a cookie of its own, as fast as it goes.</summary>
    private static Task<long> FloodAsync(MediaStage stage) => Task.Run(() =>
    {
        using var socket = new UdpClient(new System.Net.IPEndPoint(stage.Proxy, 0));
        socket.Connect(stage.Ng);
        long sent = 0;
        for (long end = Environment.TickCount64 + (long)Flood.TotalMilliseconds; Environment.TickCount64 < end; sent++)
        {
            string text = (sent % 3) switch
            {
                0 => $"f{sent} d7:command4:pinge",
                1 => $"f{sent} d7:call-id1:x7:command6:deletee",
                _ => $"f{sent} d7:call-id1:x7:command5:offer8:from-tag1:f3:sdp3:v=0e",
            };
            try
            {
                socket.Send(Encoding.ASCII.GetBytes(text));
            }
            catch (SocketException)
            {
                // The controller's queue is full, or it tells that it was.
            }
        }

        return sent;
    });
}
