using System.Collections.Concurrent;
using Baton.Cluster.Configuration;
using Baton.Cluster.Heartbeats;
using Baton.Cluster.Records;
using Baton.Cluster.Session;
using Baton.Cluster.Sync;
using Baton.Crypto.Frames;
using Baton.Gateway.DataPath;
using Baton.Gateway.Router;
using Baton.Gateway.Sentinel;
using Baton.Linux;
using Baton.Redundancy.Handlers;
using Baton.Redundancy.Members;
using Baton.Redundancy.Records;
using Baton.Wire;
using Microsoft.Extensions.Logging;

namespace Baton.Gateway.Engine;

/// <summary>The one data thread of a gateway: it owns packets, SAs and the member's core. All else talks to it through <see cref="Post(MemberInput)"/>.</summary>
/// <remarks>
/// One turn of the loop:
/// <code>
///  wait (sockets, wake, next tick; at most 5 ms)
///    -> what others posted -> sync -> heartbeats -> outer -> inner -> core's tick -> records to build -> flush
/// </code>
/// Every input goes to the core, every output of the core is performed here, in order. Progress is reported once a turn: a turn that does not
/// come within the sentinel's patience is a hang.
/// </remarks>
internal sealed partial class GatewayEngine : IDisposable
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(5);

    /// <summary>What others posted waits for the next turn after so long: packets come between.</summary>
    private static readonly TimeSpan PostedPerTurn = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan SteerEvery = TimeSpan.FromMilliseconds(10);

    private readonly NodeOptions _options;
    private readonly ILogger _log;
    private readonly string[] _memberNames;
    private readonly Dictionary<string, UdpEndpoint> _memberSync;
    private readonly UdpEndpoint[] _routers;
    private readonly RecordSealer _sealer;
    private readonly UdpBatch _sync;
    private readonly UdpBatch _heartbeat;
    private readonly UdpBatch _steer;
    private readonly WakeEvent _wake = new();
    private readonly ConcurrentQueue<Action<GatewayEngine>> _posted = new();
    private readonly HeartbeatListener _listener;
    private readonly FrameSealer _steerSealer;
    private readonly byte[] _steerText = new byte[SteerFrame.MaximumLength];
    private readonly List<MemberOutput> _outputs = [];
    private readonly List<(Incarnation Of, WitnessView View)> _views = [];
    private Instant _nextTick;
    private Instant _nextSteer;
    private Instant _nextDetect;
    private bool _active;
    private bool _stop;
    private bool _besideHasMore;

    public GatewayEngine(NodeOptions options, ClusterKeys keys, Incarnation self, ILogger log)
    {
        (_options, _log) = (options, log);
        Self = self;
        _memberNames = [.. options.Cluster.Members.Select(m => m.Name)];
        _memberSync = options.Cluster.Members.ToDictionary(m => m.Name, m => UdpEndpoint.From(m.Sync));
        _routers = [.. options.Cluster.Routers.Select(r => UdpEndpoint.From(r.Control))];
        _sealer = new RecordSealer(keys);
        MemberAddress own = options.Self!;
        Path = new PacketPath(options, isPeer: false);
        _sync = new UdpBatch(own.Sync, count: 64, packetBytes: SyncCodec.LargestDatagram + 1_024, kernelBufferBytes: 8 << 20);
        _heartbeat = new UdpBatch(own.Heartbeat, count: 32, packetBytes: 512, kernelBufferBytes: 1 << 18);
        _steer = new UdpBatch(Senders.At(own.Sync), count: 8, packetBytes: 256, kernelBufferBytes: 1 << 16);
        _listener = new HeartbeatListener(keys.NewestControl.ToArray(), (byte)keys.NewestId, _memberNames, options.Heartbeat.Interval, options.Heartbeat.Multiplier);
        _steerSealer = new FrameSealer(keys.NewestControl, (byte)keys.NewestId, SteerFrame.Label, self.Nonce);
        _codec = new SyncCodec(_memberNames);
        _sink = new SealingSink(this, new FrameSealer(keys.Newest, (byte)keys.NewestId, "sync", self.Nonce));
        _syncOpener = new FrameOpener(keys.Newest, (byte)keys.NewestId, "sync");
        Core = new MemberCore(self, PolicyOf(options.Redundancy));
        _builder = new SaBuilder(_sealer, Path, _wake.Set, bug => Post(_ => throw new InvalidOperationException("an SA could not be built", bug)));
    }

    public Incarnation Self { get; }

    public MemberCore Core { get; }

    public PacketPath Path { get; }

    public HandlerSession? Session { get; set; }

    public SentinelClient? Sentinel { get; set; }

    /// <summary>Completed when the thread has ended; faulted with the bug that ended it.</summary>
    public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string? NoRealTime { get; private set; }

    public void Start()
    {
        _builder.Start();
        new Thread(Run) { IsBackground = true, Name = "engine" }.Start();
    }

    /// <summary>From any thread: run this on the engine, soon.</summary>
    public void Post(Action<GatewayEngine> action)
    {
        _posted.Enqueue(action);
        _wake.Set();
    }

    public void Post(MemberInput input) => Post(engine => engine.Feed(input));

    public void RequestStop() => Post(engine => engine._stop = true);

    public void Dispose()
    {
        _builder.Dispose();
        Ike?.Dispose();
        Path.Dispose();
        Beside?.Dispose();
        _sync.Dispose();
        _heartbeat.Dispose();
        _steer.Dispose();
        _wake.Dispose();
        _listener.Dispose();
        _steerSealer.Dispose();
        _sink.Dispose();
        _syncOpener.Dispose();
        _sealer.Dispose();
    }

    private static MemberPolicy PolicyOf(RedundancyOptions options)
    {
        var usual = new MemberPolicy();
        return usual with
        {
            LeaseTime = options.LeaseTime ?? usual.LeaseTime,
            LeaseMinimum = options.LeaseMinimum ?? usual.LeaseMinimum,
            CeilingTick = options.CeilingTick ?? usual.CeilingTick,
            HandlerPatience = options.HandlerPatience ?? usual.HandlerPatience,
            RequestTimeout = options.RequestTimeout ?? usual.RequestTimeout,
            DesigneePatience = options.DesigneePatience ?? usual.DesigneePatience,
        };
    }

    private void Run()
    {
        try
        {
            NoRealTime = Scheduling.TryRealTime(10);
            if (NoRealTime is not null)
                _log.LogWarning("{Reason}", NoRealTime);
            using var poller = new Poller([.. Path.Fds, Beside?.Fd ?? -1, _sync.Fd, _heartbeat.Fd, _wake.Fd]);
            Path.Watch(poller);
            while (!_stop)
                Turn(poller);
            Ended.TrySetResult();
        }
        catch (Exception e)
        {
            // A broken invariant is a bug: stop at once and let the standby prove itself.
            _log.LogCritical(e, "the engine stopped on a broken invariant");
            Ended.TrySetException(e);
        }
    }

    private void Turn(Poller poller)
    {
        Instant now = MonotonicClock.Now;
        Instant until = Instant.Min(now + LongestWait, Instant.Min(_nextTick, _nextDetect));
        if (_active)
            until = Instant.Min(until, _nextSteer);
        if (_draining is { } drain)
            until = Instant.Min(until, drain);
        if (_builder.HasBuilt || !_posted.IsEmpty || HasIkeWork || _besideHasMore || Core.HasWork || (_active && _registeredTo < _configured.Length))
            until = now;
        Path.Wait(poller, until);
        Sentinel?.ReportProgress();
        now = MonotonicClock.Now;
        Meter.Begin(now);

        if (poller.IsReady(_wake.Fd))
            _wake.Reset();
        Instant enough = now + PostedPerTurn;
        while (MonotonicClock.Now < enough && _posted.TryDequeue(out Action<GatewayEngine>? action))
            action(this);
        Meter.End(TurnPart.Posted);
        if (poller.IsReady(_sync.Fd))
            TakeSync(now);
        Meter.End(TurnPart.Sync);
        if (poller.IsReady(_heartbeat.Fd))
            TakeHeartbeats(now);
        Detect(now);
        Meter.End(TurnPart.Heartbeats);
        Path.TakeOuter(now);
        Meter.End(TurnPart.Outer);
        Path.TakeInner();
        Beside?.Take(now);
        Meter.End(TurnPart.Inner);
        if (Core.HasWork || now >= _nextTick)
            Feed(TickInput);
        if (_draining is { } due && now >= due)
            ReportDrained();
        if (_active && now >= _nextSteer)
            Steer(now);
        Meter.End(TurnPart.Core);
        TellEndpoints(now);
        if (_active)
            Path.KeepAlive(now);
        TakeBuilt();
        Path.TendTraps(now);
        RegisterSome();
        ForgetSome();
        TendIke(now);
        _besideHasMore = Beside?.Tend(now) == true;
        Meter.End(TurnPart.Records);
        Turns++;
        Path.Flush();
        _sync.Flush();
        Meter.End(TurnPart.Flush);
        if (Meter.End() is { } word)
            _log.LogWarning("{Turn}", word);
    }

    /// <summary>How long the turns are.</summary>
    public TurnMeter Meter { get; } = new();

    private static readonly MemberInput.Tick TickInput = new();

    /// <summary>Turns of the loop so far.</summary>
    public long Turns { get; private set; }

    /// <summary>One input to the core, and all that it wants done. Engine thread only.</summary>
    public void Feed(MemberInput input)
    {
        Instant now = MonotonicClock.Now;
        int from = _outputs.Count;
        _nextTick = Core.Step(input, now, _outputs);

        // Performing an output never steps the core, so what was appended is all there is.
        for (int i = from; i < _outputs.Count; i++)
            Perform(_outputs[i], now);
        _outputs.RemoveRange(from, _outputs.Count - from);
    }

    private void TakeHeartbeats(Instant now)
    {
        int got = _heartbeat.Receive();
        for (int i = 0; i < got; i++)
            _listener.Take(_heartbeat.Packet(i), now, _views);
    }

    /// <summary>What heartbeats, or their absence, say of the others goes to the core.</summary>
    private void Detect(Instant now)
    {
        if (now >= _nextDetect)
        {
            _listener.Detector.Tick(now, _views);
            _nextDetect = now + _options.Heartbeat.Interval;
        }

        foreach ((Incarnation of, WitnessView view) in _views)
        {
            if (of.Member == Self.Member)
                continue;
            _log.LogInformation("witness: {Member} is {View}", of, view);
            if (view is WitnessView.Suspected or WitnessView.Dead)
                CountSuspicion(view);
            Feed(new MemberInput.Witness(of, view));
        }

        _views.Clear();
    }

    private void Steer(Instant now)
    {
        int length = SteerFrame.Write(_steerText, Self.Member, Core.Term);
        foreach (UdpEndpoint router in _routers)
            _steer.Queue(_steerSealer.Seal(_steerText.AsSpan(0, length), _steer.Reserve()), router);
        _steer.Flush();
        _nextSteer = now + SteerEvery;
    }
}
