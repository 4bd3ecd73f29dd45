using System.Collections.Concurrent;
using Baton.Cluster.Certificates;
using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Crypto;
using Baton.Esp;
using Baton.Gateway.DataPath;
using Baton.Gateway.Engine;
using Baton.Gateway.Ike;
using Baton.Linux;
using Baton.Redundancy.Records;
using Baton.Wire;
using Microsoft.Extensions.Logging;
using P = Baton.Cluster.Protos;

namespace Baton.Gateway;

/// <summary>The same data path alone: a client or a branch gateway, which talks to the cluster as to one gateway.</summary>
/// <remarks>
/// Keyed by its configuration it must never use a key twice: its numbers start at 1 with each process. So it writes down a check value of each
/// key before it uses it, and refuses one that stands there (RFC 8221 3; negotiation ends this).
/// </remarks>
public sealed class PeerProcess : IDisposable
{
    private readonly NodeOptions _options;
    private readonly TlsMaterial? _tls;
    private readonly ILogger _log;
    private readonly PacketPath _path;
    private readonly WakeEvent _wake = new();
    private readonly long _started = Environment.TickCount64;
    private readonly ConcurrentQueue<Action<PacketPath>> _posted = new();
    private readonly TaskCompletionSource<int> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LoneIke? _ike;
    private bool _stop;

    public PeerProcess(NodeOptions options, TlsMaterial? tls, ILoggerFactory logs)
    {
        (_options, _tls) = (options, tls);
        _log = logs.CreateLogger("peer");
        foreach (Rights.Lack lack in Rights.Missing(options))
            _log.Log(lack.Stops ? LogLevel.Error : LogLevel.Warning, "{Lack}", lack);
        _path = new PacketPath(options, isPeer: true);
    }

    public async Task<int> RunAsync(CancellationToken stop)
    {
        if (!_options.Ike.IsNone)
        {
            _ike = new LoneIke(_options, _path, Post, _log);
            _ike.Runner.Failed = e => _failed.TrySetException(e);
        }

        if (UsedKeys(out string[] fresh) is { } used)
        {
            _log.LogError("the key of {Sa} was used by an earlier run: its numbers would repeat. Give every SA a new key, then start again", used);
            return 1;
        }

        await File.AppendAllLinesAsync(UsedKeysFile, fresh, stop);
        ulong id = 1;
        foreach (StaticSa sa in _options.StaticSas)
        {
            SaDescription toPeer = sa.ToPeer();
            SaDescription fromPeer = sa.FromPeer();
            _path.AddInbound(Record(id++, SaDirection.Inbound, toPeer), toPeer, null);
            _path.AddOutbound(Record(id++, SaDirection.Outbound, fromPeer), fromPeer, null);
            toPeer.Wipe();
            fromPeer.Wipe();
        }

        _path.TellOffloads(text => _log.LogInformation("{Text}", text));
        TaskCompletionSource<int> done = _failed;
        new Thread(() => Run(done)) { IsBackground = true, Name = "engine" }.Start();
        _ike?.Runner.Start();
        await using NodeStatusServer? status = await NodeStatusServer.StartAsync(_options, _tls, StatusAsync, IkeCommandAsync, _log);
        _log.LogInformation("ciphers by {Library}", CipherProvider.Description);
        _log.LogInformation("peer {Name} runs: outer {Outer}, towards {Remote}, {Sas} pairs of SAs",
            _options.Name, _options.Outer!.Listen, _options.Outer.Remote, _options.StaticSas.Count);
        await using CancellationTokenRegistration registration = stop.Register(() =>
        {
            Volatile.Write(ref _stop, true);
            _wake.Set();
        });
        return await done.Task;
    }

    /// <summary>Takes a checked configuration's connections over without a restart. Who started without any negotiates nothing.</summary>
    public void Reload(NodeOptions options)
    {
        _ike?.SetConnections(options.Ike.Connections);
        Post(path => path.SetTraps(options.Ike));
    }

    public void Dispose()
    {
        _ike?.Dispose();
        _path.Dispose();
        _wake.Dispose();
    }

    private static readonly TimeSpan TellEvery = TimeSpan.FromMilliseconds(500);

    private void Post(Action<PacketPath> action)
    {
        _posted.Enqueue(action);
        _wake.Set();
    }

    private string UsedKeysFile => _options.File + ".used-keys";

    private static SaRecord Record(ulong id, SaDirection direction, SaDescription description) =>
        new(new SaId(id), direction, description.Spi, default, KeyCheckValue.Of(description.Key), 0, 0, 0, 0, 0, default);

    private string? UsedKeys(out string[] fresh)
    {
        HashSet<string> used = File.Exists(UsedKeysFile) ? [.. File.ReadAllLines(UsedKeysFile)] : [];
        var lines = new List<string>();
        fresh = [];
        foreach (StaticSa sa in _options.StaticSas)
        {
            string line = KeyCheckValue.Of(sa.KeyFromPeer).ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
            if (!used.Add(line))
                return sa.Name;
            lines.Add(line);
        }

        fresh = [.. lines];
        return null;
    }

    private void Run(TaskCompletionSource<int> done)
    {
        try
        {
            if (Scheduling.TryRealTime(10) is { } refused)
                _log.LogInformation("{Reason}", refused);
            using var poller = new Poller([.. _path.Fds, _wake.Fd]);
            Instant tell = MonotonicClock.Now + TellEvery;
            _path.Watch(poller);
            while (!Volatile.Read(ref _stop))
            {
                _path.Wait(poller, _ike is null ? _path.NextKeepalive : Instant.Min(tell, _path.NextKeepalive));
                if (poller.IsReady(_wake.Fd))
                    _wake.Reset();
                while (_posted.TryDequeue(out Action<PacketPath>? action))
                    action(_path);
                if (_ike is not null && MonotonicClock.Now >= tell)
                {
                    _ike.Tell(_path);
                    tell = MonotonicClock.Now + TellEvery;
                }

                _path.TakeOuter(MonotonicClock.Now);
                _path.TakeInner();
                _path.TendTraps(MonotonicClock.Now);
                _path.KeepAlive(MonotonicClock.Now);
                _path.Flush();
            }

            done.SetResult(0);
        }
        catch (Exception e)
        {
            _log.LogCritical(e, "the engine stopped on a broken invariant");
            done.SetException(e);
        }
    }

    private SaReport? _sas;

    internal async Task<P.NodeStatus> StatusAsync(P.StatusRequest asked)
    {
        P.NodeStatus status = new();
        await OnDataThread(path => status = Summary(path));
        await (_sas ??= new SaReport(_path, action => OnDataThread(_ => action()))).FillAsync(status, asked, _ike?.Runner);
        if (_ike is not null)
        {
            await IkeDesk.FillAsync(status, _ike.Runner, asked);
            foreach ((string name, ulong value) in IkeDesk.Counters(_ike.Runner))
                status.Counters[name] = value;
        }

        return status;
    }

    internal async Task<P.IkeReply> IkeCommandAsync(P.IkeCommand command) => _ike is null
        ? new P.IkeReply { Detail = "the SAs of this peer are keyed by its configuration" }
        : await IkeDesk.CommandAsync(_ike.Runner, command, async name =>
        {
            IReadOnlyList<ulong> pairs = [];
            await OnDataThread(path => pairs = path.PairsOf(name));
            return pairs;
        });

    private Task<Task> OnDataThread(Action<PacketPath> action)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(path =>
        {
            action(path);
            done.SetResult();
        });
        return Task.WhenAny(done.Task, _failed.Task);
    }

    private P.NodeStatus Summary(PacketPath path)
    {
        var status = new P.NodeStatus
        {
            Name = _options.Name,
            Role = "peer",
            Pid = Environment.ProcessId,
            State = "running",
            UptimeMs = (ulong)(Environment.TickCount64 - _started),
            Ciphers = CipherProvider.Description,
            Offloads = path.Offloads,
            SaCount = (uint)(path.OutboundSas.Count + path.InboundSas.Count),
            SaReady = (uint)(path.OutboundSas.Count + path.InboundSas.Count),
            MeasuredUnixMs = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
        };
        foreach (EspVerdict verdict in Enum.GetValues<EspVerdict>())
            status.Counters["esp." + CounterName.Of(verdict.ToString())] = (ulong)path.Counters[verdict];
        status.Counters["esp.sealed"] = (ulong)path.SealedPackets;
        status.Counters["ike.sent"] = (ulong)path.IkeSent;
        foreach ((string name, ulong value) in path.OffloadCounters())
            status.Counters[name] = value;
        status.Counters["process.resident-bytes"] = (ulong)Environment.WorkingSet;
        return status;
    }
}
