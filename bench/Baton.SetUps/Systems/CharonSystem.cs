using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Baton.Lab;
using Baton.Lab.Hosts;
using Baton.Lab.Steps;
using Baton.Lab.StrongSwan;
using Baton.Lab.Terms;

namespace Baton.SetUps.Systems;

/// <summary>Two charons, child SAs in kernel-libipsec (this kernel may have no ESP). Nothing is logged, and what limits strangers is off, as its manual says for many tunnels.</summary>
public sealed class CharonSystem : SetUpSystem
{
    /// <summary>Asked for at once. All at once overflow the daemon's socket buffer, and each loss costs it four seconds; our end begins thirty-two at once by itself.</summary>
    private const int Together = 32;

    private const string Options = """
        threads = 64
            ikesa_table_size = 4096
            ikesa_table_segments = 16
            init_limit_half_open = 0
            cookie_threshold = 1000000
            cookie_threshold_ip = 1000000
            block_threshold = 1000000
            filelog { all { default = 0
                            ike = 0
                            cfg = 0
                            flush_line = no } }
        """;

    private Charon _peer = null!;
    private Charon _cluster = null!;

    public override string Name => "charon";

    public override string Ends => $"{Charon.Version()} as initiator and as responder, child SAs in kernel-libipsec, which sets a route for each; thirty-two asked for at once";

    public override void Raise(Story story, IReadOnlyList<Batch> batches, string group)
    {
        int count = batches.Sum(batch => batch.Count);
        new StageSteps(story).Hosts("a");
        string[] addresses = [.. FurtherTunnels.Addresses(count)];
        Network.AddAddresses(story.Network.Peer, "lan", addresses.Select(address => $"{address}/32"));
        Host member = story.Network.Member("a");
        member.Run("ip", "address", "add", $"{Network.ClusterAddress}/24", "dev", "outer");
        member.Run("ip", "address", "add", $"{Network.ClusterInner}/16", "dev", "inner");
        _peer = story.Room.Keep(new Charon(story.Network.Peer, story.Room.Wait, Options));
        _cluster = story.Room.Keep(new Charon(member, story.Room.Wait, Options));
        _peer.LoadSecret(StageSteps.Secret);
        _cluster.LoadSecret(StageSteps.Secret);
        var terms = new TunnelTerms { IsMany = true, Ike = $"aes256gcm16-prfsha256-{(group == "x25519" ? "curve25519" : group)}" };
        _cluster.Load(CharonConnection.OfCluster(terms, Network.ClusterAddress));
        foreach ((int index, string address) in addresses.Index()) _peer.Load(CharonConnection.OfFurther(index, address, terms));
    }

    public override void Begin(Batch batch)
    {
        var left = new ConcurrentQueue<int>(batch.Indexes);
        for (int i = 0; i < Together; i++)
        {
            new Thread(() =>
            {
                while (left.TryDequeue(out int index)) _peer.Initiate(CharonConnection.FurtherName(index));
            }) { IsBackground = true }.Start();
        }
    }

    public override int Up() => Math.Min(Up(_peer), Up(_cluster));

    public override IEnumerable<(string, int)> Standing() => [("initiator", Standing(_peer)), ("responder", Standing(_cluster))];

    public override IReadOnlyDictionary<string, double> Cpu() => new Dictionary<string, double> { ["initiator"] = CpuOf(_peer.Host), ["responder"] = CpuOf(_cluster.Host) };

    private static int Up(Charon charon)
    {
        JsonNode sas = charon.Ask("stats")["ikesas"] ?? throw new LabException("charon tells no statistics");
        return Number(sas["total"]) - Number(sas["half-open"]);
    }

    private static int Number(JsonNode? node) => int.Parse(node!.ToString(), CultureInfo.InvariantCulture);

    private static int Standing(Charon charon) => charon.ListSas().Count(sa => sa.State == "ESTABLISHED" && sa.Children.Any(child => child.State == "INSTALLED"));
}
