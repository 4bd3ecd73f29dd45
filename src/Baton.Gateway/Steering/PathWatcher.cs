using Baton.Cluster.Configuration;
using Baton.Linux;
using Baton.Linux.Neighbours;
using Baton.Linux.Netlink;
using Baton.Redundancy.Tracking;
using Baton.Wire;

namespace Baton.Gateway.Steering;

/// <summary>Reads the kernel's news of links and asks next hops, and tells the tracker. It decides nothing.</summary>
/// <remarks>A thread of its own: netlink may be busy with a hundred thousand routes, and the data thread must not wait for it.</remarks>
public sealed class PathWatcher : IDisposable
{
    private readonly TrackOptions _options;
    private readonly Action<PathInput> _tell;
    private readonly WakeEvent _stop = new();
    private readonly RouteNetlink _netlink = new();
    private readonly NetworkMonitor _monitor;
    private readonly (string Name, NeighbourProbe Probe)[] _probes;
    private readonly Thread _thread;
    private bool _over;

    /// <param name="tell">Called on the watcher's thread; must not block.</param>
    /// <exception cref="IOException">A device is missing, or a right.</exception>
    public PathWatcher(TrackOptions options, Action<PathInput> tell)
    {
        (_options, _tell) = (options, tell);
        _monitor = new NetworkMonitor { LinkChanged = OnLink, LinkGone = _ => TellLinks() };
        foreach (TrackedLink link in options.Links)
        {
            if (RouteNetlink.IndexOf(link.Device) == 0)
                throw new IOException($"[track] {link.Name}: there is no network device {link.Device}");
        }

        _probes = [.. options.NextHops.Select(h => ($"next hop {h.Address}", new NeighbourProbe(h.Device, h.Address)))];
        _thread = new Thread(Run) { IsBackground = true, Name = "paths" };
        _thread.Start();
    }

    public void Dispose()
    {
        Volatile.Write(ref _over, true);
        _stop.Set();
        if (!_thread.Join(TimeSpan.FromSeconds(2)))
            return;
        _stop.Dispose();
        _monitor.Dispose();
        _netlink.Dispose();
        foreach ((string _, NeighbourProbe probe) in _probes)
            probe.Dispose();
    }

    private void Run()
    {
        _ = Scheduling.TryRealTime(14);
        TellLinks();
        bool asked = false;
        Instant next = MonotonicClock.Now;
        using var poller = new Poller(_monitor.Fd, _stop.Fd);
        while (!Volatile.Read(ref _over))
        {
            poller.Wait(next);
            if (!_monitor.Take())
                TellLinks();  // news were lost
            Instant now = MonotonicClock.Now;
            if (now < next)
                continue;
            foreach ((string name, NeighbourProbe probe) in _probes)
            {
                bool answered = probe.TakeAnswer();
                if (asked)
                    _tell(new PathInput.Probe(name, answered));
                probe.Send();
            }

            asked = true;
            _tell(new PathInput.Tick());
            next = Instant.Max(next + _options.Interval, now);
        }
    }

    private void TellLinks()
    {
        foreach (TrackedLink link in _options.Links)
        {
            int index = RouteNetlink.IndexOf(link.Device);
            _tell(new PathInput.Link(link.Name, index != 0 && _netlink.Link(index) is { Works: true }));
        }
    }

    private void OnLink(LinkState state)
    {
        foreach (TrackedLink link in _options.Links)
        {
            if (link.Device == state.Name)
                _tell(new PathInput.Link(link.Name, state.Works));
        }
    }
}
