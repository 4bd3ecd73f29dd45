using Baton.Crypto;
using Baton.Cluster.Certificates;
using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Cluster.Session;
using Baton.Gateway.Engine;
using Baton.Gateway.Sentinel;
using Baton.Gateway.Steering;
using Baton.Linux;
using Baton.Redundancy.Members;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Baton.Redundancy.Tracking;
using Microsoft.Extensions.Logging;

namespace Baton.Gateway;

/// <summary>A member: the engine, the session with the handler, the sentinel, and the status service around them.</summary>
/// <remarks>An orderly stop is a planned switchover: surrender, hand over until nothing has come for a second, then end. Each wait is bounded.</remarks>
public sealed class GatewayProcess : IHandlerSessionEvents, IDisposable
{
    private static readonly TimeSpan SurrenderPatience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan QuietPatience = TimeSpan.FromSeconds(5);

    private readonly NodeOptions _options;
    private readonly ClusterKeys _keys;
    private readonly TlsMaterial _tls;
    private readonly ILogger _log;
    private readonly (string File, string[] Arguments) _sentinelCommand;
    private readonly GatewayEngine _engine;
    private readonly MemberExtension? _extension;
    private readonly Hooks _hooks;
    private VirtualAddresses? _addresses;
    private PathWatcher? _paths;
    private long _turnsSeen;

    /// <param name="sentinelCommand">The program and arguments that run <see cref="SentinelProcess.Main"/>.</param>
    /// <param name="extension">What it carries in place of ESP; null: ESP.</param>
    public GatewayProcess(
        NodeOptions options, ClusterKeys keys, TlsMaterial tls, (string File, string[] Arguments) sentinelCommand, ILoggerFactory logs, MemberExtension? extension = null)
    {
        (_options, _keys, _tls, _sentinelCommand, _extension) = (options, keys, tls, sentinelCommand, extension);
        _log = logs.CreateLogger(extension is null ? "gateway" : "media");
        foreach (Rights.Lack lack in Rights.Missing(options))
            _log.Log(lack.Stops ? LogLevel.Error : LogLevel.Warning, "{Lack}", lack);
        Span<byte> nonce = stackalloc byte[8];
        System.Security.Cryptography.RandomNumberGenerator.Fill(nonce);
        _engine = new GatewayEngine(options, keys, new Incarnation(options.Name, BitConverter.ToUInt64(nonce)), _log);
        if (extension is not null)
            _engine.Use(extension.Path);
        _hooks = new Hooks(options.Hooks, new Dictionary<string, string>
        {
            ["BATON_MEMBER"] = options.Name,
            ["BATON_CLUSTER"] = options.Cluster.Id,
            ["BATON_ADDRESS"] = string.Join(' ', options.Virtual.Addresses.Select(a => a.Address)),
        }, _log);
    }

    /// <summary>Runs until <paramref name="stop"/>; then stops in order.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        Scheduling.NoCoreDump();
        Scheduling.TryNice(-20);
        System.Runtime.GCSettings.LatencyMode = System.Runtime.GCLatencyMode.SustainedLowLatency;
        WarmUp.Run(_keys);
        if (_options.Virtual.Addresses.Count > 0)
            _addresses = new VirtualAddresses(_options.Virtual, _log, TakenAway);
        _engine.OnRole = (active, term) =>
        {
            _addresses?.Follow(active, term);
            _hooks.Follow(active, term);
        };
        _engine.MoreCounters = SteeringCounters;
        if (_options.Heartbeat.Sentinel)
            _engine.Sentinel = new SentinelClient(SentinelOptionsFor, _sentinelCommand, text => _log.LogError("{Text}", text));
        await using var session = new HandlerSession(
            new HandlerSessionOptions(_options.Cluster.Id, _engine.Self, [.. _options.Cluster.Handlers.Select(h => h.Session)]),
            _tls, this, _engine.StatusAsync, _log);
        _engine.Session = session;
        _engine.UseIke();
        ConfiguredSa[] configured = _engine.Tagged(_options.StaticSas);
        _engine.Post(engine => engine.SetConfigured(configured));
        _engine.Path.TellOffloads(text => _log.LogInformation("{Text}", text));
        _engine.Start();
        session.Start();
        var gaveUp = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_options.Track.IsUsed)
        {
            _engine.Tracker = new PathTracker(new TrackPolicy { Misses = _options.Track.Misses, Settle = _options.Track.Settle });
            _engine.OnGiveUp = _ => gaveUp.TrySetResult();
            _paths = new PathWatcher(_options.Track, input => _engine.Post(engine => engine.TakePath(input)));
        }

        await using NodeStatusServer? status = await NodeStatusServer.StartAsync(_options, _tls, _engine.StatusAsync, _engine.IkeCommandAsync, _log, _extension);
        _log.LogInformation("ciphers by {Library}", CipherProvider.Description);
        if (_extension is not null)
            _log.LogInformation("{Member} runs", _engine.Self);
        else
            _log.LogInformation("{Member} runs: outer {Outer}, inner {Inner}; {Sas} pairs of SAs configured",
                _engine.Self, _options.Outer!.Listen, _options.Inner!.Tun ?? _options.Inner.Listen!.ToString(), configured.Length);

        await Task.WhenAny(Task.Delay(Timeout.Infinite, stop), _engine.Ended.Task, gaveUp.Task);
        if (_engine.Ended.Task.IsFaulted)
        {
            // No orderly word: the sentinel must call this a death. The addresses go before the next active takes them.
            _addresses?.Dispose();
            Environment.Exit(134);
        }

        await StopInOrderAsync();
        _engine.RequestStop();
        await _engine.Ended.Task;
        _paths?.Dispose();
        _paths = null;
        _addresses?.Dispose();
        _addresses = null;
        _engine.Sentinel?.Dispose();
        await _hooks.QuietAsync(_options.Hooks.Timeout);
        return gaveUp.Task.IsCompleted ? 1 : 0;  // whoever supervises it starts it again: as a standby
    }

    public void Dispose()
    {
        _paths?.Dispose();
        _addresses?.Dispose();
        _engine.Dispose();
    }

    /// <summary>Takes a checked configuration over without a restart: SAs and, by the caller, the level of the log.</summary>
    public void Reload(NodeOptions options)
    {
        ConfiguredSa[] configured = _engine.Tagged(options.StaticSas);
        _engine.Post(engine => engine.SetConfigured(configured));
        _engine.Ike?.Runner.Post(new Baton.Ike.IkeInput.SetConnections(options.Ike.Connections));
        _engine.Post(engine => engine.Path.SetTraps(options.Ike));
    }

    void IHandlerSessionEvents.Connected()
    {
        _log.LogInformation("connected to the handler");
        _engine.Post(new MemberInput.HandlerConnected());
    }

    void IHandlerSessionEvents.SnapshotPart(ClusterRecord cluster, IReadOnlyList<SaRecord> records) =>
        _engine.Post(new MemberInput.SnapshotPart(cluster, records));

    void IHandlerSessionEvents.Changed(LedgerChange change) => _engine.Post(new MemberInput.Changed(change));

    void IHandlerSessionEvents.Replied(ulong requestId, HandlerReply reply) => _engine.Post(new MemberInput.Replied(requestId, reply));

    void IHandlerSessionEvents.Lost(string reason)
    {
        _log.LogWarning("the handler cannot be reached ({Reason}); going on with the leases there are", reason);
        _engine.Post(new MemberInput.HandlerLost());
    }

    void IHandlerSessionEvents.SwitchoverAsked(string? to) => _engine.Post(new MemberInput.BeginSwitchover(to));

    private IEnumerable<(string Name, ulong Value)> SteeringCounters()
    {
        if (_addresses is { } addresses)
        {
            yield return ("virtual.moves", (ulong)addresses.Moves);
            yield return ("virtual.announcements", (ulong)addresses.Announcements);
            yield return ("virtual.failures", (ulong)addresses.Failures);
            yield return ("virtual.last-took-us", (ulong)addresses.LastTook.TotalMicroseconds);
        }

        if (_engine.Tracker is { } tracker)
        {
            yield return ("paths.good", tracker.Health == PathHealth.Good ? 1UL : 0UL);
            yield return ("paths.handovers", (ulong)_engine.PathHandovers);
        }

        yield return ("hooks.runs", (ulong)_hooks.Runs);
        yield return ("hooks.failures", (ulong)_hooks.Failures);
    }

    /// <summary>The sentinel took the addresses from a data path that hung; true once it moves again.</summary>
    private bool TakenAway()
    {
        if (_engine.Sentinel is not { HasTakenAddresses: true } sentinel)
            return false;
        long turns = Interlocked.Exchange(ref _turnsSeen, _engine.Turns);
        if (turns == _turnsSeen)
            return false;
        sentinel.HasTakenAddresses = false;
        return true;
    }

    private async Task StopInOrderAsync()
    {
        var handedOver = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _engine.Post(engine =>
        {
            engine.Leaving = true;
            if (!engine.Core.IsActive)
            {
                handedOver.TrySetResult();
                return;
            }

            _log.LogInformation("stopping: a planned switchover first");
            engine.OnRole += (active, _) =>
            {
                if (!active)
                    handedOver.TrySetResult();
            };
            engine.Feed(new MemberInput.BeginSwitchover(null));
        });
        if (await Task.WhenAny(handedOver.Task, Task.Delay(SurrenderPatience)) != handedOver.Task)
            _log.LogWarning("nobody could take over within {Seconds} s: stopping without", SurrenderPatience.TotalSeconds);
        if (_engine.SurrenderDone != true)
            return;
        long until = Environment.TickCount64 + (long)QuietPatience.TotalMilliseconds;
        while (!_engine.HandoverIsQuiet && Environment.TickCount64 < until)
            await Task.Delay(20);
    }

    private readonly (ulong UnixMs, long MonotonicNs) _started = ((ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), MonotonicClock.Now.Nanoseconds);

    private SentinelOptions SentinelOptionsFor(string block)
    {
        MemberAddress own = _options.Self!;
        return new SentinelOptions
        {
            Block = block,
            Member = _engine.Self.Member,
            Nonce = _engine.Self.Nonce,
            ClusterKey = _keys.NewestControl.ToArray(),
            KeyId = (byte)_keys.NewestId,
            Targets =
            [
                .. _options.Cluster.Members.Where(m => m.Name != own.Name).Select(m => m.Heartbeat.ToString()),
                .. _options.Cluster.Handlers.Select(h => h.Heartbeat.ToString()),
            ],
            From = Senders.At(own.Heartbeat).ToString(),
            IntervalMicroseconds = (int)_options.Heartbeat.Interval.TotalMicroseconds,
            Addresses = [.. _options.Virtual.Addresses.Select(a => $"{a.Address}@{a.Device}")],
            HangAfterMicroseconds = (int)_options.Heartbeat.HangAfter.TotalMicroseconds,
            GatewayStartedUnixMs = _started.UnixMs,
            GatewayStartedMonotonicNs = _started.MonotonicNs,
        };
    }
}
