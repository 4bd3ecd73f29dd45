using System.Net;
using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Gateway.DataPath;
using Baton.Linux;
using Baton.Linux.Tests.Namespaces;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Gateway.Tests.DataPath;

/// <summary>A gateway and a peer, each with a TUN device in a host of its own, and a router with a narrow link between. The kernels do the rest.</summary>
internal sealed class RealTunnel : IDisposable
{
    private readonly WakeEvent _stop = new();
    private readonly List<Thread> _threads = [];
    private bool _over;

    /// <param name="raw">ESP as protocol 50, else in UDP.</param>
    /// <param name="runs">False: the test takes the packets itself.</param>
    public RealTunnel(bool outerIsV4 = true, bool raw = false, int narrow = 1_500, FragmentPolicy policy = FragmentPolicy.Copy,
        bool outerOffload = true, bool innerOffload = true, bool runs = true)
    {
        Network = new TestNetwork("gw", "r", "peer");
        (string a, string near, string far, string b) = outerIsV4
            ? ("192.0.2.1/24", "192.0.2.254/24", "198.51.100.254/24", "198.51.100.9/24")
            : ("2001:db8::1/64", "2001:db8::fe/64", "2001:db8:1::fe/64", "2001:db8:1::9/64");
        Network.Wire("gw", "eth0", "r", "near", a, near);
        Network.Wire("r", "far", "peer", "eth0", far, b);
        Network.Ip("r", $"link set far mtu {narrow}");
        Network.Ip("peer", $"link set eth0 mtu {narrow}");
        Network.Sysctl("r", "net/ipv4/ip_forward", "1");
        Network.Sysctl("r", "net/ipv6/conf/all/forwarding", "1");
        Network.Ip("gw", $"route add default via {Host(near)}");
        Network.Ip("peer", $"route add default via {Host(far)}");

        ushort port = raw ? (ushort)0 : (ushort)4_500;
        IPEndPoint gateway = new(IPAddress.Parse(Host(a)), 4_500);
        IPEndPoint peer = new(IPAddress.Parse(Host(b)), 4_500);
        Gateway = Network.In("gw", () => new PacketPath(Options(NodeRole.Gateway, gateway, null, 1), isPeer: false));
        Peer = Network.In("peer", () => new PacketPath(Options(NodeRole.Peer, peer, new IPEndPoint(gateway.Address, port), 2), isPeer: true));
        Add(1, "10.1.0.0/16", "10.2.0.0/16");
        Add(2, "fd01::/16", "fd02::/16");
        if (runs)
        {
            Start(Gateway);
            Start(Peer);
        }

        NodeOptions Options(NodeRole role, IPEndPoint listen, IPEndPoint? remote, int side) => new()
        {
            File = "test",
            Name = "test",
            Role = role,
            Cluster = new ClusterOptions("test", null, [], [], []),
            Outer = new OuterOptions(listen, false, remote) { RawEsp = raw, Fragment = policy, Offload = outerOffload },
            Inner = new InnerOptions(null, [])
            {
                Tun = "baton0",
                Offload = innerOffload,
                Addresses = [new HostAddress(IPAddress.Parse($"10.{side}.0.1"), 32), new HostAddress(IPAddress.Parse($"fd0{side}::1"), 128)],
                TunRoutes = [IPNetwork.Parse($"10.{3 - side}.0.0/16"), IPNetwork.Parse($"fd0{3 - side}::/16")],
            },
        };

        void Add(byte number, string local, string remote)
        {
            var sa = new StaticSa("t" + number, SaSuite.AesGcm256, SaMode.Tunnel, 0x1000u + number, 0x2000u + number, Key(number), Key((byte)(number + 100)),
                IPNetwork.Parse(local), IPNetwork.Parse(remote), new IPEndPoint(peer.Address, port), true, 128);
            Gateway.AddOutbound(Record(number, SaDirection.Outbound), sa.ToPeer(), null);
            Gateway.AddInbound(Record((ulong)number + 10, SaDirection.Inbound), sa.FromPeer(), null);
            Peer.AddInbound(Record(number, SaDirection.Inbound), sa.ToPeer(), null);
            Peer.AddOutbound(Record((ulong)number + 10, SaDirection.Outbound), sa.FromPeer(), null);
        }
    }

    public TestNetwork Network { get; }

    public PacketPath Gateway { get; }

    public PacketPath Peer { get; }

    public (int Code, string Text) Ping(params string[] arguments) => Network.Run("gw", "ping", ["-i", "0.2", "-W", "2", .. arguments]);

    public void Dispose()
    {
        Volatile.Write(ref _over, true);
        _stop.Set();
        _threads.ForEach(t => t.Join());
        _stop.Dispose();
        Gateway.Dispose();
        Peer.Dispose();
        Network.Dispose();
    }

    /// <summary>One more inbound SA at the gateway that nobody uses.</summary>
    public void AddIdle(uint number)
    {
        var sa = new StaticSa("idle" + number, SaSuite.AesGcm256, SaMode.Tunnel, 0x10000u + number, 0x20000u + number, Key(1), Key(2),
            IPNetwork.Parse("10.1.0.0/16"), IPNetwork.Parse("10.3.0.0/16"), new IPEndPoint(IPAddress.Loopback, 9), true, 128);
        Gateway.AddInbound(Record(1_000 + number, SaDirection.Inbound), sa.FromPeer(), null);
    }

    private static string Host(string address) => address.Split('/')[0];

    private static byte[] Key(byte first) => [.. Enumerable.Range(first, 36).Select(i => (byte)i)];

    private static SaRecord Record(ulong id, SaDirection direction) => new(new SaId(id), direction, 0, default, id, 0, 0, 0, 0, 0, default);

    private void Start(PacketPath path)
    {
        var thread = new Thread(() =>
        {
            using var poller = new Poller([.. path.Fds, _stop.Fd]);
            path.Watch(poller);
            while (!Volatile.Read(ref _over))
            {
                poller.Wait(Instant.Never);
                path.TakeOuter(MonotonicClock.Now);
                path.TakeInner();
                path.Flush();
            }
        });
        thread.Start();
        _threads.Add(thread);
    }
}
