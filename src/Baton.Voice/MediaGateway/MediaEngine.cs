using System.Buffers.Binary;
using Baton.Linux;
using Baton.Redundancy.Leases;
using Baton.Srtp;
using Baton.Wire;
using Baton.Wire.Rtp;

namespace Baton.Voice.MediaGateway;

/// <summary>What a media gateway's core asks of who calls it. Spans are good during the call.</summary>
public interface IMediaSink
{
    /// <summary>A packet leaves from a leg's port.</summary>
    void Send(MediaLeg leg, SrtpHalf port, in UdpEndpoint to, ReadOnlySpan<byte> packet);

    /// <summary>A phone is elsewhere than was known: the standbys should hear it.</summary>
    void Learned(MediaLeg leg, SrtpHalf half, in UdpEndpoint phone);

    /// <summary>
    /// A new source speaks: the SA goes into the ledger, and its lease or ceiling comes by <see cref="MediaEngine"/>.Attach. Said again while it does not come
    /// and packets do: what is under way or there already needs nothing more. Never without a cluster.
    /// </summary>
    void Wanted(in WantedMediaSa wanted);
}

/// <summary>Takes a packet as it came. The span is good during the call.</summary>
public delegate void MediaPacketTaker(MediaLeg leg, SrtpHalf port, ReadOnlySpan<byte> packet, in UdpEndpoint source);

/// <summary>The media gateway: relays the RTP and RTCP of calls between two legs, each plain or SRTP. Sans-IO, one owner thread.</summary>
/// <remarks>
/// <code>
///   phone --(S)RTP--> leg | address, source | open | ceilings, mark | seal | other leg --(S)RTP--> phone
/// </code>
/// Each source under a key is an SA like any other: what it opens and what it relays stays below ceilings, RTCP is sealed with leased numbers (decision 20). A member that
/// takes over has the same calls and SAs, and seals only what nobody can have sealed.
/// </remarks>
public sealed class MediaEngine : IDisposable
{
    /// <summary>The longest packet, with room for tags.</summary>
    public const int MostBytes = 2_048;

    private readonly MediaPolicy _policy;
    private readonly IMediaSink _sink;
    private readonly bool _clustered;
    private readonly Dictionary<ulong, MediaCall> _calls = [];
    private readonly WaitingPackets _waiting;
    private readonly byte[] _again = new byte[MostBytes];
    private Instant? _worksSince;
    private readonly long[] _counts = new long[Enum.GetValues<MediaVerdict>().Length];

    /// <param name="clustered">Sources wait for their SAs; else nobody stands by, and each begins at once.</param>
    public MediaEngine(MediaPolicy policy, IMediaSink sink, bool clustered)
    {
        (_policy, _sink, _clustered) = (policy, sink, clustered);
        _waiting = new WaitingPackets(policy.MostHeld);
    }

    public IReadOnlyDictionary<ulong, MediaCall> Calls => _calls;

    public int Waiting => _waiting.Count;

    /// <summary>Of all streams, in the life of this process.</summary>
    public QualityTotals Quality { get; } = new();

    public long Count(MediaVerdict verdict) => _counts[(int)verdict];

    /// <summary>Sets a call up. The keys stay the caller's.</summary>
    /// <exception cref="ArgumentException">There is one of this id.</exception>
    public MediaCall Add(ulong id, MediaLegDescription a, MediaLegDescription b, Instant now)
    {
        var call = new MediaCall(id, a, b, now, _policy);
        _calls.Add(id, call);
        return call;
    }

    /// <summary>Changes both legs of a call. Keys are told apart by their objects: the same one goes on, another one begins with new sources and SAs.</summary>
    public void Change(MediaCall call, MediaLegDescription a, MediaLegDescription b)
    {
        (MediaLegDescription beforeA, MediaLegDescription beforeB) = (call.A.Description, call.B.Description);
        call.A.Change(a);
        call.B.Change(b);
        Rekey(call.A, beforeA, beforeB);
        Rekey(call.B, beforeB, beforeA);
    }

    private void Rekey(MediaLeg leg, MediaLegDescription before, MediaLegDescription otherBefore)
    {
        bool opens = leg.Description.PhoneKey != before.PhoneKey || leg.Description.EncryptsRtcp != before.EncryptsRtcp;
        bool seals = leg.Other.Description.OurKey != otherBefore.OurKey || leg.Other.Description.EncryptsRtcp != otherBefore.EncryptsRtcp;
        if (!opens && !seals)
            return;
        foreach (MediaSource source in leg.Sources)
            source.Rekey(opens, seals, _policy, _clustered);
    }

    /// <summary>Takes out all that waits, as it came and in its order: for a successor.</summary>
    public void Empty(MediaPacketTaker taker)
    {
        while (_waiting.Count > 0)
        {
            WaitingPackets.Slot slot = _waiting.Take(_again);
            if (_calls.GetValueOrDefault(slot.Leg!.Call.Id) == slot.Leg.Call)
                taker(slot.Leg, slot.Port, _again.AsSpan(0, slot.Length), slot.Source);
        }
    }

    /// <summary>Ends a call; its packets that wait are dropped when their turn comes.</summary>
    public void Remove(ulong id)
    {
        if (_calls.Remove(id, out MediaCall? call))
            call.Dispose();
    }

    /// <summary>This member begins to work (P5: no call is touched). Who spoke before is not known here: silence counts from now, and SAs are asked for anew.</summary>
    public void Begin(Instant now) => _worksSince = now;

    /// <summary>When media last passed in a call, or since when this member would know.</summary>
    public Instant HeardAt(MediaCall call) => _worksSince is { } begun && begun > call.LastAt ? begun : call.LastAt;

    /// <summary>The calls in which nothing was heard for too long.</summary>
    public void FindSilent(Instant now, ICollection<ulong> silent)
    {
        foreach (MediaCall call in _calls.Values)
        {
            if (now - HeardAt(call) >= _policy.CallTimeout)
                silent.Add(call.Id);
        }
    }

    /// <summary>The ceiling of an SA that is in the ledger. False: no such call, or as many sources as it may have.</summary>
    /// <param name="again">This member had it attached before, and gave its key up meanwhile.</param>
    public bool Attach(in MediaSa sa, InboundCeiling ceiling, Instant now, bool again = false)
    {
        if (SourceOf(sa, now) is not { } source)
            return false;
        source.Attach(sa.Role, ceiling, again);
        source.IsProven = true;
        return true;
    }

    /// <summary>The same for an SA whose numbers are leased.</summary>
    public bool Attach(in MediaSa sa, OutboundLease lease, Instant now)
    {
        if (SourceOf(sa, now) is not RtcpSource source)
            return false;
        source.Attach(lease);
        source.IsProven = true;
        return true;
    }

    /// <summary>What the active learned of a phone, told to this standby.</summary>
    public void Learn(ulong call, byte leg, SrtpHalf half, in UdpEndpoint phone, Instant now)
    {
        if (!_calls.TryGetValue(call, out MediaCall? known))
            return;
        known.LastAt = now;
        known.Leg(leg).Remote(half).Take(phone, now);
    }

    /// <summary>Judges one packet that came to a leg's port, and relays it.</summary>
    /// <param name="buffer">The packet, and room for <see cref="SrtpSuites.MostOverhead"/> behind it; it is changed.</param>
    public MediaVerdict Take(MediaLeg leg, SrtpHalf port, Span<byte> buffer, int length, in UdpEndpoint source, Instant now)
    {
        DropLate(now);
        return Take(leg, port, buffer, length, source, now, since: now);
    }

    /// <summary>A packet came to a leg's port while this member does not relay.</summary>
    public void Refuse(MediaLeg leg)
    {
        _counts[(int)MediaVerdict.NotActive]++;
        leg.Counts.Dropped++;
    }

    private MediaVerdict Take(MediaLeg leg, SrtpHalf port, Span<byte> buffer, int length, in UdpEndpoint source, Instant now, Instant since)
    {
        MediaVerdict verdict = Judge(leg, port, buffer, length, source, now, out MediaSource? speaker);
        if (verdict == MediaVerdict.Held && (speaker!.Held >= _policy.MostHeldOfSource || !_waiting.Commit(speaker, leg, port, source, since)))
            verdict = MediaVerdict.HeldOverflow;
        _counts[(int)verdict]++;
        if (verdict is not (MediaVerdict.Relayed or MediaVerdict.Held or MediaVerdict.NoRemote))
            leg.Counts.Dropped++;
        return verdict;
    }

    /// <summary>Ceilings rose or SAs came: everything that waits is judged anew, in its order; some of it goes on waiting.</summary>
    public void Release(Instant now)
    {
        DropLate(now);
        for (int left = _waiting.Count; left > 0; left--)
        {
            WaitingPackets.Slot slot = _waiting.Take(_again);
            if (_calls.GetValueOrDefault(slot.Leg!.Call.Id) == slot.Leg.Call)
                Take(slot.Leg, slot.Port, _again, slot.Length, slot.Source, now, slot.Since);
        }
    }

    public void Dispose()
    {
        foreach (MediaCall call in _calls.Values)
            call.Dispose();
    }

    private void DropLate(Instant now)
    {
        while (_waiting.TryDrop(now - _policy.MostWait))
            _counts[(int)MediaVerdict.HeldTooLong]++;
    }

    private MediaVerdict Judge(MediaLeg leg, SrtpHalf port, Span<byte> buffer, int length, in UdpEndpoint from, Instant now, out MediaSource? source)
    {
        source = null;
        if (length > MostBytes - SrtpSuites.MostOverhead)
            return MediaVerdict.TooLong;
        if (!leg.Description.IsAnswered || !leg.Other.Description.IsAnswered)
            return MediaVerdict.NotAnswered;
        ReadOnlySpan<byte> packet = buffer[..length];
        if (HalfOf(leg, port, packet) is not { } half)
            return MediaVerdict.Malformed;
        RemoteAddress phone = leg.Remote(half);
        bool isPlain = leg.Description.PhoneKey is null;
        if (isPlain && !phone.Believes(from, now, _policy))
            return MediaVerdict.OtherAddress;

        uint ssrc = half == SrtpHalf.Rtp ? RtpPacket.SsrcOf(packet) : BinaryPrimitives.ReadUInt32BigEndian(packet[4..]);
        source = leg.Find(half, ssrc);
        if (source is null)
        {
            MediaVerdict begun = Begin(leg, half, ssrc, packet, now, out source);
            if (source is null)
                return begun;
        }

        int came = length - leg.TagOf(half);
        MediaVerdict verdict = source.Relay(buffer, ref length, _waiting, out bool newest);
        if (verdict is MediaVerdict.Held or MediaVerdict.Relayed)
            source.LastAt = now;
        if (verdict == MediaVerdict.Held)
            WantAgain(source, now);
        if (verdict != MediaVerdict.Relayed)
            return verdict;
        leg.Call.LastAt = now;
        source.IsProven = true;
        Count(leg, half, source, buffer, came, now);
        if (phone.Learn(from, now, newest))
            _sink.Learned(leg, half, from);

        MediaLeg other = leg.Other;
        UdpEndpoint to = other.RemoteOf(half);
        if (to.IsNone)
            return MediaVerdict.NoRemote;
        _sink.Send(other, other.Description.Mux ? SrtpHalf.Rtp : half, to, buffer[..length]);
        return MediaVerdict.Relayed;
    }

    private void Count(MediaLeg leg, SrtpHalf half, MediaSource source, ReadOnlySpan<byte> packet, int length, Instant now)
    {
        if (half == SrtpHalf.Rtcp)
        {
            leg.Counts.RtcpPackets++;
            return;
        }

        leg.Counts.Packets++;
        leg.Counts.Bytes += length;
        if (_worksSince is { } begun && source.Meter.Begun != begun)
            source.MeasureSince(begun);
        if (source.Meter.Take(packet, now) is { } stretch)  // sealed or not, the header is in the clear
            Quality.Take(stretch);
    }

    /// <summary>RTP or RTCP (RFC 5761 4: payload types 64 to 95 are RTCP's where both share a port); null: neither.</summary>
    private static SrtpHalf? HalfOf(MediaLeg leg, SrtpHalf port, ReadOnlySpan<byte> packet)
    {
        if (packet.Length < 8 || packet[0] >> 6 != 2)
            return null;
        bool isRtcp = packet[1] is >= 192 and <= 223;
        if (isRtcp)
            return port == SrtpHalf.Rtcp || leg.Description.Mux ? SrtpHalf.Rtcp : null;
        return port == SrtpHalf.Rtp && RtpPacket.MeasureHeader(packet) > 0 ? SrtpHalf.Rtp : null;
    }

    private MediaVerdict Begin(MediaLeg leg, SrtpHalf half, uint ssrc, ReadOnlySpan<byte> packet, Instant now, out MediaSource? source)
    {
        source = null;
        ulong first = half == SrtpHalf.Rtp ? RtpPacket.SequenceOf(packet) + 1UL : 1;
        if (leg.Description.PhoneKey is not null)
        {
            SrtpVerdict verdict = leg.Try(half, packet, ref first);
            if (verdict != SrtpVerdict.Passed)
                return MediaVerdicts.Of(verdict);
        }

        source = leg.Add(half, ssrc, _policy, now, isProven: leg.Description.PhoneKey is not null || leg.Remote(half).IsLearned);
        if (source is null)
            return MediaVerdict.TooManySources;
        if (!_clustered)
            return MediaVerdict.Relayed;
        source.Require();
        (source.First, source.FirstSealed) = (first, first);
        Want(source, now);
        return MediaVerdict.Held;
    }

    /// <summary>Its SAs did not come for long, or this member has not asked for them since it works.</summary>
    private void WantAgain(MediaSource source, Instant now)
    {
        if (source.Missing.Count == 0 || (source.AskedAt is { } asked && asked >= (_worksSince ?? asked) && now - asked < _policy.WantAgain))
            return;
        if (source.First == 0)
            source.First = source.Number;
        if (source.FirstSealed == 0)
            source.FirstSealed = source.SealedNumber;
        Want(source, now);
    }

    private void Want(MediaSource source, Instant now)
    {
        source.AskedAt = now;
        MediaLeg leg = source.Leg;
        foreach (MediaSaRole role in source.Missing)
        {
            byte of = role == MediaSaRole.Opens ? leg.Index : leg.Other.Index;
            ulong begins = role == MediaSaRole.Opens ? source.First : source.Half == SrtpHalf.Rtcp ? 1 : source.FirstSealed;
            _sink.Wanted(new WantedMediaSa(new MediaSa(leg.Call.Id, of, role, source.Half, source.Ssrc), begins));
        }
    }

    /// <summary>The source of an SA that the ledger has; a member that never heard it makes it now.</summary>
    private MediaSource? SourceOf(in MediaSa sa, Instant now)
    {
        if (!_calls.TryGetValue(sa.Call, out MediaCall? call))
            return null;
        MediaLeg leg = call.Leg(sa.TalkersLeg);
        if (leg.Find(sa.Half, sa.Ssrc) is { } known)
            return known;
        MediaSource? made = leg.Add(sa.Half, sa.Ssrc, _policy, now, isProven: true);
        if (made is not null)
            made.Require();
        return made;
    }
}
