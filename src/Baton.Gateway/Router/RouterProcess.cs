using Baton.Cluster.Certificates;
using Baton.Cluster.Configuration;
using Baton.Cluster.Protos;
using Baton.Cluster.Records;
using Baton.Crypto.Frames;
using Baton.Gateway.Engine;
using Baton.Linux;
using Baton.Wire;
using Microsoft.Extensions.Logging;

namespace Baton.Gateway.Router;

/// <summary>What a router did with datagrams; each has its counter.</summary>
public enum RouterVerdict
{
    ToActive,
    ToPeer,
    InnerToActive,
    InnerToHost,
    NoActive,
    BadShim,
    BadInner,
    NoRoute,
    Steered,
    BadSteer,
    StaleSteer,
    TooLong,

    /// <summary>An outer datagram without a byte, or one larger than the buffers.</summary>
    Empty,
}

/// <summary>Steers a peer's packets, and the inner hosts', to the active of the highest term it has seen.</summary>
/// <remarks>One thread; no allocation a packet. It keeps nothing: after a restart the next steering frame, at most 10 ms later, tells it all.</remarks>
public sealed class RouterProcess : IDisposable
{
    private readonly UdpBatch _outer;
    private readonly UdpBatch _inner;
    private readonly UdpBatch _control;
    private readonly WakeEvent _stop = new();
    private readonly FrameOpener _opener;
    private readonly string[] _members;
    private readonly UdpEndpoint[] _memberOuter;
    private readonly UdpEndpoint[] _memberInner;
    private readonly InnerHosts _hosts;
    private readonly ILogger _log;
    private readonly NodeOptions _options;
    private readonly TlsMaterial? _tls;
    private readonly long _started = Environment.TickCount64;
    private readonly long[] _frames = new long[Enum.GetValues<FrameVerdict>().Length];
    private readonly long[] _counts = new long[Enum.GetValues<RouterVerdict>().Length];
    private int _active = -1;
    private ulong _term;

    public RouterProcess(NodeOptions options, ClusterKeys keys, TlsMaterial? tls, ILogger log)
    {
        (_options, _tls, _log) = (options, tls, log);
        _members = [.. options.Cluster.Members.Select(m => m.Name)];
        _memberOuter = [.. options.Cluster.Members.Select(m => UdpEndpoint.From(m.Outer!))];
        _memberInner = [.. options.Cluster.Members.Select(m => UdpEndpoint.From(m.Inner!))];
        _hosts = new InnerHosts(options.Inner!.Routes);
        _opener = new FrameOpener(keys.NewestControl, (byte)keys.NewestId, SteerFrame.Label);
        _outer = new UdpBatch(options.Outer!.Listen);
        _inner = new UdpBatch(options.Inner.Listen!);
        _control = new UdpBatch(options.Router!.Control, count: 16, packetBytes: 256, kernelBufferBytes: 1 << 18);
    }

    /// <summary>The member steered to; null before the first steering frame.</summary>
    public string? Active => Volatile.Read(ref _active) is >= 0 and var i ? _members[i] : null;

    public ulong Term => Volatile.Read(ref _term);

    public long Count(RouterVerdict verdict) => Volatile.Read(ref _counts[(int)verdict]);

    public async Task RunAsync(CancellationToken stop)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bool over = false;
        await using CancellationTokenRegistration registration = stop.Register(() =>
        {
            Volatile.Write(ref over, true);
            _stop.Set();
        });
        var thread = new Thread(() =>
        {
            try
            {
                if (Scheduling.TryRealTime(10) is { } refused)
                    _log.LogInformation("router: {Reason}", refused);
                using var poller = new Poller(_control.Fd, _outer.Fd, _inner.Fd, _stop.Fd);
                while (!Volatile.Read(ref over))
                {
                    poller.Wait(Instant.Never);
                    TakeControl();
                    TakeOuter();
                    TakeInner();
                    _outer.Flush();
                    _inner.Flush();
                }

                done.SetResult();
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        })
        { IsBackground = true, Name = "router" };
        thread.Start();
        await using NodeStatusServer? status = await NodeStatusServer.StartAsync(_options, _tls, _ => Task.FromResult(Status()), null, _log);
        _log.LogInformation("router {Name} runs: outer {Outer}, inner {Inner}", _options.Name, _options.Outer!.Listen, _options.Inner!.Listen);
        await done.Task;
    }

    public void Dispose()
    {
        _outer.Dispose();
        _inner.Dispose();
        _control.Dispose();
        _opener.Dispose();
        _stop.Dispose();
    }

    /// <summary>Counters of what else lives in this process. Set before <see cref="RunAsync"/>.</summary>
    public Func<IEnumerable<(string Name, ulong Value)>> MoreCounters { get; set; } = () => [];

    private NodeStatus Status()
    {
        var status = new NodeStatus
        {
            Name = _options.Name,
            Role = "router",
            Pid = Environment.ProcessId,
            UptimeMs = (ulong)(Environment.TickCount64 - _started),
            State = Active is { } active ? $"steers to {active}" : "waits for an active",
            Term = Term,
            MeasuredUnixMs = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
        };
        foreach (RouterVerdict verdict in Enum.GetValues<RouterVerdict>())
            status.Counters["router." + CounterName.Of(verdict.ToString())] = (ulong)Count(verdict);
        foreach (FrameVerdict verdict in Enum.GetValues<FrameVerdict>())
            status.Counters["steer.frame." + CounterName.Of(verdict.ToString())] = (ulong)Volatile.Read(ref _frames[(int)verdict]);
        status.Counters["socket.outer-send-drops"] = (ulong)_outer.SendDrops;
        status.Counters["socket.inner-send-drops"] = (ulong)_inner.SendDrops;
        status.Counters["socket.truncated"] = (ulong)(_outer.Truncated + _inner.Truncated + _control.Truncated);
        status.Counters["process.resident-bytes"] = (ulong)Environment.WorkingSet;
        foreach ((string name, ulong value) in MoreCounters())
            status.Counters[name] = value;
        return status;
    }

    private void Count1(RouterVerdict verdict) => _counts[(int)verdict]++;

    private void TakeControl()
    {
        int got = _control.Receive();
        for (int i = 0; i < got; i++)
        {
            FrameVerdict frame = _opener.Open(_control.Packet(i), MonotonicClock.Now, out Span<byte> text, out _);
            _frames[(int)frame]++;
            if (frame != FrameVerdict.Opened || !SteerFrame.TryParse(text, _members, out int member, out ulong term))
            {
                Count1(RouterVerdict.BadSteer);
                continue;
            }

            if (term < _term)
            {
                Count1(RouterVerdict.StaleSteer);
                continue;
            }

            Count1(RouterVerdict.Steered);
            if (term == _term && member == _active)
                continue;
            Volatile.Write(ref _term, term);
            Volatile.Write(ref _active, member);
            _log.LogInformation("router: steering to {Member}, term {Term}", _members[member], term);
        }
    }

    private void TakeOuter()
    {
        int got = _outer.Receive();
        for (int i = 0; i < got; i++)
        {
            Span<byte> packet = _outer.Packet(i);
            if (packet.IsEmpty)
            {
                Count1(RouterVerdict.Empty);
                continue;
            }

            UdpEndpoint from = _outer.From(i);
            if (Array.IndexOf(_memberOuter, from) >= 0)
            {
                // From any member, active or not: a deposed one harms nobody (P8), and its last packets are worth delivering.
                if (!Shim.TryRead(packet, out UdpEndpoint peer))
                {
                    Count1(RouterVerdict.BadShim);
                    continue;
                }

                _outer.Send(packet[Shim.Length..], peer);
                Count1(RouterVerdict.ToPeer);
            }
            else if (_active < 0)
            {
                Count1(RouterVerdict.NoActive);
            }
            else if (packet.Length + Shim.Length > _outer.PacketBytes)
            {
                Count1(RouterVerdict.TooLong);
            }
            else
            {
                Span<byte> buffer = _outer.Reserve();
                Shim.Write(buffer, from);
                packet.CopyTo(buffer[Shim.Length..]);
                _outer.Queue(packet.Length + Shim.Length, _memberOuter[_active]);
                Count1(RouterVerdict.ToActive);
            }
        }
    }

    private void TakeInner()
    {
        int got = _inner.Receive();
        for (int i = 0; i < got; i++)
        {
            Span<byte> packet = _inner.Packet(i);
            if (!IpPacket.TryParse(packet, out IpPacket ip))
            {
                Count1(RouterVerdict.BadInner);
                continue;
            }

            UdpEndpoint from = _inner.From(i);
            if (Array.IndexOf(_memberInner, from) >= 0)
            {
                if (!_hosts.TryFind(ip.Destination, out UdpEndpoint host))
                {
                    Count1(RouterVerdict.NoRoute);
                    continue;
                }

                _inner.Send(packet, host);
                Count1(RouterVerdict.InnerToHost);
                continue;
            }

            _hosts.Learn(ip.Source, from);
            if (_active < 0)
            {
                Count1(RouterVerdict.NoActive);
                continue;
            }

            _inner.Send(packet, _memberInner[_active]);
            Count1(RouterVerdict.InnerToActive);
        }
    }
}
