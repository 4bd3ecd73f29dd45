using Baton.Redundancy.Leases;
using Baton.Srtp;

namespace Baton.Voice.MediaGateway;

/// <summary>A source of RTCP. What it reports is of the streams that pass unchanged, so it passes unchanged; only its index is ours.</summary>
internal sealed class RtcpSource : MediaSource
{
    private readonly InboundSrtcp? _opens;
    private readonly CeilingWindow? _opened;
    private readonly OutboundSrtcp? _seals;
    private OutboundLease? _lease;
    private ulong _next = 1;

    public RtcpSource(MediaLeg leg, uint ssrc, MediaPolicy policy)
        : base(leg, SrtpHalf.Rtcp, ssrc)
    {
        if (leg.Description.PhoneKey is { } phone)
        {
            _opens = new InboundSrtcp(ssrc, phone, leg.Description.EncryptsRtcp, policy.WindowSize);
            _opened = new CeilingWindow(_opens.Window);
        }

        if (leg.Other.Description.OurKey is { } ours)
            _seals = new OutboundSrtcp(ssrc, ours, leg.Other.Description.EncryptsRtcp);
    }

    public override MediaVerdict Relay(Span<byte> buffer, ref int length, WaitingPackets waiting, out bool newest)
    {
        newest = true;
        ulong opened = 0;
        Span<byte> packet = buffer[..length];
        if (_opens is not null)
        {
            _opened!.BeCurrent();
            SrtpVerdict verdict = _opens.Check(packet, out opened);
            if (verdict != SrtpVerdict.Passed)
                return MediaVerdicts.Of(verdict);
            newest = opened > _opens.Window.Top;
        }

        if (MayWait(_opened, opened))
            waiting.Keep(packet);
        if (_opens is not null)
        {
            SrtpVerdict verdict = _opens.Open(packet, opened, out length);
            if (verdict != SrtpVerdict.Passed)
                return MediaVerdicts.Of(verdict);
        }

        Number = Math.Max(opened, 1);
        MediaVerdict asked = Ask(_opened, opened);
        if (asked != MediaVerdict.Relayed)
            return asked;
        if (_opens is not null && !_opens.Accept(opened))
            return MediaVerdict.Replayed;
        if (_seals is null)
            return MediaVerdict.Relayed;
        ulong number = _next;
        if (_lease is null)
            _next++;
        else if (!_lease.TryTake(out number))
            return MediaVerdict.NoLease;
        return MediaVerdicts.Of(_seals.Seal(buffer, length, number, out length));
    }

    public override void Attach(MediaSaRole role, InboundCeiling ceiling)
    {
        _opened?.Ceiling = ceiling;
        Missing.Remove(role);
    }

    public void Attach(OutboundLease lease)
    {
        _lease = lease;
        Missing.Remove(MediaSaRole.Seals);
    }

    public override void Dispose()
    {
        _opens?.Dispose();
        _seals?.Dispose();
    }
}
