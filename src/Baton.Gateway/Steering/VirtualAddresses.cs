using System.Collections.Concurrent;
using System.Net.Sockets;
using Baton.Cluster.Configuration;
using Baton.Linux;
using Baton.Linux.Neighbours;
using Baton.Linux.Netlink;
using Baton.Wire;
using Microsoft.Extensions.Logging;

namespace Baton.Gateway.Steering;

/// <summary>Takes the virtual addresses when this member becomes active, tells the neighbours, and gives them up when it is no more.</summary>
/// <remarks>
/// <code>
///   active:   add each address -> announce at 0, 50, 200, 1000 ms (a frame may be lost; some neighbours heed the second only)
///   standby:  remove each address, announce no more
///   start:    remove what a crash left behind, before this member can be anything; hear from now on who asks for an IPv6 one
/// </code>
/// A thread of its own with real-time priority: a netlink call may wait for the kernel's lock, and the data thread must not.
/// </remarks>
public sealed class VirtualAddresses : IDisposable
{
    private readonly VirtualOptions _options;
    private readonly ILogger _log;
    private readonly RouteNetlink _netlink = new();
    private readonly Announcer _announcer = new();
    private readonly SolicitedNodes _asked = new();
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    private readonly Func<bool>? _takenAway;
    private readonly WakeEvent _wake = new();
    private readonly ConcurrentQueue<(bool Active, ulong Term, Instant At)> _roles = new();
    private readonly Thread _thread;
    private bool _stop;
    private bool _has;
    private ulong _term;
    private Instant _since;
    private int _announced;
    private long _moves;
    private long _failures;
    private long _lastTook;

    /// <param name="takenAway">Asked now and then while the addresses are here: were they taken from this member, and should be put back? Null: never.</param>
    /// <exception cref="IOException">A device is missing, or a right.</exception>
    public VirtualAddresses(VirtualOptions options, ILogger log, Func<bool>? takenAway = null)
    {
        (_options, _log, _takenAway) = (options, log, takenAway);
        foreach (VirtualAddress each in options.Addresses)
        {
            int index = RouteNetlink.IndexOf(each.Device);
            if (index == 0)
                throw new IOException($"[[virtual.address]] {each.Address}: there is no network device {each.Device}");
            if (_netlink.RemoveAddress(index, each.Address.Address, each.Address.PrefixLength))
                log.LogWarning("removed the virtual address {Address} that an earlier run left on {Device}", each.Address, each.Device);
            if (each.Address.Address.AddressFamily == AddressFamily.InterNetworkV6)
                _asked.Join(index, each.Address.Address);
        }

        _thread = new Thread(Run) { IsBackground = true, Name = "addresses" };
        _thread.Start();
    }

    /// <summary>How often the addresses were taken.</summary>
    public long Moves => Volatile.Read(ref _moves);

    /// <summary>Announcements sent: frames.</summary>
    public long Announcements => _announcer.Sent;

    /// <summary>Addresses that the kernel refused to add or remove.</summary>
    public long Failures => Volatile.Read(ref _failures);

    /// <summary>From the role's change to the first announcement, the last time.</summary>
    public TimeSpan LastTook => TimeSpan.FromTicks(Volatile.Read(ref _lastTook) / 100);

    /// <summary>From any thread; does not block.</summary>
    public void Follow(bool active, ulong term)
    {
        _roles.Enqueue((active, term, MonotonicClock.Now));
        _wake.Set();
    }

    /// <summary>Gives the addresses up and ends.</summary>
    public void Dispose()
    {
        Volatile.Write(ref _stop, true);
        _wake.Set();
        if (!_thread.Join(TimeSpan.FromSeconds(2)))
            return;  // the kernel holds it: what it uses must stay
        _wake.Dispose();
        _netlink.Dispose();
        _announcer.Dispose();
        _asked.Dispose();
    }

    private void Run()
    {
        _ = Scheduling.TryRealTime(15);
        using var poller = new Poller(_wake.Fd);
        while (!Volatile.Read(ref _stop))
        {
            Instant until = _has && _takenAway is not null ? MonotonicClock.Now + LookEvery : Instant.Never;
            if (_has && _announced < _options.AnnounceAt.Count)
                until = Instant.Min(until, _since + _options.AnnounceAt[_announced]);
            poller.Wait(until);
            _wake.Reset();
            while (_roles.TryDequeue(out (bool Active, ulong Term, Instant At) role))
            {
                if (role.Active && !_has)
                    Take(role.Term, role.At);
                else if (!role.Active && _has)
                    GiveUp();
                else if (role.Active)
                    (_since, _announced) = (role.At, 0);  // a higher term of our own: say it again
            }

            if (_has && _takenAway?.Invoke() == true)
            {
                _log.LogWarning("the sentinel took the virtual addresses while the data path hung; putting them back");
                Take(_term, MonotonicClock.Now);
            }

            if (_has && _announced < _options.AnnounceAt.Count && MonotonicClock.Now >= _since + _options.AnnounceAt[_announced])
            {
                _announced++;
                Announce();
            }
        }

        if (_has)
            GiveUp();
    }

    private void Take(ulong term, Instant at)
    {
        (_has, _term, _since, _announced) = (true, term, at, 1);
        foreach (VirtualAddress each in _options.Addresses)
            Try(each, index => _netlink.AddAddress(index, each.Address.Address, each.Address.PrefixLength));
        Announce();
        Volatile.Write(ref _lastTook, MonotonicClock.Now.Nanoseconds - at.Nanoseconds);
        Volatile.Write(ref _moves, _moves + 1);
        _log.LogInformation("took the virtual addresses {Addresses} in term {Term}, {Microseconds} us after the change", List(), term, (long)LastTook.TotalMicroseconds);
    }

    private void GiveUp()
    {
        _has = false;
        foreach (VirtualAddress each in _options.Addresses)
            Try(each, index => _netlink.RemoveAddress(index, each.Address.Address, each.Address.PrefixLength));
        _log.LogInformation("gave up the virtual addresses {Addresses}", List());
    }

    private void Announce()
    {
        foreach (VirtualAddress each in _options.Addresses)
        {
            Try(each, index =>
            {
                if (_netlink.Link(index) is { } link)
                    _announcer.Announce(link, each.Address.Address);
            });
        }
    }

    private void Try(VirtualAddress each, Action<int> action)
    {
        try
        {
            action(RouteNetlink.IndexOf(each.Device));
        }
        catch (IOException e)
        {
            Volatile.Write(ref _failures, _failures + 1);
            _log.LogError("virtual address {Address} on {Device}: {Error}", each.Address, each.Device, e.Message);
        }
    }

    private string List() => string.Join(", ", _options.Addresses.Select(a => $"{a.Address} on {a.Device}"));
}
