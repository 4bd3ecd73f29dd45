using System.Net;
using Baton.Cluster.Configuration;
using Baton.Cluster.Heartbeats;
using Baton.Cluster.Records;
using Baton.Linux;
using Baton.Redundancy.Records;
using Baton.Redundancy.Handlers;
using Baton.Wire;
using Microsoft.Extensions.Logging;

namespace Baton.Handler;

/// <summary>The handler's own witness: hears the sentinels, and tells the loop when its view of a member changes.</summary>
/// <remarks>A thread of its own, so that no commit and no session makes it late; if it was late all the same, the detector says nothing (DESIGN 5).</remarks>
internal sealed class Witness : IDisposable
{
    private readonly UdpBatch _socket;
    private readonly WakeEvent _stop = new();
    private readonly HeartbeatListener _listener;
    private readonly Action<HandlerInput> _tell;
    private readonly TimeSpan _interval;
    private readonly ILogger _log;
    private readonly Thread _thread;
    private volatile bool _stopping;

    public Witness(NodeOptions options, ClusterKeys keys, Action<HandlerInput> tell, ILogger log)
    {
        HeartbeatOptions heartbeat = options.Heartbeat;
        (_tell, _interval, _log) = (tell, heartbeat.Interval, log);
        _socket = new UdpBatch(options.Handler!.Heartbeat);
        _listener = new HeartbeatListener(keys.NewestControl.ToArray(), (byte)keys.NewestId, [.. options.Cluster.Members.Select(m => m.Name)],
            heartbeat.Interval, heartbeat.Multiplier);
        _thread = new Thread(Run) { Name = "witness", IsBackground = true };
    }

    public IPEndPoint Endpoint => _socket.Local.ToIPEndPoint();

    public IEnumerable<KeyValuePair<string, ulong>> Counters()
    {
        yield return new("heartbeat.accepted", (ulong)_listener.Accepted);
        yield return new("heartbeat.malformed", (ulong)_listener.Malformed);
        yield return new("heartbeat.late", (ulong)_listener.Detector.TimesLate);
        yield return new("heartbeat.falseSuspicions", (ulong)_listener.Detector.FalseSuspicions);
        yield return new("heartbeat.earlierLives", (ulong)_listener.Detector.EarlierLives);
        foreach (Crypto.Frames.FrameVerdict verdict in Enum.GetValues<Crypto.Frames.FrameVerdict>())
        {
            if (verdict != Crypto.Frames.FrameVerdict.Opened) yield return new($"heartbeat.refused.{verdict}", (ulong)_listener.Refused(verdict));
        }
    }

    public void Start() => _thread.Start();

    public void Dispose()
    {
        _stopping = true;
        _stop.Set();
        if (_thread.IsAlive) _thread.Join();
        _socket.Dispose();
        _stop.Dispose();
        _listener.Dispose();
    }

    private void Run()
    {
        if (Scheduling.TryRealTime(2) is { } reason) HandlerLog.NoRealTime(_log, reason);
        var changes = new List<(Incarnation Of, WitnessView View)>();
        using var poller = new Poller(_socket.Fd, _stop.Fd);
        while (!_stopping)
        {
            Instant next = Instant.Min(_listener.Detector.Tick(MonotonicClock.Now, changes), MonotonicClock.Now + _interval);
            Tell(changes);
            poller.Wait(next);

            // Bounded, so that a flood of garbage does not keep the tick away.
            for (int batch = 0; batch < 16 && !_stopping; batch++)
            {
                int count = _socket.Receive();
                if (count == 0) break;
                Instant now = MonotonicClock.Now;
                for (int i = 0; i < count; i++) _listener.Take(_socket.Packet(i), now, changes);
                Tell(changes);
            }
        }
    }

    private void Tell(List<(Incarnation Of, WitnessView View)> changes)
    {
        foreach ((Incarnation of, WitnessView view) in changes) _tell(new HandlerInput.Witness(of, view));
        changes.Clear();
    }
}
