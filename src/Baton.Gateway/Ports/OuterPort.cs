using System.Net;
using Baton.Cluster.Configuration;
using Baton.Linux;
using Baton.Linux.EspRuns;
using Baton.Linux.Sockets;

namespace Baton.Gateway.Ports;

/// <summary>Where an outer packet came from, which of our addresses it came to, and the traffic class of its header.</summary>
internal readonly record struct Arrival(UdpEndpoint Peer, UdpEndpoint Local = default, byte TrafficClass = 0);

/// <summary>How an outer packet goes: to whom, from which of our addresses (default: the kernel's choice), with which traffic class, and whether it may be fragmented.</summary>
internal readonly record struct Departure(UdpEndpoint Peer, UdpEndpoint Local = default, byte TrafficClass = 0, bool DontFragment = true);

/// <summary>The outer side of the data path: UDP 4500 and 500 on one or more addresses, and raw ESP. Gives and takes in batches. One owner thread, no allocation a packet.</summary>
/// <remarks>The answer to a packet leaves from the address and port that it came to. A peer with port 0 speaks raw ESP.</remarks>
internal sealed class OuterPort : IDisposable
{
    /// <summary>RFC 7296 2.23: on this port IKE has no marker, and ESP does not come here.</summary>
    public const int IkePort = 500;

    private readonly OuterSocket[] _sockets;

    /// <summary>All of them; raw ESP in runs is the first, where there is it.</summary>
    private readonly IOuterSocket[] _ways;
    private readonly EspRunSocket? _runs;
    private readonly string _whyNoRuns = "";
    private readonly int[] _taken;
    private IOuterSocket _reserved = null!;
    private UdpEndpoint _reservedPeer;
    private UdpEndpoint _reservedLocal;
    private Poller? _poller;
    private int _current;
    private int _currentFirst;

    /// <param name="options">Null: there is no outer side, and nothing may be sent.</param>
    /// <param name="espDevices">Where raw ESP comes in.</param>
    /// <param name="linkMtu">The least of those devices.</param>
    public OuterPort(OuterOptions? options, IReadOnlyCollection<int> espDevices, int linkMtu)
    {
        (_sockets, _ways, _taken) = ([], [], []);
        if (options is null)
            return;
        var sockets = new List<OuterSocket>();
        try
        {
            foreach (IPEndPoint listen in options.AllListens)
                sockets.Add(new OuterSocket(listen, OuterKind.Udp, offloads: listen.Port == IkePort || !options.Offload ? OuterOffloads.None : OuterOffloads.All));
            if (options.RawEsp)
            {
                foreach (IPAddress address in options.AllListens.Select(l => l.Address).Distinct())
                    sockets.Add(new OuterSocket(new IPEndPoint(address, 0), OuterKind.RawEsp));
            }
        }
        catch
        {
            sockets.ForEach(s => s.Dispose());
            throw;
        }

        _sockets = [.. sockets];
        if (options.RawEsp)
            _runs = options.Offload ? OpenRuns(espDevices, linkMtu, out _whyNoRuns) : null;
        _ways = _runs is null ? [.. _sockets] : [_runs, .. _sockets];
        _taken = new int[_ways.Length];
        _reserved = _sockets[0];
    }

    /// <summary>Raw ESP in runs, if the kernel has what it takes.</summary>
    private EspRunSocket? OpenRuns(IReadOnlyCollection<int> devices, int linkMtu, out string why) =>
        EspRunSocket.TryOpen([.. _sockets.Where(s => s.Kind == OuterKind.RawEsp)], devices, linkMtu, out why);

    /// <summary>For a poller.</summary>
    public IEnumerable<int> Fds => _ways.Select(s => s.Fd);

    /// <summary>The first address and port that it listens at.</summary>
    public UdpEndpoint Local => _sockets.Length == 0 ? default : _sockets[0].Local;

    public int PacketBytes => _sockets.Length == 0 ? 0 : _sockets[0].PacketBytes;

    public long SendDrops => _ways.Sum(s => s.SendDrops);

    /// <summary>For the log: where it listens, and which offloads the kernel has granted.</summary>
    public string Description => string.Join(", ", _sockets.Select(s => s.Kind == OuterKind.RawEsp ? $"raw ESP at {s.Local.Address}" + (_runs is not null ? _runs.IsGone ? " packet by packet (its pair of devices is gone or down)" : " in runs" : _whyNoRuns.Length > 0 ? $" packet by packet ({_whyNoRuns})" : "") : $"{s.Local} with " + s.Offloads switch
    {
        OuterOffloads.All => "UDP_SEGMENT and UDP_GRO",
        OuterOffloads.Send => "UDP_SEGMENT",
        OuterOffloads.Receive => "UDP_GRO",
        _ => "no offloads",
    }));

    /// <summary>Told once a socket, in words for the log, when an offload is given up.</summary>
    public Action<string>? Note
    {
        get => _sockets.FirstOrDefault()?.Note;
        set
        {
            Array.ForEach(_sockets, s => s.Note = value);
            _runs?.Note = value;
        }
    }

    /// <summary>Messages taken that were several packets.</summary>
    public long Joined => _ways.Sum(s => s.JoinedMessages);

    /// <summary>Messages sent that were several packets.</summary>
    public long Merged => _ways.Sum(s => s.RunsSent);

    /// <summary>Such messages that the kernel refused; their packets went one by one.</summary>
    public long RunsRefused => _sockets.Sum(s => s.RunsRefused);

    /// <summary>Packets of raw ESP that went one by one, though others go in runs.</summary>
    public long EspOrdinary => _runs?.Ordinary ?? 0;

    public long Truncated => _ways.Sum(s => s.Truncated);

    /// <summary>From now on only sockets that this poller, which has <see cref="Fds"/>, found ready are asked.</summary>
    public void Watch(Poller poller) => _poller = poller;

    /// <summary>Takes what waits at all sockets, at most a batch each. 0: nothing waits.</summary>
    public int Take()
    {
        (_current, _currentFirst) = (0, 0);
        MayHaveMore = false;
        int count = 0;
        for (int i = 0; i < _ways.Length; i++)
        {
            count += _taken[i] = _poller is null || _poller.IsReady(_ways[i].Fd) ? _ways[i].Receive() : 0;
            MayHaveMore |= _taken[i] > 0 && _ways[i].MayHaveMore;
        }

        return count;
    }

    /// <summary>The batch is gone through once more.</summary>
    public void Rewind() => (_current, _currentFirst) = (0, 0);

    /// <summary>The last <see cref="Take"/> filled the batch of a socket: more may wait.</summary>
    public bool MayHaveMore { get; private set; }

    /// <summary>The i-th packet of the batch, ascending; without IP and UDP header. May be changed in place until the next <see cref="Take"/>.</summary>
    public Span<byte> Packet(int i, out Arrival arrival)
    {
        while (i - _currentFirst >= _taken[_current])
            _currentFirst += _taken[_current++];
        IOuterSocket socket = _ways[_current];
        socket.Envelope(i - _currentFirst, out UdpEndpoint local, out byte trafficClass);
        arrival = new Arrival(socket.From(i - _currentFirst), local, trafficClass);
        return socket.Packet(i - _currentFirst);
    }

    /// <summary>The buffer of the next packet to send this way. Good until <see cref="Queue"/>.</summary>
    public Span<byte> Reserve(in Departure departure)
    {
        // Packets come in runs to one peer: the sockets are gone through when it changes.
        if (departure.Peer != _reservedPeer || departure.Local != _reservedLocal)
            (_reserved, _reservedPeer, _reservedLocal) = (SocketFor(departure), departure.Peer, departure.Local);
        return _reserved.Reserve();
    }

    /// <summary>Queues the first bytes of the buffer that was reserved for the same departure.</summary>
    public void Queue(int length, in Departure departure) =>
        _reserved.Queue(length, departure.Peer, _reserved is OuterSocket { IsAnyAddress: false } ? default : departure.Local.Address, departure.TrafficClass, departure.DontFragment);

    public void Flush()
    {
        foreach (IOuterSocket way in _ways)
            way.Flush();
    }

    /// <summary>Hears what kernel and routers say of path MTUs. Cheap when they say nothing.</summary>
    public void TakeErrors(PathMtuNews news)
    {
        foreach (OuterSocket socket in _sockets)
        {
            if (socket.HasErrors)
                socket.TakeErrors(news);
        }
    }

    public void Dispose()
    {
        foreach (IOuterSocket way in _ways)
            way.Dispose();
    }

    /// <summary>The socket that the departure names; else the first of its kind and family that is not for IKE alone.</summary>
    private IOuterSocket SocketFor(in Departure departure)
    {
        if (_runs is not null && departure.Peer.IsRaw)
            return _runs;
        (OuterKind kind, bool isV4) = (departure.Peer.IsRaw ? OuterKind.RawEsp : departure.Peer.IsBackplane ? OuterKind.Backplane : OuterKind.Udp, departure.Peer.Address.IsV4);
        OuterSocket? usual = null;
        foreach (OuterSocket socket in _sockets)
        {
            if (socket.Kind != kind || socket.IsV4 != isV4)
                continue;
            bool isPort = socket.Local.Port == departure.Local.Port;
            if (isPort && (socket.IsAnyAddress || socket.Local.Address == departure.Local.Address))
                return socket;
            if (usual is null || (usual.Local.Port == IkePort && socket.Local.Port != IkePort))
                usual = socket;
        }

        return usual ?? _sockets[0];  // of another family: the kernel refuses it, and it is counted
    }
}
