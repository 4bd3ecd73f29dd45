using System.Globalization;
using System.Text;
using Baton.Lab.Hosts;
using Baton.Lab.Processes;
using Baton.Lab.Terms;
using Baton.Lab.Traffic;

namespace Baton.Lab.Batons;

/// <summary>Writes what an operator would: certificates, the cluster key, and one file a node.</summary>
public sealed class ClusterFiles
{
    public const int OuterMtu = 1500;

    /// <summary>Where the peer tells its status: to itself only.</summary>
    public const string PeerStatus = "127.0.0.1:7400";

    private const string Cluster = "lab";

    private readonly string _folder;
    private readonly IReadOnlyList<Host> _members;

    public ClusterFiles(string folder, Network network)
    {
        _folder = folder;
        _members = network.Members;
        Directory.CreateDirectory(folder);
        if (File.Exists(Of("ca.crt"))) return;                  // of the row before
        Pki("init", Cluster);
        Pki("issue", "handler", "h", "--address", Network.HandlerAddress);
        Pki("issue", "peer", "p");
        Pki("issue", "operator", "o");
        foreach (Host member in _members) Pki("issue", "gateway", member.Name);
    }

    public string Folder => _folder;

    public string Of(string name) => Path.Combine(_folder, name);

    public string WriteHandler() => Write("h", "handler", $"""
        [handler]
        listen = "{Network.HandlerAddress}:7443"
        ledger = "ledger.db"
        heartbeat = "{Network.HandlerAddress}:7200"
        """);

    /// <param name="terms">What the connection of a negotiated tunnel says; null: the SAs are in the side file.</param>
    public string WriteMember(int member, string tunnels) => Write(_members[member].Name, "gateway", $"""
        [outer]
        listen = "{Network.ClusterAddress}:4500"
        also = ["{Network.ClusterAddress}:500", "[{Network.ClusterAddress6}]:4500", "[{Network.ClusterAddress6}]:500"]
        esp = true
        [inner]
        tun = "baton0"
        join-at = ["inner"]
        routes = ["{Network.PeerNet}", "{Network.PeerNet6}", "{Network.PoolNet}", "{Network.PoolNet6}"]
        [[virtual.address]]
        address = "{Network.ClusterAddress}/24"
        device = "outer"
        [[virtual.address]]
        address = "{Network.ClusterAddress6}/64"
        device = "outer"
        [[virtual.address]]
        address = "{Network.ClusterInner}/16"
        device = "inner"
        [[virtual.address]]
        address = "{Network.ClusterInner6}/64"
        device = "inner"
        [track]
        outer = "outer"
        inner = "inner"
        interval-ms = 20
        [[track.next-hop]]
        address = "{Network.RouterAddress}"
        device = "outer"
        [status]
        listen = "{Network.ControlOf(member)}:7400"
        {tunnels}
        """);

    /// <param name="roams">It listens on all of its addresses, and moves its IKE SAs when they change.</param>
    public string WritePeer(string tunnels, bool roams = false)
    {
        string listen = roams ? "listen = \"0.0.0.0:4500\"" : $"""
            listen = "{Network.PeerAddress}:4500"
            also = ["{Network.PeerAddress}:500", "[{Network.PeerAddress6}]:4500", "[{Network.PeerAddress6}]:500"]
            esp = true
            """;
        return Write("p", "peer", $"""
            [outer]
            {listen}
            remote = "{Network.ClusterAddress}:4500"
            [inner]
            tun = "baton0"
            join-at = ["lan"]
            routes = ["{Network.ClusterNet}", "{Network.ClusterNet6}"]
            [status]
            listen = "{PeerStatus}"
            {tunnels}
            """);
    }

    /// <summary>Pairs of SAs keyed by hand, with keys of this run: for what needs no negotiation.</summary>
    /// <param name="locals">The inner addresses on the cluster's side: a pair of SAs for each.</param>
    /// <param name="suite">An AES-GCM, as a file of SAs calls it.</param>
    public string StaticTunnel(string peer, IReadOnlyList<string> locals, string remote, string suite = "aes-gcm-128")
    {
        string Key() => Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(suite == "aes-gcm-128" ? 20 : 36));
        string file = Of("sas.csv");
        if (!File.Exists(file))
        {
            File.WriteAllLines(file, [
                "name,suite,spi-to-peer,spi-from-peer,key-to-peer,key-from-peer,local,remote,peer,esn,window",
                .. locals.Select((local, i) => $"lab{i},{suite},0x{0x10001 + i:x},0x{0x20001 + i:x},{Key()},{Key()},{local},{remote},{peer},true,1024")]);
        }

        return """
            [insecure]
            static-keying = true
            sas-file = "sas.csv"
            """;
    }

    /// <summary>A key or secret: readable by its owner only, as a node demands.</summary>
    public void WriteSecret(string name, string text)
    {
        using var file = new FileStream(Of(name), new FileStreamOptions
        {
            Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        file.Write(Encoding.UTF8.GetBytes(text));
    }

    private string Write(string name, string role, string own)
    {
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"""
            [node]
            name = "{name}"
            role = "{role}"
            [cluster]
            id = "{Cluster}"

            """));
        if (role != "peer")
        {
            text.AppendLine(role == "gateway" ? "key-file = \"cluster.key\"" : "key-file = \"control.key\"");
            for (int i = 0; i < _members.Count; i++)
            {
                text.AppendLine($"""
                    [[cluster.member]]
                    name = "{_members[i].Name}"
                    sync = "{Network.ControlOf(i)}:7100"
                    heartbeat = "{Network.ControlOf(i)}:7200"
                    """);
            }

            text.AppendLine($"""
                [[cluster.handler]]
                session = "{Network.HandlerAddress}:7443"
                heartbeat = "{Network.HandlerAddress}:7200"
                """);
        }

        text.AppendLine($"""
            [tls]
            ca = "ca.crt"
            certificate = "{name}.crt"
            key = "{name}.key"
            {own}
            """);
        File.WriteAllText(Of($"{name}.toml"), text.ToString());
        return Of($"{name}.toml");
    }

    private void Pki(params string[] arguments) => Command.Run(BatonTool.Path, ["pki", .. arguments, "-d", _folder]);
}
