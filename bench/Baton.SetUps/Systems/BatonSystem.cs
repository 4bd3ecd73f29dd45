using System.Globalization;
using System.Text;
using System.Text.Json;
using Baton.Lab.Batons;
using Baton.Lab.Hosts;
using Baton.Lab.Processes;
using Baton.Lab.Steps;
using Baton.Lab.Terms;

namespace Baton.SetUps.Systems;

/// <summary>A peer that begins, and a cluster that answers: every IKE SA and child is in the handler's ledger and at the standby before the peer hears of it.</summary>
/// <param name="slowerBy">What each sync of the ledger takes longer.</param>
public sealed class BatonSystem(int slowerBy) : SetUpSystem
{
    private Story _story = null!;

    public override string Name => slowerBy == 0 ? "baton" : $"baton, ledger {slowerBy} ms slower";

    public override string Ends => "baton peer as initiator; as responder a cluster: active and standby in sync, handler with its ledger in a file"
        + (slowerBy == 0 ? "" : $", each sync {slowerBy} ms longer");

    public override void Raise(Story story, IReadOnlyList<Batch> batches, string group)
    {
        _story = story;
        new StageSteps(story).Hosts("a and b");
        var files = new ClusterFiles(Path.Combine(story.Room.Folder, "files"), story.Network);
        files.WriteSecret("lab.psk", StageSteps.Secret);
        string offer = $"""
            auth = "psk"
            psk-file = "lab.psk"
            encapsulation = "always"
            ike = ["aes256gcm16-prfsha256-{group}"]
            esp = ["aes128gcm16-noesn"]
            """;
        string cluster = $"""
            [[connection]]
            name = "many"
            local = "{Network.ClusterAddress}:4500"
            local-id = "{LabCertificates.ClusterName}"
            {offer}
            [[connection.child]]
            name = "lan"
            local = ["{Network.ClusterNet}"]
            remote = ["{Network.PeerNet}"]
            """;
        story.BatonCluster = story.Room.Keep(new BatonCluster(story.Network, files, story.Room.Wait));
        story.BatonCluster.Start([.. story.Network.Members.Select((_, index) => files.WriteMember(index, cluster))], SlowHandler.Command(slowerBy));
        story.BatonPeer = story.Room.Keep(new BatonPeer(story.Network, files, Peer(batches, offer), story.Room.Wait));
        story.BatonCluster.WaitReady();
    }

    public override void Begin(Batch batch) => _story.BatonPeer.Node.Tell("initiate", $"{batch.Name}-*");

    public override int Up() => _story.BatonPeer.Node.Count() is { } node ? SasOf(node) / 2 : 0;

    public override IEnumerable<(string, int)> Standing() =>
        [("peer", Up()), .. _story.Network.Members.Select(member => (member.Name, _story.BatonCluster.Node(member).Look() is { } node ? SasOf(node) / 2 : 0))];

    public override IReadOnlyDictionary<string, double> Cpu()
    {
        Host? active = _story.BatonCluster.Active;
        var cpu = new Dictionary<string, double> { ["peer"] = CpuOf(_story.Network.Peer) };
        foreach (Host member in _story.Network.Members) cpu[member == active ? "active" : "standby"] = CpuOf(member);
        cpu["handler"] = CpuOf(_story.Network.Handler);
        return cpu;
    }

    private static string Peer(IEnumerable<Batch> batches, string offer)
    {
        string[] addresses = [.. FurtherTunnels.Addresses(batches.Sum(batch => batch.Count))];
        var text = new StringBuilder();
        foreach ((string name, int index) in batches.SelectMany(batch => batch.Indexes.Select(index => (string.Create(CultureInfo.InvariantCulture, $"{batch.Name}-{index}"), index))))
        {
            text.AppendLine($"""
                [[connection]]
                name = "{name}"
                local = "{Network.PeerAddress}:4500"
                remote = "{Network.ClusterAddress}:4500"
                local-id = "{name}.many.{LabCertificates.PeerName}"
                remote-id = "{LabCertificates.ClusterName}"
                {offer}
                [[connection.child]]
                name = "lan"
                local = ["{addresses[index]}/32"]
                remote = ["{Network.ClusterNet}"]
                """);
        }

        return text.ToString();
    }

    private static int SasOf(JsonElement node) => node.GetProperty("saCount").GetInt32();
}
