using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Crypto;
using Baton.Esp;
using Baton.Esp.Mtu;
using Baton.Gateway.Ports;
using Baton.Gateway.Router;
using Baton.Ike;
using Baton.Linux;
using Baton.Redundancy.Leases;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Gateway.DataPath;

/// <summary>The way of packets through a gateway or a peer: sockets, SAs, selectors, verdicts. One owner thread, no allocation a packet.</summary>
/// <remarks>
/// <code>
/// inner port -> selectors -> lease -> seal -> [shim] -> outer port
/// outer port -> [shim] -> SPI -> window -> open -> selectors -> ceiling -> mark -> inner port
///                                                                   \-> held, until the standby confirms
/// </code>
/// </remarks>
internal sealed partial class PacketPath : IDisposable
{
    /// <summary>Full ones.</summary>
    private const int HeldPackets = 4_096;

    private readonly bool _viaRouter;
    private readonly bool _isPeer;
    private readonly UdpEndpoint _remote;
    private readonly Dictionary<SaId, OutboundEntry> _outbound = [];
    private readonly Dictionary<SaId, InboundEntry> _inbound = [];
    private readonly SaTable<InboundEntry> _bySpi = new();
    private readonly Dictionary<uint, OutboundEntry> _outboundBySpi = [];
    private readonly SelectorTable _selectors = new();

    /// <summary>Of the outbound SA that was added last.</summary>
    private SaSelector[] _newestSource = [];
    private readonly HeldQueue _held = new(HeldPackets, 2_048);
    private readonly Gathering _gathering = new();
    private Poller? _poller;
    private int _taken;
    private bool _moreWaits;

    public PacketPath(NodeOptions options, bool isPeer)
    {
        _isPeer = isPeer;
        _viaRouter = options.Outer is { ViaRouter: true };
        _remote = options.Outer?.Remote is { } remote ? UdpEndpoint.From(remote) : default;
        Ahead = new LookAhead(_bySpi, _selectors);
        _routers = [_remote, .. options.Cluster.Routers.Where(router => router.Outer is not null).Select(router => UdpEndpoint.From(router.Outer!)).Where(router => router != _remote)];
        (IReadOnlyCollection<int> devices, int linkMtu) = OuterMtu.Links(options);
        Outer = new OuterPort(options.Outer, devices, linkMtu);
        KeepaliveEvery = options.Outer?.NatKeepalive;
        _staticBehindNat = options.Outer is { StaticBehindNat: true };
        _fragmentPolicy = options.Outer?.Fragment ?? FragmentPolicy.Copy;
        _paths = new PathMtuTable(OuterMtu.Find(options));
        _news = HearPath;
        _traps = new TrapTable(options.Ike);
        Inner = options.Inner is null ? new NoInnerPort() : options.Inner.Tun is null ? new UdpInnerPort(options.Inner) : new TunInnerPort(options.Inner, options.Inner.Mtu ?? OuterMtu.OfTunnel(options, _paths.Usual));
    }

    public LookAhead Ahead { get; }

    public OuterPort Outer { get; }

    public IInnerPort Inner { get; }

    /// <summary>For a poller.</summary>
    public IEnumerable<int> Fds => [.. Outer.Fds, Inner.Fd];

    /// <summary>From now on only what this poller, which has <see cref="Fds"/>, found ready is asked for packets.</summary>
    public void Watch(Poller poller)
    {
        _poller = poller;
        Outer.Watch(poller);
    }

    public EspCounters Counters { get; } = new();

    /// <summary>How long held packets waited for their confirmation.</summary>
    public HoldTimes HoldTimes { get; } = new();

    public int HeldCount => _held.Count;

    public IReadOnlyDictionary<SaId, OutboundEntry> OutboundSas => _outbound;

    public IReadOnlyDictionary<SaId, InboundEntry> InboundSas => _inbound;

    /// <summary>Of both directions.</summary>
    public SaIdRow Ids { get; } = new();

    public OutboundEntry? FindOutbound(uint spi) => _outboundBySpi.GetValueOrDefault(spi);

    public InboundEntry? FindInbound(uint spi) => _bySpi.Find(spi);

    /// <summary>Takes packets off to a successor while a planned switchover is under way; null otherwise.</summary>
    public IHandoverSink? HandingOver { get; set; }

    public void AddOutbound(SaRecord record, SaDescription description, OutboundLease? lease) => Add(BuildOutbound(record, description), lease);

    public void AddInbound(SaRecord record, SaDescription description, InboundCeiling? ceiling) => Add(BuildInbound(record, description), ceiling);

    /// <summary>Sets up the cipher: any thread. The entry is its caller's until it is added.</summary>
    public OutboundEntry BuildOutbound(SaRecord record, SaDescription description)
    {
        var entry = new OutboundEntry(record.Id, description, swap: _isPeer) { KeyCheck = KeyCheckValue.Of(description.Key), KeyTag = record.KeyTag };
        if (description.Child == 0)
            entry.IsBehindNat = _staticBehindNat;
        if (_isPeer && description.Child == 0)
            entry.Peer = _remote;
        if (description.Own is { } own && !_viaRouter)
            entry.Local = UdpEndpoint.From(own);
        return entry;
    }

    /// <inheritdoc cref="BuildOutbound"/>
    public InboundEntry BuildInbound(SaRecord record, SaDescription description) =>
        new(record.Id, description, swap: _isPeer) { KeyCheck = KeyCheckValue.Of(description.Key), KeyTag = record.KeyTag };

    public void Add(OutboundEntry entry, OutboundLease? lease)
    {
        entry.Lease = lease;
        entry.ShareSource(_newestSource);
        _newestSource = entry.Source;
        entry.Moved = _isPeer ? null : MovedPeers;
        if (_outbound.TryGetValue(entry.Id, out OutboundEntry? before) && before != entry)
            EverMoved.Remove(before);
        _outbound[entry.Id] = entry;
        Ids.Add(entry.Id);
        _outboundBySpi[entry.Sa.Spi] = entry;  // two peers may choose the same: good for questions, and for pairs that have no id
        if (entry.Child != 0)
        {
            entry.Pair = Children.Get(entry.Child);
            entry.Pair.Outbound = entry;
            if (entry.Pair.Inbound is { } partner)
                partner.Partner = entry;
        }
        else if (_bySpi.Find(entry.PartnerSpi) is { } inbound)
        {
            inbound.Partner = entry;
        }

        if (entry.IsLater && !_selectors.HasOther(entry))
            entry.IsLater = false;  // nothing else carries its traffic
        _selectors.Add(entry);
    }

    public void Add(InboundEntry entry, InboundCeiling? ceiling)
    {
        entry.Ceiling = ceiling;
        _inbound[entry.Id] = entry;
        Ids.Add(entry.Id);
        _bySpi.Set(entry.Sa.Spi, entry);
        if (entry.Child != 0)
        {
            entry.Pair = Children.Get(entry.Child);
            entry.Pair.Inbound = entry;
            entry.Partner = entry.Pair.Outbound;
        }
        else
        {
            entry.Partner = _outboundBySpi.GetValueOrDefault(entry.PartnerSpi);
        }
    }

    /// <summary>The pairs that IKE made.</summary>
    public ChildTable Children { get; } = new();

    public IReadOnlyList<ulong> PairsOf(string name)
    {
        var pairs = new List<ulong>();
        for (int i = 0; i < Children.Count; i++)
        {
            if (Children[i].Outbound?.Name == name)
                pairs.Add(Children[i].Child);
        }

        return pairs;
    }

    /// <summary>From now on outbound packets take this pair, not the one that it replaces.</summary>
    public void UseOutbound(ulong child)
    {
        if (Children.Find(child)?.Outbound is { IsLater: true } entry)
            UseOutbound(entry);
    }

    private void UseOutbound(OutboundEntry entry)
    {
        _selectors.Remove(entry);
        entry.IsLater = false;
        _selectors.Add(entry);
    }

    /// <summary>The peer of these pairs wants higher numbers (RFC 6311 section 5.2).</summary>
    public void Jump(IReadOnlyList<ChildSaId> children, ulong by)
    {
        foreach (ChildSaId child in children)
            Children.Find(child.Value)?.Outbound?.Jump(by);
    }

    /// <summary>The peer of these pairs is elsewhere now.</summary>
    /// <param name="unlessLearned">What a packet has shown since is newer than this.</param>
    /// <param name="behindNat">A NAT rewrites our address on the way there.</param>
    public void Move(IReadOnlyList<ChildSaId> children, in UdpEndpoint local, in UdpEndpoint remote, bool behindNat, bool unlessLearned = false)
    {
        foreach (ChildSaId child in children)
        {
            if (Children.Find(child.Value)?.Outbound is not { } entry)
                continue;
            entry.IsBehindNat = behindNat;
            if (!(unlessLearned && entry.IsLearned))
                (entry.Peer, entry.Local) = (remote, _viaRouter ? default : local);
        }
    }

    /// <summary>Sends an IKE message: behind the non-ESP marker unless it leaves from port 500 (RFC 3948 2.2, RFC 7296 2.23).</summary>
    public bool SendIke(in UdpEndpoint local, in UdpEndpoint remote, ReadOnlySpan<byte> message)
    {
        int marker = local.Port == OuterPort.IkePort ? 0 : NonEspMarkerLength;
        int front = _viaRouter ? Shim.Length : 0;
        Departure departure = _viaRouter ? new Departure(IkeRouterOf(message, remote)) : new Departure(remote, local, DontFragment: false);
        if (front + marker + message.Length > Outer.PacketBytes)
            return false;
        Span<byte> buffer = Outer.Reserve(departure);
        if (_viaRouter)
            Shim.Write(buffer, remote);
        buffer.Slice(front, marker).Clear();
        message.CopyTo(buffer[(front + marker)..]);
        Outer.Queue(front + marker + message.Length, departure);
        IkeSent++;
        return true;
    }

    public long IkeSent { get; private set; }

    public void Remove(SaId id)
    {
        Ids.Remove(id);
        if (_outbound.Remove(id, out OutboundEntry? outbound))
        {
            EverMoved.Remove(outbound);
            _selectors.Remove(outbound);
            if (_outboundBySpi.GetValueOrDefault(outbound.Sa.Spi) == outbound)
                _outboundBySpi.Remove(outbound.Sa.Spi);
            if (outbound.Pair is { } pair)
            {
                if (pair.Inbound is { } partner)
                    partner.Partner = null;
                pair.Outbound = null;
                Children.RemoveIfEmpty(pair);
            }

            outbound.Dispose();
        }

        if (_inbound.Remove(id, out InboundEntry? inbound))
        {
            for (int i = 0; i < _held.Count; i++)
            {
                if (_held[i].Entry != inbound)
                    continue;
                _held[i].Entry = null;
                Counters.Count(EspVerdict.UnknownSpi);  // what waited for its confirmation goes with the SA
            }

            _held.Compact();
            if (_bySpi.Find(inbound.Sa.Spi) == inbound)
                _bySpi.Remove(inbound.Sa.Spi);
            if (inbound.Pair is { } pair)
            {
                pair.Inbound = null;
                Children.RemoveIfEmpty(pair);
            }

            inbound.Dispose();
        }
    }

    /// <summary>Waits for packets, and for what else the poller has, or until an instant. Where packets come in masses they gather first.</summary>
    public void Wait(Poller poller, Instant until)
    {
        _gathering.Took(_taken, _now, _moreWaits);
        (_taken, _moreWaits) = (0, false);
        if (_gathering.Until > _now)
            MonotonicClock.SleepUntil(Instant.Min(until, _gathering.Until));
        poller.Wait(until);
    }

    public void Flush()
    {
        Outer.Flush();
        Inner.Flush();
    }

    public void Dispose()
    {
        foreach (OutboundEntry entry in _outbound.Values)
            entry.Dispose();
        foreach (InboundEntry entry in _inbound.Values)
            entry.Dispose();
        Outer.Dispose();
        Inner.Dispose();
    }

    /// <summary>Takes what waits at the inner socket. False: nothing did.</summary>
    public bool TakeInner()
    {
        int got = _poller is null || _poller.IsReady(Inner.Fd) ? Inner.Take() : 0;
        bool looksAhead = got > 1 && Ahead.Pays && Inner.CanAskAgain;
        if (looksAhead)
            Ahead.Begin();
        int ahead = 0;
        for (int i = 0; i < got; i++)
        {
            for (; looksAhead && ahead <= i + LookAhead.LeadInner; ahead++)
                Ahead.AddInner(ahead < got ? Inner.Packet(ahead) : []);
            Counters.Count(Send(Inner.Packet(i), i, looksAhead ? Ahead.Found(i) : null));
        }

        _taken += got;
        _moreWaits |= got > 0 && Inner.MayHaveMore;
        return got > 0;
    }

    /// <summary>Seals one inner packet and queues it.</summary>
    /// <param name="taken">Its place in the inner port's batch, so that its host is learned; negative when it was handed over.</param>
    /// <param name="found">Its SA, where it has been looked up in this turn; nothing changes between.</param>
    public EspVerdict Send(ReadOnlySpan<byte> packet, int taken = -1, OutboundEntry? found = null)
    {
        if (!IpPacket.TryParse(packet, out IpPacket ip))
            return EspVerdict.BadInner;
        IpAddress source = ip.Source;
        if (HandingOver is { } sink)
        {
            sink.InnerPacket(packet);
            return EspVerdict.HandedOver;
        }

        OutboundEntry? entry = found ?? _selectors.Find(ip);
        if (entry is null)
            return Trap(packet, ip);
        if (taken >= 0)
            Inner.Learn(taken, source);  // only who has an SA: whoever else speaks up takes no room
        if (entry.Peer.IsNone)
            return EspVerdict.NoEndpoint;
        if (!TryTake(entry, ip, out ReadOnlySpan<byte> payload, out byte nextHeader))
            return EspVerdict.BadInner;
        int fits = Fits(entry);
        return payload.Length <= fits
            ? SealOne(entry, ip, payload, nextHeader, MayFragmentOuter(ip))
            : SendOversize(entry, ip, payload, nextHeader, fits);
    }

    /// <summary>What the ports are and which offloads the kernel has granted. Told again, once, where one is given up.</summary>
    public void TellOffloads(Action<string> log)
    {
        Outer.Note = log;
        Inner.Note = log;
        log(Offloads);
    }

    /// <summary>For the log and the status: what the ports are, and with which offloads.</summary>
    public string Offloads => $"outer: {Outer.Description}; inner: {Inner.Description}";

    public IEnumerable<(string Name, ulong Value)> OffloadCounters() =>
    [
        ("offload.outer-joined", (ulong)Outer.Joined),
        ("offload.outer-runs", (ulong)Outer.Merged),
        ("offload.outer-runs-refused", (ulong)Outer.RunsRefused),
        ("offload.outer-esp-single", (ulong)Outer.EspOrdinary),
        ("offload.inner-joined", (ulong)Inner.Joined),
        ("offload.inner-merged", (ulong)Inner.Merged),
    ];

    /// <summary>Packets sealed, of those counted as delivered.</summary>
    public long SealedPackets { get; private set; }
}

/// <summary>Where packets go that reach the old active of a planned switchover.</summary>
internal interface IHandoverSink
{
    void OuterPacket(ReadOnlySpan<byte> packet, in UdpEndpoint peer);

    void InnerPacket(ReadOnlySpan<byte> packet);
}
