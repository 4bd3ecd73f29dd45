using System.Net;
using Baton.Linux;
using Baton.Voice.Shell;
using Baton.Wire;

namespace Baton.Voice.Observers;

/// <summary>Two threads that forward each datagram first and count it then; and, on command, send old ones again.</summary>
internal sealed class WireTap : IDisposable
{
    private readonly ObserverOptions _options;
    private readonly DatagramPort _peerSide;
    private readonly DatagramPort _routerSide;
    private readonly SocketAddress _router;
    private readonly Thread[] _threads;
    private SocketAddress? _peer;

    public WireTap(ObserverOptions options)
    {
        _options = options;
        Record = new WireRecord(options.MaxRecordMiB << 20);
        foreach (uint spi in options.AeadSpis ?? [])
            Detector.TellAead(spi);
        foreach (uint spi in options.WatchSpis ?? [])
            Detector.Watch(spi);
        _router = options.Router.Serialize();
        _peer = options.Peer?.Serialize();
        _peerSide = new DatagramPort(options.PeerSide);
        try
        {
            _routerSide = new DatagramPort(options.RouterSide);
        }
        catch
        {
            _peerSide.Dispose();
            throw;
        }

        _threads =
        [
            PacketThread.Create("to cluster", PacketThread.InPath, ForwardToCluster),
            PacketThread.Create("to peer", PacketThread.InPath, ForwardToPeer),
        ];
    }

    public IPEndPoint PeerSide => _peerSide.Local;

    public IPEndPoint RouterSide => _routerSide.Local;

    /// <summary>Guards all that follows: both forwarding threads write it, commands read it.</summary>
    public Lock Gate { get; } = new();

    public RepeatDetector Detector { get; } = new();

    public WireRecord Record { get; }

    public WireCounters Counters { get; } = new();

    public void Start()
    {
        foreach (Thread thread in _threads)
            thread.Start();
    }

    /// <summary>Sends again, in its direction and from the right address, each recorded packet of the interval. Not observed, not recorded.</summary>
    public (long ToPeer, long ToCluster, long Skipped) Inject(Instant from, Instant before, double perSecond, CancellationToken cancellation)
    {
        int count;
        lock (Gate)
            count = Record.Count;
        long[] sent = [0, 0];
        long skipped = 0;
        var grid = new Probes.SendGrid(perSecond, MonotonicClock.Now);
        for (int i = 0; i < count && !cancellation.IsCancellationRequested; i++)
        {
            RecordedPacket packet;
            lock (Gate)
                packet = Record[i];
            if (packet.At < from)
                continue;
            if (packet.At >= before)
            {
                skipped++;
                continue;
            }

            while (!grid.TryTake(MonotonicClock.Now))
                MonotonicClock.SleepUntil(grid.Due);
            if (Send(packet.Bytes.Span, packet.Direction))
                sent[(int)packet.Direction]++;
        }

        lock (Gate)
        {
            Counters.InjectedToPeer += sent[(int)WireDirection.ToPeer];
            Counters.InjectedToCluster += sent[(int)WireDirection.ToCluster];
        }

        return (sent[(int)WireDirection.ToPeer], sent[(int)WireDirection.ToCluster], skipped);
    }

    /// <summary>Passes the newest recorded packet of a direction once more as if it came now: a repeat that must be found.</summary>
    public bool TryPlant(WireDirection direction, out uint spi, out ulong number)
    {
        spi = 0;
        number = 0;
        lock (Gate)
        {
            for (int i = Record.Count - 1; i >= 0; i--)
            {
                RecordedPacket packet = Record[i];
                if (packet.Direction != direction)
                    continue;
                ReadOnlySpan<byte> bytes = packet.Bytes.Span;
                Send(bytes, direction);
                Count(bytes, direction, MonotonicClock.Now, record: false);
                spi = WirePacket.Spi(bytes);
                number = Detector.Find(spi, direction)?.Last ?? 0;
                return true;
            }
        }

        return false;
    }

    /// <summary>Stops forwarding and writes the record.</summary>
    public void Stop()
    {
        Dispose();
        foreach (Thread thread in _threads)
            thread.Join();
        if (_options.Record is { } path)
        {
            var anywhere = new IPEndPoint(IPAddress.Any, 0);
            IPEndPoint peer = _options.Peer ?? (_peer is { Family: not System.Net.Sockets.AddressFamily.Unix } ? (IPEndPoint)anywhere.Create(_peer) : anywhere);
            PcapFile.Write(path, Record, peer, PeerSide);
        }
    }

    public void Dispose()
    {
        _peerSide.Dispose();
        _routerSide.Dispose();
    }

    private void ForwardToCluster()
    {
        var buffer = new byte[DatagramPort.LongestDatagram];
        var from = new SocketAddress(_options.PeerSide.AddressFamily);
        while (_peerSide.Receive(buffer, from) is var bytes and >= 0)
        {
            if (Volatile.Read(ref _peer) is not { } peer)
                Volatile.Write(ref _peer, peer = Copy(from));
            Forward(buffer.AsSpan(0, bytes), WireDirection.ToCluster, known: KnownSenders.IsSame(peer, from));
        }
    }

    private void ForwardToPeer()
    {
        var buffer = new byte[DatagramPort.LongestDatagram];
        var from = new SocketAddress(_options.RouterSide.AddressFamily);
        while (_routerSide.Receive(buffer, from) is var bytes and >= 0)
            Forward(buffer.AsSpan(0, bytes), WireDirection.ToPeer, known: KnownSenders.IsSame(_router, from) && Volatile.Read(ref _peer) is not null);
    }

    private void Forward(ReadOnlySpan<byte> datagram, WireDirection direction, bool known)
    {
        if (!known)
        {
            lock (Gate)
                Counters.Foreign++;
            return;
        }

        Instant now = MonotonicClock.Now;
        Send(datagram, direction);
        lock (Gate)
            Count(datagram, direction, now, record: true);
    }

    private void Count(ReadOnlySpan<byte> datagram, WireDirection direction, Instant now, bool record)
    {
        WireKind kind = WirePacket.Classify(datagram);
        Counters.Count(kind, direction);
        if (kind != WireKind.Esp)
            return;
        Detector.Observe(datagram, direction, now);
        if (record)
            Record.Append(datagram, direction, now);
    }

    private bool Send(ReadOnlySpan<byte> datagram, WireDirection direction) => direction == WireDirection.ToPeer
        ? Volatile.Read(ref _peer) is { } peer && _peerSide.Send(datagram, peer)
        : _routerSide.Send(datagram, _router);

    private static SocketAddress Copy(SocketAddress address)
    {
        var copy = new SocketAddress(address.Family, address.Size);
        address.Buffer.Span[..address.Size].CopyTo(copy.Buffer.Span);
        return copy;
    }
}
