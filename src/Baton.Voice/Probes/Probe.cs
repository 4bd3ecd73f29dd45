using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using Baton.Linux;
using Baton.Voice.Inner;
using Baton.Voice.Shell;
using Baton.Wire;

namespace Baton.Voice.Probes;

/// <summary>Sends a steady stream each way and signs of life on further flows, and counts what comes out: one thread sends, one an end receives.</summary>
internal sealed class Probe : IDisposable
{
    private readonly ProbeOptions _options;
    private readonly DatagramPort _peerPort;
    private readonly DatagramPort _clusterPort;
    private readonly KnownSenders _senders;
    private readonly SocketAddress _peerGateway;
    private readonly SocketAddress _clusterGateway;
    private readonly ulong _session = BinaryPrimitives.ReadUInt64BigEndian(RandomNumberGenerator.GetBytes(8));
    private readonly Direction[] _directions = [new(), new()];
    private readonly Thread[] _threads;
    private readonly ManualResetEventSlim _checkOver = new();
    private FlowCheck? _check;
    private uint _lastCheck;
    private volatile int _rate;
    private volatile bool _stopping;
    private long _foreign;

    public Probe(ProbeOptions options)
    {
        _options = options;
        _rate = options.Rate;
        _peerPort = new DatagramPort(options.PeerLocal, options.PeerSpace);
        try
        {
            _clusterPort = new DatagramPort(options.ClusterLocal, options.ClusterSpace);
        }
        catch
        {
            _peerPort.Dispose();
            throw;
        }

        _senders = new KnownSenders([options.PeerGateway, options.ClusterGateway, .. options.AlsoFrom ?? []]);
        _peerGateway = options.PeerGateway.Serialize();
        _clusterGateway = options.ClusterGateway.Serialize();
        _threads =
        [
            PacketThread.Create("probe at peer", PacketThread.AtEnd, () => Listen(_peerPort, ProbeDirection.ToPeer)),
            PacketThread.Create("probe at cluster", PacketThread.AtEnd, () => Listen(_clusterPort, ProbeDirection.FromPeer)),
            PacketThread.Create("probe sends", PacketThread.AtEnd, Send),
        ];
    }

    public IPEndPoint PeerLocal => _peerPort.Local;

    public IPEndPoint ClusterLocal => _clusterPort.Local;

    /// <summary>Datagrams that no probe sent, or that came from a stranger.</summary>
    public long Foreign => Interlocked.Read(ref _foreign);

    public int Rate
    {
        get => _rate;
        set => _rate = value;
    }

    public void Start()
    {
        foreach (Thread thread in _threads)
            thread.Start();
    }

    /// <summary>Looks at one direction's counters with the threads kept away.</summary>
    public T Look<T>(ProbeDirection which, Func<ProbeCounters, ProbeCounters, T> look)
    {
        Direction direction = _directions[(int)which];
        lock (direction.Gate)
            return look(direction.Stream, direction.Flows);
    }

    /// <summary>Asks each further flow for a packet each way; blocks until all have passed or time is up.</summary>
    public FlowCheck Check(TimeSpan timeout)
    {
        var check = new FlowCheck(++_lastCheck, _options.Flows, MonotonicClock.Now, timeout);
        _checkOver.Reset();
        Volatile.Write(ref _check, check);
        _checkOver.Wait(timeout + TimeSpan.FromSeconds(1));
        Volatile.Write(ref _check, null);
        return check;
    }

    /// <summary>Stops sending and counting; the counters stay.</summary>
    public void Stop()
    {
        _stopping = true;
        _threads[2].Join();
        _peerPort.Dispose();
        _clusterPort.Dispose();
        _threads[0].Join();
        _threads[1].Join();
    }

    public void Dispose()
    {
        _stopping = true;
        _peerPort.Dispose();
        _clusterPort.Dispose();
        _checkOver.Dispose();
    }

    private void Send()
    {
        var packet = new byte[ProbePacket.PacketBytes];
        Instant now = MonotonicClock.Now;
        int rate = _rate;
        var stream = new SendGrid(rate, now);
        // One point of this grid is one flow's turn, both ways.
        var turns = new SendGrid(_options.Flows / _options.FlowPeriodSeconds, now);
        uint turn = 0;
        while (!_stopping)
        {
            now = MonotonicClock.Now;
            if (rate != _rate)
            {
                rate = _rate;
                stream.Restart(rate, now);
            }

            while (stream.TryTake(now))
            {
                SendOne(packet, ProbeKind.Stream, ProbeDirection.ToPeer, 0, 0);
                SendOne(packet, ProbeKind.Stream, ProbeDirection.FromPeer, 0, 0);
            }

            while (turns.TryTake(now))
            {
                SendOne(packet, ProbeKind.Flow, ProbeDirection.ToPeer, turn, 0);
                SendOne(packet, ProbeKind.Flow, ProbeDirection.FromPeer, turn, 0);
                turn = (turn + 1) % (uint)_options.Flows;
            }

            if (Volatile.Read(ref _check) is { } check)
            {
                while (check.TryNext(now, out uint flow, out ProbeDirection direction))
                    SendOne(packet, ProbeKind.Check, direction, flow, check.Id);
                if (check.IsOver(now))
                    _checkOver.Set();
            }

            // At least each millisecond: a check, a new rate or the end may be waiting.
            MonotonicClock.SleepUntil(Instant.Min(Instant.Min(stream.Due, turns.Due), now + TimeSpan.FromMilliseconds(1)));
        }
    }

    private void SendOne(Span<byte> packet, ProbeKind kind, ProbeDirection which, uint flow, uint check)
    {
        Direction direction = _directions[(int)which];
        Instant now = MonotonicClock.Now;
        ulong counter;
        lock (direction.Gate)
            counter = (kind == ProbeKind.Stream ? direction.Stream : direction.Flows).Send(now);
        int bytes = new ProbePacket(kind, which, flow, check, counter, now, _session).Write(packet);
        ReadOnlySpan<byte> sent = _options.Plain ? packet.Slice(InnerUdp.HeaderBytes, ProbePacket.PayloadBytes) : packet[..bytes];
        if (which == ProbeDirection.ToPeer)
            _clusterPort.Send(sent, _clusterGateway);
        else
            _peerPort.Send(sent, _peerGateway);
    }

    private void Listen(DatagramPort port, ProbeDirection which)
    {
        var buffer = new byte[DatagramPort.LongestDatagram];
        var from = new SocketAddress(port.Local.AddressFamily);
        Direction direction = _directions[(int)which];
        while (port.Receive(buffer, from) is var bytes and >= 0)
        {
            Instant now = MonotonicClock.Now;
            if (!_senders.Knows(from)
                || !(_options.Plain
                    ? ProbePacket.TryParsePayload(buffer.AsSpan(0, bytes), out ProbePacket packet) && packet.Kind == ProbeKind.Stream
                    : ProbePacket.TryParse(buffer.AsSpan(0, bytes), _options.Flows, out packet))
                || packet.Session != _session
                || packet.Direction != which)
            {
                Interlocked.Increment(ref _foreign);
                continue;
            }

            lock (direction.Gate)
                (packet.Kind == ProbeKind.Stream ? direction.Stream : direction.Flows).Receive(packet.Counter, packet.Sent, now);
            if (packet.Kind == ProbeKind.Check && Volatile.Read(ref _check) is { } check && check.Id == packet.Check)
                check.Arrived(packet.Flow, which);
        }
    }

    /// <summary>One direction's counters, under their gate: the sender and one receiver share them.</summary>
    private sealed class Direction
    {
        public Lock Gate { get; } = new();

        public ProbeCounters Stream { get; } = new();

        public ProbeCounters Flows { get; } = new();
    }
}
