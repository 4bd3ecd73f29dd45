using System.Net;
using Baton.Cli.Demo.Setup;
using Baton.Cluster.Certificates;

namespace Baton.Cli.Demo.Calls;

/// <summary>Who is where, and the files of a controller and two media gateways, as an operator would write them.</summary>
/// <remarks><code>
///   plain phones .21 --RTP--> media .10, at whichever member is active (a .11, b .12) --SRTP--> SRTP phones .22
///   the proxy .19 --ng--> controller .1: gRPC --> members;  a &lt;-> b: sealed frames
/// </code></remarks>
internal sealed class CallsFiles(RunFolder folder, AddressBlock block, Topology topology)
{
    /// <summary>Where phones send to, whoever is active.</summary>
    public IPAddress Media => block[10];

    public IPEndPoint Ng => new(block[1], 2223);

    public IPAddress Proxy => block[19];

    public IPAddress PlainPhones => block[21];

    public IPAddress SecurePhones => block[22];

    public IPEndPoint Injector => new(block[23], 5000);

    public string Of(string node) => folder.File($"{node}.toml");

    public void Write()
    {
        Pki pki = Pki.Init(folder.Path, "demo");
        pki.Issue("handler", "h");
        pki.Issue("operator", "o");
        foreach (string member in Topology.Gateways) pki.Issue("gateway", member);
        Write("h", "controller", "control.key", $"""
            [handler]
            listen = "{topology.HandlerSession}"
            ledger = "{NodeFiles.Ledger}"
            heartbeat = "{topology.HandlerHeartbeat}"
            [controller]
            listen = ["{Ng}"]
            clients = ["{Proxy}/32"]
            [[controller.group]]
            name = "g"
            {Each(member => $"""
                [[controller.group.member]]
                name = "{member}"
                media = "{topology.Status(member)}"
                """)}
            [[controller.group.network]]
            name = "pub"
            address = "{Media}"
            """);
        foreach (string member in Topology.Gateways)
        {
            Write(member, "media", "cluster.key", $"""
                [media]
                addresses = ["{Media}"]
                [status]
                listen = "{topology.Status(member)}"
                """);
        }
    }

    private void Write(string name, string role, string key, string own) => File.WriteAllText(Of(name), $"""
        [node]
        name = "{name}"
        role = "{role}"
        [cluster]
        id = "demo"
        key-file = "{key}"
        {Each(member => $"""
            [[cluster.member]]
            name = "{member}"
            sync = "{topology.Sync(member)}"
            heartbeat = "{topology.Heartbeat(member)}"
            """)}
        [[cluster.handler]]
        session = "{topology.HandlerSession}"
        heartbeat = "{topology.HandlerHeartbeat}"
        [tls]
        ca = "ca.crt"
        certificate = "{name}.crt"
        key = "{name}.key"
        {own}
        """);

    private static string Each(Func<string, string> member) => string.Join('\n', Topology.Gateways.Select(member));
}
