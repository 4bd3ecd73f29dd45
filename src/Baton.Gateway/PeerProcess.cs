using Baton.Cluster.Certificates;
using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Crypto;
using Baton.Esp;
using Baton.Gateway.DataPath;
using Baton.Gateway.Engine;
using Baton.Linux;
using Baton.Redundancy.Records;
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
        var done = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => Run(done)) { IsBackground = true, Name = "engine" }.Start();
        await using NodeStatusServer? status = await NodeStatusServer.StartAsync(_options, _tls, asked => Task.FromResult(Status(asked.WithSas)), _log);
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

    public void Dispose()
    {
        _path.Dispose();
        _wake.Dispose();
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
            using var poller = new Poller([.. _path.Outer.Fds, _path.Inner.Fd, _wake.Fd]);
            while (!Volatile.Read(ref _stop))
            {
                poller.Wait(_path.NextKeepalive);
                _path.TakeOuter(MonotonicClock.Now);
                _path.TakeInner();
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

    private P.NodeStatus Status(bool withSas)
    {
        var status = new P.NodeStatus
        {
            Name = _options.Name,
            Role = "peer",
            Pid = Environment.ProcessId,
            State = "running",
            UptimeMs = (ulong)(Environment.TickCount64 - _started),
            Ciphers = CipherProvider.Description,
            SaCount = (uint)(_path.OutboundSas.Count + _path.InboundSas.Count),
            SaReady = (uint)(_path.OutboundSas.Count + _path.InboundSas.Count),
            MeasuredUnixMs = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
        };
        foreach (EspVerdict verdict in Enum.GetValues<EspVerdict>())
            status.Counters["esp." + CounterName.Of(verdict.ToString())] = (ulong)_path.Counters[verdict];
        status.Counters["esp.sealed"] = (ulong)_path.SealedPackets;
        foreach ((string name, ulong value) in _path.OffloadCounters())
            status.Counters[name] = value;
        status.Counters["process.resident-bytes"] = (ulong)Environment.WorkingSet;
        if (!withSas)
            return status;

        // The peer's SAs do not change while it runs: other threads may walk them.
        foreach (OutboundEntry entry in _path.OutboundSas.Values)
            status.Sas.Add(new P.SaStatus { Id = entry.Id.Value, Direction = SaDirectionOut, Spi = entry.Sa.Spi, Suite = entry.Sa.Suite.ToString(), Next = entry.Next, Ready = true, KeyCheck = entry.KeyCheck, Packets = (ulong)entry.Packets });
        foreach (InboundEntry entry in _path.InboundSas.Values)
            status.Sas.Add(new P.SaStatus { Id = entry.Id.Value, Direction = SaDirectionIn, Spi = entry.Sa.Spi, Suite = entry.Sa.Suite.ToString(), Next = entry.Sa.Window.Top, Ready = true, KeyCheck = entry.KeyCheck, Packets = (ulong)entry.Packets });
        return status;
    }

    // Its own view: outbound is towards the cluster.
    private const P.SaDirection SaDirectionOut = P.SaDirection.Outbound;
    private const P.SaDirection SaDirectionIn = P.SaDirection.Inbound;
}
