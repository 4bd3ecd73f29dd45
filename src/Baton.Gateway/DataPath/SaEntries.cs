using System.Runtime.CompilerServices;
using Baton.Cluster.Records;
using Baton.Esp;
using Baton.Linux;
using Baton.Redundancy.Leases;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Gateway.DataPath;

/// <summary>One outbound SA as its owner thread keeps it: keys, lease, where its peer is.</summary>
/// <remarks>It is the SA, and does not lead to one: each object more is memory, and one more place to wait for when very many are in use.</remarks>
internal sealed class OutboundEntry(SaId id, SaDescription description, bool swap)
    : OutboundSa(description.Spi, (EspSuite)description.Suite, description.Extended, description.CipherKey, description.SaltOrIntegrityKey)
{
    /// <summary>What every packet looks at or changes.</summary>
    private struct Hot
    {
        public long Packets, Bytes;
        public UdpEndpoint Peer, Local;
        public int Fits, FitsGeneration;
        public bool IsTransport, IsLater;
    }

    private Hot _hot = new()
    {
        Peer = description.Peer is { } peer ? UdpEndpoint.From(peer) : default,
        FitsGeneration = -1,
        IsTransport = description.Mode == SaMode.Transport,
        IsLater = description.OutboundLater,
    };

    private ulong _next = 1;

    public SaId Id { get; } = id;

    public OutboundSa Sa => this;

    /// <summary>Null at a peer, which has the whole space for itself. Set before its first packet.</summary>
    public OutboundLease? Lease { get; set; }

    public string Name { get; } = description.Name;

    public bool IsTransport => _hot.IsTransport;

    public uint PartnerSpi { get; } = description.Partner;

    /// <summary>The side that a packet comes from: the cluster's; at the peer itself the sides change places.</summary>
    public SaSelector[] Source { get; private set; } = [.. swap ? description.Remote : description.Local];

    public SaSelector[] Destination { get; } = [.. swap ? description.Local : description.Remote];

    /// <summary>Keeps the other's row of selectors where it says the same: most SAs have the cluster's side in common, and memory is what limits their number.</summary>
    public void ShareSource(SaSelector[] other) => Source = Source.AsSpan().SequenceEqual(other) ? other : Source;

    /// <summary>Where the peer is; port 0 for raw ESP.</summary>
    public UdpEndpoint Peer
    {
        get => _hot.Peer;
        set
        {
            if (_hot.Peer == value)
                return;
            (_hot.Peer, FitsGeneration) = (value, -1);
            QueueMove();
        }
    }

    /// <summary>The standbys shall hear where the peer is, or by which router.</summary>
    public void QueueMove()
    {
        if (Moved is null || IsMoveQueued)
            return;
        IsMoveQueued = true;
        Moved.Enqueue(this);
    }

    /// <summary>Takes it when <see cref="Peer"/> changes, unless it is in there already. Null: nobody asks.</summary>
    public Queue<OutboundEntry>? Moved { get; set; }

    public bool IsMoveQueued { get; set; }

    /// <summary>Where <see cref="MovedOnce"/> has it; -1: its peer was never elsewhere than its record says.</summary>
    public int MovedAt { get; set; } = -1;

    /// <summary>A NAT in front of us must not forget the way.</summary>
    public bool IsBehindNat { get; set; }

    /// <summary><see cref="Packets"/> when keepalives were last considered.</summary>
    public long PacketsSeen { get; set; }

    /// <summary>Which of our addresses the peer speaks to; none: not known yet, the kernel chooses. Behind routers: the one that its newest packet came by; none: not heard yet.</summary>
    public UdpEndpoint Local
    {
        get => _hot.Local;
        set => _hot.Local = value;
    }

    /// <summary>The longest payload, as it was for this state of what is known of paths.</summary>
    public int Fits
    {
        get => _hot.Fits;
        set => _hot.Fits = value;
    }

    /// <summary>-1: to be found anew, for another peer.</summary>
    public int FitsGeneration
    {
        get => _hot.FitsGeneration;
        set => _hot.FitsGeneration = value;
    }

    public ulong KeyCheck { get; init; }

    public ulong KeyTag { get; init; }

    public long Packets => _hot.Packets;

    public long Bytes => _hot.Bytes;

    /// <summary>One more packet.</summary>
    public void Count(int bytes)
    {
        _hot.Packets++;
        _hot.Bytes += bytes;
    }

    /// <summary>The pair that it belongs to, when IKE made it.</summary>
    public ChildEntry? Pair { get; set; }

    public ulong Child { get; } = description.Child;

    /// <summary>The IKE SA that made it.</summary>
    public ulong MadeBy { get; } = description.MadeBy?.Value ?? 0;

    /// <summary>Its peer is where an authentic packet came from.</summary>
    public bool IsLearned { get; set; }

    /// <summary>Not used yet: made by a rekey, and the peer or our own successor may not be ready (RFC 7296 2.8).</summary>
    public bool IsLater
    {
        get => _hot.IsLater;
        set => _hot.IsLater = value;
    }

    /// <summary>Numbers that are left before the counter's end; 0 when it must be rekeyed for another reason.</summary>
    public ulong Headroom => Lease is { NeedsRekey: true } ? 0 : End - Math.Min(Next, End);

    /// <summary>
    /// The peer, a cluster, asks us to jump (RFC 6311 section 5.2); in a cluster of our own within what is leased. At the end of the numbers there is nothing left to send, and
    /// <see cref="Headroom"/> asks for a rekey.
    /// </summary>
    public void Jump(ulong by)
    {
        if (Lease is null)
            _next = by < End - Math.Min(_next, End) ? _next + by : End + 1;
        else
            Lease.Skip(by);
    }

    /// <summary>The last number that a packet may have.</summary>
    private ulong End => Sa.Extended ? ulong.MaxValue - 1 : uint.MaxValue;

    public bool TryTake(out ulong number)
    {
        if (Lease is not null)
            return Lease.TryTake(out number);
        number = _next;
        if (number > End)
            return false;  // the space is at its end: rekey (RFC 4303 3.3.3)
        _next++;
        return true;
    }

    public ulong Next => Lease?.Next ?? _next;

    /// <summary>See <see cref="LookAhead"/>: the entry, then what it leads to.</summary>
    public void Fetch()
    {
        CacheLines.Fetch(this, 40);  // up to its lease
        FetchPeer();
    }

    /// <summary>Where its peer is, and what stands beside it.</summary>
    public void FetchPeer() => CacheLines.Fetch(ref Unsafe.As<Hot, byte>(ref _hot), Unsafe.SizeOf<Hot>());

    public void FetchParts()
    {
        FetchCipher();
        Lease?.Fetch();
    }
}

/// <summary>One inbound SA as its owner thread keeps it: keys and window, ceiling, selectors.</summary>
/// <remarks>It is the SA: see <see cref="OutboundEntry"/>.</remarks>
internal sealed class InboundEntry : InboundSa, IExactWindow
{
    /// <summary>What every packet looks at or changes.</summary>
    private struct Hot
    {
        public long Packets, Bytes;
        public Instant LastAt;

        /// <summary>The start of the ceiling on which the window is based.</summary>
        public ulong Generation;
        public bool IsTransport;

        /// <summary>Addresses that surely are what the selectors admit; none where they are not as simple as one range of IPv4 addresses each.</summary>
        public uint FromFirst, FromLast, ToFirst, ToLast;
    }

    private Hot _hot;

    public InboundEntry(SaId id, SaDescription description, bool swap)
        : base(description.Spi, (EspSuite)description.Suite, description.Extended, description.WindowSize, description.CipherKey, description.SaltOrIntegrityKey)
    {
        (Id, Name, PartnerSpi, Child, MadeBy) = (id, description.Name, description.Partner, description.Child, description.MadeBy?.Value ?? 0);
        _hot.IsTransport = description.Mode == SaMode.Transport;

        // A packet from the peer has the peer's side as source; at the peer itself the sides change places.
        Source = [.. swap ? description.Local : description.Remote];
        Destination = [.. swap ? description.Remote : description.Local];
        if (Source is [{ IsNarrow: false, First.IsV4: true } from] && Destination is [{ IsNarrow: false, First.IsV4: true } to])
        {
            (_hot.FromFirst, _hot.FromLast) = ((uint)from.First.Low, (uint)from.Last.Low);
            (_hot.ToFirst, _hot.ToLast) = ((uint)to.First.Low, (uint)to.Last.Low);
        }
        else
        {
            (_hot.FromFirst, _hot.FromLast) = (1, 0);
        }
    }

    /// <summary>Do the selectors admit this packet from the peer (RFC 4301 5.2 step 4)?</summary>
    public bool Admits(in IpPacket packet)
    {
        (IpAddress from, IpAddress to) = (packet.Source, packet.Destination);
        return (from.IsV4 && to.IsV4 && (uint)from.Low >= _hot.FromFirst && (uint)from.Low <= _hot.FromLast && (uint)to.Low >= _hot.ToFirst && (uint)to.Low <= _hot.ToLast)
            || Selectors.Admit(Source, Destination, packet);
    }

    public SaId Id { get; }

    public InboundSa Sa => this;

    /// <summary>Null at a peer. Set before its first packet.</summary>
    public InboundCeiling? Ceiling
    {
        get => _ceiling;
        set
        {
            _ceiling = value;
            value?.Window = this;
        }
    }

    private InboundCeiling? _ceiling;
    private OutboundEntry? _partner;

    public string Name { get; private set; }

    public bool IsTransport => _hot.IsTransport;

    public uint PartnerSpi { get; }

    public SaSelector[] Source { get; private set; }

    public SaSelector[] Destination { get; private set; }

    /// <summary>The two hosts of a transport-mode SA; null where the selectors are not of one host each.</summary>
    public (IpAddress Source, IpAddress Destination)? Hosts =>
        OneHost(Source) is { } source && OneHost(Destination) is { } destination && source.IsV4 == destination.IsV4 ? (source, destination) : null;

    public ulong KeyCheck { get; init; }

    public ulong KeyTag { get; init; }

    public long Packets => _hot.Packets;

    public long Bytes => _hot.Bytes;

    /// <summary>One more packet.</summary>
    public void Count(int bytes)
    {
        _hot.Packets++;
        _hot.Bytes += bytes;
    }

    public ulong Child { get; }

    public ulong MadeBy { get; }

    /// <summary>The SA of the other direction; null while there is none.</summary>
    public OutboundEntry? Partner
    {
        get => _partner;
        set
        {
            _partner = value;
            if (value is null)
                return;

            // What the two halves of a pair say alike is kept once.
            Name = Name == value.Name ? value.Name : Name;
            Source = Source.AsSpan().SequenceEqual(value.Destination) ? value.Destination : Source;
            Destination = Destination.AsSpan().SequenceEqual(value.Source) ? value.Source : Destination;
        }
    }

    public ChildEntry? Pair { get; set; }

    /// <summary>When the last authentic packet came.</summary>
    public Instant LastAt
    {
        get => _hot.LastAt;
        set => _hot.LastAt = value;
    }

    /// <summary>When it may be told again that the peer is behind.</summary>
    public Instant NextBehind { get; set; }

    /// <summary>See <see cref="LookAhead"/>: the entry, then what it leads to.</summary>
    public void Fetch()
    {
        CacheLines.Fetch(this, 72);  // up to its ceiling and its partner
        CacheLines.Fetch(ref Unsafe.As<Hot, byte>(ref _hot), Unsafe.SizeOf<Hot>());
    }

    public void FetchParts()
    {
        FetchCipher();
        _ceiling?.Fetch();
        _partner?.FetchPeer();
    }

    /// <summary>Takes over where the term starts (P3). Cheap when nothing changed.</summary>
    public void BeCurrent() => CeilingWindow.BeCurrent(_ceiling, Window, ref _hot.Generation);

    public WindowReport Report()
    {
        BeCurrent();
        return CeilingWindow.ReportOf(Window);
    }

    /// <summary>The one host that all of them (of several protocols or ports, perhaps) are for; null when there is none.</summary>
    private static IpAddress? OneHost(SaSelector[] selectors) =>
        selectors.Length > 0 && Array.TrueForAll(selectors, s => s.IsHost && s.First == selectors[0].First) ? selectors[0].First : null;
}
