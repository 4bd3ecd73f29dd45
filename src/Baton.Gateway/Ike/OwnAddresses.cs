using System.Net;
using Baton.Cluster.Configuration;
using Baton.Ike;
using Baton.Linux;
using Baton.Linux.Netlink;
using Microsoft.Extensions.Logging;

namespace Baton.Gateway.Ike;

/// <summary>A lone peer whose host gets another address: its IKE SAs move along (RFC 4555 3.5), and those that it makes later begin there.</summary>
/// <remarks>
/// Level-triggered: whatever the kernel tells of addresses and routes, it is looked where each peer is reached from now. An address moves only when it has left the machine;
/// that another way is shorter is no reason. What the TUN device has, and what leads into it, is of the inner network: no IKE SA can begin there.
/// </remarks>
internal sealed class OwnAddresses : IDisposable
{
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(1);

    private readonly IkeRunner _runner;
    private readonly AssignedAddresses? _assigned;
    private readonly int _tun;
    private readonly ILogger _log;
    private readonly RouteNetlink _netlink = new();
    private readonly NetworkMonitor _monitor;
    private readonly WakeEvent _wake = new();
    private readonly Thread _thread;
    private int _asked;
    private int _unanswered;
    private bool _over;

    // Owned by the IKE thread: as the file has them, and as they are used; null: none were yet.
    private IReadOnlyList<Connection> _configured;
    private IReadOnlyList<Connection>? _used;

    private OwnAddresses(NodeOptions options, IkeRunner runner, AssignedAddresses? assigned, ILogger log)
    {
        (_runner, _assigned, _log, _configured, _used) = (runner, assigned, log, options.Ike.Connections, options.Ike.Connections);
        _tun = options.Inner?.Tun is { } tun ? RouteNetlink.IndexOf(tun) : 0;
        _monitor = new NetworkMonitor { TopologyChanged = Ask };
        _thread = new Thread(Watch) { IsBackground = true, Name = "addresses" };
        Ask();
        _thread.Start();
    }

    /// <summary>Null where the outer socket has one address and no other.</summary>
    /// <param name="runner">Not started yet: the first look comes before the first message.</param>
    /// <param name="assigned">Hears of the news before the IKE SAs are looked at: the ways to their peers may be its.</param>
    public static OwnAddresses? For(NodeOptions options, IkeRunner runner, AssignedAddresses? assigned, ILogger log) =>
        options.Outer!.Listen.Address is var any && (any.Equals(IPAddress.Any) || any.Equals(IPAddress.IPv6Any)) ? new OwnAddresses(options, runner, assigned, log) : null;

    /// <summary>On the IKE thread: after a reload.</summary>
    public void Use(IReadOnlyList<Connection> configured)
    {
        (_configured, _used) = (configured, null);
        Follow();
    }

    /// <summary>Posts nothing more. Before the runner ends.</summary>
    public void Stop()
    {
        Volatile.Write(ref _over, true);
        _wake.Set();
        _thread.Join();
    }

    /// <summary>When the IKE thread has ended: it may be looking until then.</summary>
    public void Dispose()
    {
        _wake.Dispose();
        _monitor.Dispose();
        _netlink.Dispose();
    }

    private void Watch()
    {
        using var poller = new Poller(_monitor.Fd, _wake.Fd);
        Wire.Instant again = Wire.Instant.Never;
        while (!Volatile.Read(ref _over))
        {
            poller.Wait(again);
            _wake.Reset();
            if (MonotonicClock.Now >= again)
            {
                again = Wire.Instant.Never;
                Ask();
            }

            if (Interlocked.Exchange(ref _unanswered, 0) != 0)
                again = MonotonicClock.Now + LookAgainAfter;
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
        try
        {
            _assigned?.Refresh();
            Look();
        }
        catch (IOException e)
        {
            // The kernel was slow, or had no room for its answer: nothing is known, so nothing moves.
            _log.LogWarning("our own addresses cannot be seen, and are looked at again: {Why}", e.Message);
            Volatile.Write(ref _unanswered, 1);
            _wake.Set();
        }
    }

    private void Look()
    {
        HashSet<IPAddress> here = [.. _netlink.Addresses().Where(each => each.Index != _tun).Select(each => each.Address)];
        Connection[] now = [.. _configured.Select(each => each with { Local = From(here, each.Local, each.Remote) })];
        if (_used is null || !now.Select(each => each.Local).SequenceEqual(_used.Select(each => each.Local)))
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

    private IPEndPoint? From(HashSet<IPAddress> here, IPEndPoint? local, IPEndPoint? remote) => From(_netlink, _tun, here, local, remote);

    /// <summary>Where we are for this peer now; as it was while the kernel names no way, or only one through the tunnel itself.</summary>
    /// <remarks>While a new IPv6 address is not known to be the only one (RFC 4862 5.4), the kernel names the link-local one: no answer from beyond the link comes to it.</remarks>
    /// <param name="here">All addresses but those of the TUN device.</param>
    internal static IPEndPoint? From(RouteNetlink netlink, int tun, HashSet<IPAddress> here, IPEndPoint? local, IPEndPoint? remote) =>
        local is null || remote is null || here.Contains(local.Address) || IPAddress.IsLoopback(local.Address)
        || netlink.Lookup(remote.Address) is not { Source: { } source } way || (tun != 0 && way.Device == tun) || !here.Contains(source)
        || (source.IsIPv6LinkLocal && !remote.Address.IsIPv6LinkLocal)
            ? local
            : new IPEndPoint(source, local.Port);
}
