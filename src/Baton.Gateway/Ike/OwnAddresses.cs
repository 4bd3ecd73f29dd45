using System.Net;
using Baton.Cluster.Configuration;
using Baton.Ike;
using Baton.Linux;
using Baton.Linux.Netlink;

namespace Baton.Gateway.Ike;

/// <summary>A lone peer whose host gets another address: its IKE SAs move along (RFC 4555 3.5), and those that it makes later begin there.</summary>
/// <remarks>
/// Level-triggered: whatever the kernel tells of addresses and routes, it is looked where each peer is reached from now. An address moves only when it has left the machine;
/// that another way is shorter is no reason.
/// </remarks>
internal sealed class OwnAddresses : IDisposable
{
    private readonly IkeRunner _runner;
    private readonly RouteNetlink _netlink = new();
    private readonly NetworkMonitor _monitor;
    private readonly WakeEvent _stop = new();
    private readonly Thread _thread;
    private int _asked;
    private bool _over;

    // Owned by the IKE thread: as the file has them, and as they are used.
    private IReadOnlyList<Connection> _configured;
    private IReadOnlyList<Connection> _used;

    private OwnAddresses(IkeRunner runner, IReadOnlyList<Connection> configured)
    {
        (_runner, _configured, _used) = (runner, configured, configured);
        _monitor = new NetworkMonitor { TopologyChanged = Ask };
        _thread = new Thread(Watch) { IsBackground = true, Name = "addresses" };
        Ask();
        _thread.Start();
    }

    /// <summary>Null where the outer socket has one address and no other.</summary>
    /// <param name="runner">Not started yet: the first look comes before the first message.</param>
    public static OwnAddresses? For(NodeOptions options, IkeRunner runner) =>
        options.Outer!.Listen.Address is var any && (any.Equals(IPAddress.Any) || any.Equals(IPAddress.IPv6Any)) ? new OwnAddresses(runner, options.Ike.Connections) : null;

    /// <summary>On the IKE thread: after a reload.</summary>
    public void Use(IReadOnlyList<Connection> configured)
    {
        (_configured, _used) = (configured, []);
        Follow();
    }

    public void Dispose()
    {
        Volatile.Write(ref _over, true);
        _stop.Set();
        _thread.Join();
        _stop.Dispose();
        _monitor.Dispose();
        _netlink.Dispose();
    }

    private void Watch()
    {
        using var poller = new Poller(_monitor.Fd, _stop.Fd);
        while (!Volatile.Read(ref _over))
        {
            poller.Wait(Wire.Instant.Never);
            if (!_monitor.Take())
                Ask();  // news were lost
        }
    }

    /// <summary>However much news comes at once, one look is enough.</summary>
    private void Ask()
    {
        if (Interlocked.Exchange(ref _asked, 1) == 0)
            _runner.Post(Follow);
    }

    private void Follow()
    {
        Volatile.Write(ref _asked, 0);
        HashSet<IPAddress> here = [.. _netlink.Addresses().Select(each => each.Address)];
        Connection[] now = [.. _configured.Select(each => each with { Local = From(here, each.Local, each.Remote) })];
        if (!now.Select(each => each.Local).SequenceEqual(_used.Select(each => each.Local)))
        {
            _used = now;
            _runner.Step(new IkeInput.SetConnections(now));
        }

        foreach (IkeSaFacts sa in _runner.Endpoint.Established.Where(each => each.WeInitiated).ToArray())
        {
            if (From(here, sa.Local, sa.Remote) is { } local && !local.Equals(sa.Local))
                _runner.Step(new IkeInput.LocalMoved(sa.Id, local));
        }
    }

    private IPEndPoint? From(HashSet<IPAddress> here, IPEndPoint? local, IPEndPoint? remote) =>
        local is null || remote is null || here.Contains(local.Address) || IPAddress.IsLoopback(local.Address) || _netlink.Lookup(remote.Address)?.Source is not { } source
            ? local
            : new IPEndPoint(source, local.Port);
}
