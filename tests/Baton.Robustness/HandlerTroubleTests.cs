using System.Net;
using System.Net.Sockets;
using Baton.Cli.Demo.Processes;
using Baton.Cli.Demo.Setup;
using Baton.Cluster.Certificates;
using Baton.Cluster.Protos;

namespace Baton.Robustness;

/// <summary>No handler yet, strangers at its port, no room for its file: each is said clearly, and costs nothing that was granted.</summary>
[Collection("processes")]
public sealed class HandlerTroubleTests
{
    [Fact]
    public async Task A_gateway_without_a_handler_at_start_says_so_goes_on_trying_and_serves_when_it_appears()
    {
        await using var stage = new Stage();
        await stage.PlayAsync(async () =>
        {
            await stage.Cast.StartGatewayAsync("a");
            NodeStatus waiting = await stage.GatewayAsync("a");
            await stage.UntilAsync("it says so", () => stage.LogLines("gateway-a", "no handler at").Any());
            Assert.Equal("joining", waiting.State);
            Assert.False(waiting.HandlerConnected);
            Assert.NotEmpty(waiting.NotReadyWhy);

            // It tries some four times a second, and says it once.
            ulong turns = waiting.Counters["engine.turns"];
            await stage.UntilAsync("a while", async () => (await stage.GatewayAsync("a")).Counters["engine.turns"] > turns + 400 ? "yes" : null);
            Assert.Single(stage.LogLines("gateway-a", "no handler at"));

            await stage.Cast.StartHandlerAsync();
            await stage.Watch.UntilGatewayAsync("a", "a serves", status => status is { State: "active", HandlerConnected: true, SaReady: 4 }, Stage.Patience, stage.Cancellation);
        });
    }

    [Fact]
    public async Task Garbage_and_wrong_or_expired_certificates_are_refused_with_a_line_each_and_a_flood_with_a_bounded_number()
    {
        await using var stage = new Stage();
        await stage.PlayAsync(async () =>
        {
            await stage.Cast.FormClusterAsync(Stage.Patience, stage.Cancellation);
            (string Log, IPEndPoint Port)[] ports =
            [
                ("handler-h", stage.Topology.HandlerSession), ("gateway-a", stage.Topology.Status("a")), ("router-r", stage.Topology.RouterStatus), ("peer-p", stage.Topology.PeerStatus),
            ];
            string elsewhere = stage.At("elsewhere");
            Pki.Init(elsewhere, "demo").Issue("operator", "o");
            Pki.Open(stage.At("")).Issue("operator", "late", notBefore: DateTimeOffset.UtcNow.AddMinutes(-4), validity: TimeSpan.FromMinutes(2));
            foreach ((string log, IPEndPoint port) in ports)
            {
                await GarbageAsync(port, 0);
                await LineAsync(log, "it does not speak TLS", 1);
                await AskAsync(port, Path.Combine(elsewhere, "o.crt"));
                await LineAsync(log, "was not issued by this cluster's CA");
                await AskAsync(port, stage.At("late.crt"));
                await LineAsync(log, "renew it with 'baton pki renew'");

                for (int i = 1; i <= 300; i++)
                    await GarbageAsync(port, i);
                await stage.UntilAsync("each is counted", async () => await RefusedAsync(log) >= 303 ? "yes" : null);
                Assert.InRange(stage.LogLines(log, "refused: it does not speak TLS").Count(), 10, 50);
            }

            // All of them serve, and nobody took over.
            await stage.Watch.UntilReadyAsync("a", "b", Stage.Patience, stage.Cancellation);
            Assert.Equal(1UL, (await stage.GatewayAsync("a")).Term);
        });

        async Task LineAsync(string log, string sentence, int times = 0)
        {
            await stage.UntilAsync($"{log}: {sentence}", () => stage.LogLines(log, sentence).Any(line => line.Contains("refused", StringComparison.Ordinal)));
            if (times > 0)
                Assert.Equal(times, stage.LogLines(log, sentence).Count());
        }

        Task AskAsync(IPEndPoint port, string certificate) =>
            stage.RunAsync("status", port.Equals(stage.Topology.HandlerSession) ? "--handler" : "--node", $"{port}", "--ca", stage.At("ca.crt"), "--cert", certificate);

        async Task<ulong> RefusedAsync(string log) => (log switch
        {
            "handler-h" => (await stage.Watch.HandlerAsync(stage.Cancellation))?.Handler,
            "gateway-a" => await stage.GatewayAsync("a"),
            "router-r" => await stage.Watch.RouterAsync(stage.Cancellation),
            _ => await stage.Watch.PeerAsync(stage.Cancellation),
        })?.Counters["connections.refused"] ?? 0;
    }

    [Fact]
    public async Task A_full_disk_under_the_handlers_file_refuses_grants_clearly_and_nothing_granted_before_is_lost()
    {
        Assert.SkipUnless(Environment.UserName == "root" && File.Exists("/usr/bin/unshare"), "a disk of its own needs root and unshare");
        await using var stage = new Stage();
        await stage.PlayAsync(() => FullDiskAsync(stage));
    }

    private const int More = 600;

    private static async Task FullDiskAsync(Stage stage)
    {
        // A disk of 4 MiB that nobody else sees (a mount namespace of its own, which ends with its process), and leases that are asked for every few seconds.
        string disk = stage.At("disk");
        Directory.CreateDirectory(disk);
        stage.Edit("h", text => text.Replace($"ledger = \"{NodeFiles.Ledger}\"", $"ledger = \"disk/{NodeFiles.Ledger}\"", StringComparison.Ordinal));
        foreach (string gateway in Topology.Gateways)
            stage.Append(gateway, "[redundancy]\nlease-time-ms = 4000\nlease-minimum = 512");
        ChildProcess holder = await stage.StartAsync("disk", "/usr/bin/unshare", "-m", "sh", "-c", $"mount -t tmpfs -o size=4m none '{disk}' && exec sleep 600");
        await stage.UntilAsync("the disk is there", () => File.ReadAllText($"/proc/{holder.Id}/mounts").Contains(disk, StringComparison.Ordinal));
        ChildProcess handler = await HandlerAsync();
        await stage.Watch.UntilHandlerAsync("the handler answers", _ => true, Stage.Patience, stage.Cancellation);
        await stage.Cast.StartObserverAsync(stage.Cancellation);
        await stage.Cast.StartRouterAsync();
        await stage.Cast.StartGatewayAsync("a");
        await stage.Watch.UntilGatewayAsync("a", "a is active", status => status.State == "active", Stage.Patience, stage.Cancellation);
        await stage.Cast.StartGatewayAsync("b");
        await stage.Cast.StartPeerAsync();
        await stage.Cast.StartInstrumentsAsync(stage.At(""), stage.Cancellation);
        await stage.Watch.UntilReadyAsync("a", "b", Stage.Patience, stage.Cancellation);

        Dictionary<uint, ulong> granted = (await stage.GatewayAsync("a", withSas: true)).Sas
            .Where(sa => sa.Direction == SaDirection.Outbound).ToDictionary(sa => sa.Spi, sa => sa.Limit);
        ulong term = (await stage.GatewayAsync("a")).Term;

        // More SAs than there is room for come by a reload of the active's file.
        string fill = $"/proc/{holder.Id}/root{disk}/fill";
        Fill(fill);
        new FreshKeys(More, 1, $"{stage.Topology.ObserverRouterSide}").Write(stage.At("more.csv"));
        await File.AppendAllLinesAsync(stage.At(NodeFiles.Sas), File.ReadLines(stage.At("more.csv")).Where(line => line.StartsWith("flow", StringComparison.Ordinal)), stage.Cancellation);
        await stage.StartAsync("reload", "/bin/kill", "-HUP", $"{stage.Cast["a"].Id}");
        await stage.UntilAsync("the handler refuses", () => stage.LogLines("handler-h", "nothing is granted now").Any());
        Assert.Contains(stage.LogLines("handler-h", "nothing is granted now"), line => line.Contains("the disk is full", StringComparison.Ordinal));
        await stage.UntilAsync("the active is told", () => stage.LogLines("gateway-a", "RegistrationRefused").Any(line => line.Contains("the disk is full", StringComparison.Ordinal)));
        Assert.False(handler.HasExited);
        Assert.InRange(stage.LogLines("handler-h", "nothing is granted now").Count(), 1, 10);

        File.Delete(fill);
        await stage.Watch.UntilGatewayAsync("a", "every SA is there", status => status.SaCount == 4 + (2 * More), Stage.Patience, stage.Cancellation);
        await stage.UntilAsync("leases grow", () => GrantedAsync(limit => limit + 1));
        Assert.Equal(term, (await stage.GatewayAsync("a")).Term);

        // What it granted is on that disk: killed and started again it has no less.
        handler.Kill();
        await handler.WaitForExitAsync(stage.Cancellation);
        await stage.Watch.UntilGatewayAsync("a", "a has lost it", status => !status.HandlerConnected, Stage.Patience, stage.Cancellation);
        await HandlerAsync();
        await stage.Watch.UntilGatewayAsync("a", "a has it back", status => status.HandlerConnected, Stage.Patience, stage.Cancellation);
        await stage.Watch.UntilGatewayAsync("a", "every SA is there still", status => status.SaCount == 4 + (2 * More), Stage.Patience, stage.Cancellation);
        Assert.NotNull(await GrantedAsync(limit => limit));

        // The program itself, inside the namespace.
        Task<ChildProcess> HandlerAsync() => stage.StartAsync("handler-h", "/usr/bin/nsenter", "-m", "-t", $"{holder.Id}", Stage.Program, "handler", stage.Files.Of("h"));

        // By the copy of the ledger that the active has from the handler.
        async Task<string?> GrantedAsync(Func<ulong, ulong> least) =>
            (await stage.GatewayAsync("a", withSas: true)).Sas.Where(sa => granted.ContainsKey(sa.Spi)).All(sa => sa.RecordLimit >= least(granted[sa.Spi])) ? "yes" : null;
    }

    /// <summary>Takes all the room there is, the last byte included.</summary>
    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        foreach (int size in new[] { 65_536, 4_096, 1 })
        {
            try
            {
                byte[] block = new byte[size];
                while (true)
                    file.Write(block);
            }
            catch (IOException)
            {
                // Full, for blocks of this size.
            }
        }
    }

    /// <summary>One connection that says what no TLS says, and reads until it is closed.</summary>
    private static async Task GarbageAsync(IPEndPoint port, int seed)
    {
        byte[] garbage = new byte[100];
        new Random(seed).NextBytes(garbage);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(port);
        try
        {
            await tcp.Client.SendAsync(garbage);
            tcp.Client.Shutdown(SocketShutdown.Send);
            while (await tcp.Client.ReceiveAsync(garbage) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // Reset: refused all the same.
        }
    }
}
