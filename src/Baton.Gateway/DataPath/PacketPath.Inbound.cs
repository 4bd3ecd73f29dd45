using System.Buffers.Binary;
using Baton.Esp;
using Baton.Esp.Modes;
using Baton.Gateway.Ports;
using Baton.Ike;
using Baton.Gateway.Router;
using Baton.Linux;
using Baton.Redundancy.Members;
using Baton.Wire;
using Baton.Wire.Headers;

namespace Baton.Gateway.DataPath;

/// <summary>From the wire to the inner host.</summary>
internal sealed partial class PacketPath
{
    /// <summary>Four zero bytes where ESP has its SPI (RFC 3948 2.2).</summary>
    private const int NonEspMarkerLength = 4;

    /// <summary>Takes what waits at the outer socket. False: nothing did.</summary>
    public bool TakeOuter(Instant now)
    {
        _now = now;
        _paths.Tick(now);
        int got = Outer.Take();
        bool looksAhead = got > 1 && Ahead.Pays;
        if (looksAhead)
            TellAhead(got);
        int ahead = 0;
        for (int i = 0; i < got; i++)
        {
            for (; looksAhead && ahead <= i + LookAhead.LeadOuter; ahead++)
                Ahead.Advance();
            Span<byte> packet = Outer.Packet(i, out Arrival arrival);
            if (_viaRouter)
            {
                // Only the router knows peers: what comes from elsewhere is not ours to judge.
                UdpEndpoint router = arrival.Peer;
                if (Array.IndexOf(_routers, router) < 0 || !Shim.TryRead(packet, out UdpEndpoint peer))
                {
                    Counters.Count(EspVerdict.BadEnvelope);
                    continue;
                }

                packet = packet[Shim.Length..];
                arrival = new Arrival(peer, router);
            }

            Counters.Count(Take(packet, arrival, now));
        }

        _taken += got;
        _moreWaits |= Outer.MayHaveMore;
        Outer.TakeErrors(_news);
        return got > 0;
    }

    private void TellAhead(int got)
    {
        Ahead.Begin();
        for (int i = 0; i < got; i++)
        {
            Span<byte> packet = Outer.Packet(i, out _);
            Ahead.Add(_viaRouter && packet.Length > Shim.Length ? packet[Shim.Length..] : packet);
        }

        Outer.Rewind();
    }

    /// <summary>Judges one datagram of a peer: it is decrypted in place.</summary>
    public EspVerdict Take(Span<byte> packet, in Arrival arrival, Instant now)
    {
        _now = now;
        if (arrival.Local.Port == OuterPort.IkePort && !_viaRouter)
            return TakeIke(packet, arrival);
        if (packet.Length == 1 && packet[0] == 0xFF)
            return EspVerdict.Keepalive;
        if (packet.Length < EspSuites.HeaderLength)
            return EspVerdict.Runt;
        uint spi = BinaryPrimitives.ReadUInt32BigEndian(packet);
        if (spi == 0 && HandingOver is null)
            return TakeIke(packet[NonEspMarkerLength..], arrival);
        if (HandingOver is { } sink)
        {
            sink.OuterPacket(packet, arrival.Peer);
            return EspVerdict.HandedOver;
        }

        InboundEntry? entry = _bySpi.Find(spi);
        if (entry is null)
            return EspVerdict.UnknownSpi;
        entry.BeCurrent();
        EspVerdict verdict = entry.Sa.Check(packet, out ulong sequence);
        if (verdict != EspVerdict.Delivered)
        {
            if (verdict == EspVerdict.Replayed && MayBeBehind(entry) && IsAuthentic(entry, packet, sequence))
                TellBehind(entry, sequence);
            return verdict;
        }

        // Will it have to wait? Then keep it as it came, before it is decrypted in place.
        HeldQueue.Slot? slot = entry.Ceiling is { } ceiling && sequence > ceiling.Ceiling ? _held.Reserve(packet.Length) : null;
        slot?.KeepOriginal(packet);
        verdict = entry.Sa.Open(packet, sequence, out Range range, out byte nextHeader);
        if (verdict is not (EspVerdict.Delivered or EspVerdict.Dummy))
        {
            if (verdict == EspVerdict.Replayed && MayBeBehind(entry))
                TellBehind(entry, sequence - (1UL << 32));  // an authentic one of the 2^32 before
            return verdict;
        }

        Span<byte> payload = packet[range];
        if (entry.Ceiling is not null)
        {
            switch (entry.Ceiling.Admit(sequence))
            {
                case Admission.Hold:
                    return Hold(slot, entry, payload, sequence, nextHeader, verdict == EspVerdict.Dummy, arrival, now);
                case Admission.Replayed:
                    return EspVerdict.Replayed;
                case Admission.NotActive:
                    return EspVerdict.NotActive;
            }
        }

        return Accept(entry, sequence, payload, nextHeader, verdict == EspVerdict.Dummy, arrival);
    }

    /// <summary>Takes IKE messages, without the marker (RFC 3948 2.2); null: they are counted and dropped.</summary>
    public IIkeSink? Ike { get; set; }

    /// <summary>Told when the peer of a pair that IKE made speaks from elsewhere (NAT).</summary>
    public Action<ulong, UdpEndpoint>? PeerMoved { get; set; }

    /// <summary>Told, at most once a second an SA, when an authentic packet of a pair that IKE made lies so far below the ceiling that this term started at.</summary>
    public Action<ulong, ulong>? PeerBehind { get; set; }

    private bool MayBeBehind(InboundEntry entry) =>
        PeerBehind is not null && entry.Child != 0 && _now >= entry.NextBehind && entry.Ceiling is { IsShut: true };

    private void TellBehind(InboundEntry entry, ulong sequence)
    {
        entry.NextBehind = _now + TimeSpan.FromSeconds(1);
        PeerBehind!(entry.Child, entry.Sa.Window.Floor - sequence);
    }

    private readonly byte[] _trial = new byte[2_048];

    /// <summary>It is refused anyway; opened on a copy.</summary>
    private bool IsAuthentic(InboundEntry entry, ReadOnlySpan<byte> packet, ulong sequence)
    {
        if (packet.Length > _trial.Length)
            return false;
        packet.CopyTo(_trial);
        return entry.Sa.Open(_trial.AsSpan(0, packet.Length), sequence, out _, out _) is EspVerdict.Delivered or EspVerdict.Dummy;
    }

    private EspVerdict TakeIke(ReadOnlySpan<byte> message, in Arrival arrival)
    {
        if (_viaRouter)
            NoteIkeRouter(message, arrival.Local);
        Ike?.Message(message, arrival.Peer, _viaRouter ? default : arrival.Local, _viaRouter ? arrival.Local : default);
        return EspVerdict.Ike;
    }

    /// <summary>Ceilings rose: delivers those held packets that may go on, in the order in which they came.</summary>
    public void Release(Instant now)
    {
        for (int i = 0; i < _held.Count; i++)
        {
            HeldQueue.Slot slot = _held[i];
            switch (slot.Entry!.Ceiling!.Admit(slot.Sequence))
            {
                // Not active: this very step froze the term, and the freeze comes next. It hands over what is held (P6).
                case Admission.Hold or Admission.NotActive:
                    continue;
                case Admission.Accept:
                    HoldTimes.Add(now - slot.Since);
                    Counters.Count(Accept(slot.Entry, slot.Sequence, slot.Payload, slot.NextHeader, slot.IsDummy, slot.Arrival));
                    break;
                default:
                    Counters.Count(EspVerdict.Replayed);
                    break;
            }

            slot.Entry = null;
        }

        _held.Compact();
    }

    /// <summary>Do packets of this pair wait for a ceiling?</summary>
    public bool IsHolding(ulong child)
    {
        for (int i = 0; i < _held.Count; i++)
        {
            if (_held[i].Entry!.Child == child)
                return true;
        }

        return false;
    }

    /// <summary>Hands every held packet over as it came (a planned switchover), or drops it (deposed).</summary>
    public void EmptyHeld(IHandoverSink? successor)
    {
        for (int i = 0; i < _held.Count; i++)
        {
            HeldQueue.Slot slot = _held[i];
            successor?.OuterPacket(slot.Original, slot.Arrival.Peer);
            Counters.Count(successor is null ? EspVerdict.NotActive : EspVerdict.HandedOver);
            slot.Entry = null;
        }

        _held.Compact();
    }

    private EspVerdict Hold(
        HeldQueue.Slot? slot, InboundEntry entry, ReadOnlySpan<byte> payload, ulong sequence, byte nextHeader, bool isDummy, in Arrival arrival, Instant now)
    {
        if (slot is null)
            return EspVerdict.HeldOverflow;
        slot.KeepPayload(payload);
        (slot.Entry, slot.Sequence, slot.NextHeader, slot.Arrival, slot.Since, slot.IsDummy) = (entry, sequence, nextHeader, arrival, now, isDummy);
        _held.Commit(slot);
        return EspVerdict.Held;
    }

    private EspVerdict Accept(InboundEntry entry, ulong sequence, Span<byte> payload, byte nextHeader, bool isDummy, in Arrival arrival)
    {
        bool newest = sequence > entry.Sa.Window.Top;
        if (!entry.Sa.Accept(sequence))
            return EspVerdict.Replayed;
        entry.Count(payload.Length);
        entry.LastAt = _now;

        // The peer's address is that of its newest authentic packet (RFC 3948 5, RFC 7296 2.23): an older one, held back and sent on from
        // elsewhere, does not lead its traffic away.
        if (entry.Partner is { } partner)
        {
            if (newest && !_isPeer && partner.Peer != arrival.Peer)
            {
                (partner.Peer, partner.IsLearned) = (arrival.Peer, true);
                if (partner.Child != 0)
                    PeerMoved?.Invoke(partner.Child, arrival.Peer);
            }

            if (newest && _viaRouter)
                LearnRouter(partner, arrival.Local);
            else if (newest && !_isPeer && !arrival.Local.IsNone)
                partner.Local = arrival.Local;
            if (partner.IsLater)
                UseOutbound(partner);  // the peer is ready: it sends on it itself (RFC 7296 2.8)
        }

        if (isDummy)
            return EspVerdict.Dummy;
        if (TryGive(entry, payload, nextHeader, out IpPacket ip) != EspVerdict.Delivered)
            return EspVerdict.BadInner;
        if (!entry.Admits(ip))
            return EspVerdict.BadSelector;

        // In transport mode the outer header is the packet's own.
        if (entry.IsTransport)
            TrafficClass.Write(_rebuilt, arrival.TrafficClass);
        else if (TunnelMode.TakeCongestion(payload, arrival.TrafficClass) == EspVerdict.Congested)
            return EspVerdict.Congested;
        return Inner.Give(ip.Bytes, ip.Destination) ? EspVerdict.Delivered : EspVerdict.NoPolicy;
    }
}

/// <summary>Where IKE messages go that arrive at the outer port.</summary>
internal interface IIkeSink
{
    /// <param name="message">Without marker; good during the call.</param>
    /// <param name="local">The address and port that it came to: the answer leaves from there. None when a router passed it on.</param>
    /// <param name="router">That passed it on; none where no router does, or another member handed it over.</param>
    void Message(ReadOnlySpan<byte> message, in UdpEndpoint peer, in UdpEndpoint local, in UdpEndpoint router);

    /// <summary>A packet wants out and no SA carries it.</summary>
    void Acquire(IkeInput.Acquire wanted);
}
