using System.Diagnostics.CodeAnalysis;
using Baton.Gateway.Ports;
using Baton.Linux;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Gateway.DataPath;

/// <summary>Where peers are: what was learned from their newest packets, and what keeps a NAT between from forgetting us.</summary>
internal sealed partial class PacketPath
{
    private readonly HashSet<UdpEndpoint> _spokenTo = [];
    private readonly HashSet<UdpEndpoint> _silent = [];
    private Instant _nextKeepalive;

    private readonly bool _staticBehindNat;

    /// <summary>A UDP peer that we reach through a NAT in front of us, and to whom nothing was sent for so long, gets one byte (RFC 3948 4); null: never.</summary>
    public TimeSpan? KeepaliveEvery { get; set; }

    public long KeepalivesSent { get; private set; }

    /// <summary>When <see cref="KeepAlive"/> has work again.</summary>
    public Instant NextKeepalive => KeepaliveEvery is null ? Instant.Never : _nextKeepalive;

    /// <summary>IKE has found a NAT in front of us, or that there is none (RFC 7296 2.23).</summary>
    public void SetBehindNat(ulong child, bool isBehindNat)
    {
        if (Children.Find(child)?.Outbound is { } entry)
            entry.IsBehindNat = isBehindNat;
    }

    /// <summary>SAs of a gateway whose peers are elsewhere now: whoever tells of it takes them out.</summary>
    public Queue<OutboundEntry> MovedPeers { get; } = new();

    /// <summary>Those among the SAs here that were taken out of <see cref="MovedPeers"/>.</summary>
    public MovedOnce EverMoved { get; } = new();

    /// <summary>The next one whose peer is elsewhere now, and that is still here.</summary>
    public bool TryTakeMoved([NotNullWhen(true)] out OutboundEntry? entry)
    {
        while (MovedPeers.TryDequeue(out entry))
        {
            entry.IsMoveQueued = false;
            if (_outbound.GetValueOrDefault(entry.Id) != entry)
                continue;
            EverMoved.Add(entry);
            return true;
        }

        return false;
    }

    /// <summary>Takes over what the active learned of a peer.</summary>
    /// <returns>False: there is no such SA here.</returns>
    public bool SetEndpoint(SaId id, in UdpEndpoint peer, in UdpEndpoint local)
    {
        if (!_outbound.TryGetValue(id, out OutboundEntry? entry))
            return false;
        (entry.Peer, entry.IsLearned) = (peer, true);
        if (!local.IsNone)
            entry.Local = local;
        return true;
    }

    /// <summary>Twice in <see cref="KeepaliveEvery"/>: who got nothing since the last time gets a keepalive. So nobody hears nothing for longer.</summary>
    public void KeepAlive(Instant now)
    {
        if (KeepaliveEvery is not { } every || now < _nextKeepalive)
            return;
        _nextKeepalive = now + (every / 2);
        _spokenTo.Clear();
        _silent.Clear();
        foreach (OutboundEntry entry in _outbound.Values)
        {
            if (entry.Packets != entry.PacketsSeen)
                _spokenTo.Add(entry.Peer);
            entry.PacketsSeen = entry.Packets;
        }

        foreach (OutboundEntry entry in _outbound.Values)
        {
            UdpEndpoint peer = entry.Peer;
            if (!entry.IsBehindNat || peer.IsNone || peer.IsRaw || _spokenTo.Contains(peer) || !_silent.Add(peer) || _viaRouter)
                continue;
            var departure = new Departure(peer, entry.Local);
            Outer.Reserve(departure)[0] = 0xFF;
            Outer.Queue(1, departure);
            KeepalivesSent++;
        }
    }
}
