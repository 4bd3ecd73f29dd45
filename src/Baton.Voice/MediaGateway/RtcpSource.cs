using Baton.Redundancy.Leases;
using Baton.Srtp;

namespace Baton.Voice.MediaGateway;

/// <summary>A source of RTCP. What it reports is of the streams that pass unchanged, so it passes unchanged; only its index is ours.</summary>
internal sealed class RtcpSource : MediaSource
{
    private InboundSrtcp? _opens;
    private CeilingWindow? _opened;
    private OutboundSrtcp? _seals;
    private OutboundLease? _lease;
    private ulong _next;

    public RtcpSource(MediaLeg leg, uint ssrc, MediaPolicy policy)
        : base(leg, SrtpHalf.Rtcp, ssrc)
    {
        SetOpens(policy);
        SetSeals(policy);
    }

    protected override void SetOpens(MediaPolicy policy)
    {
        _opens?.Dispose();
        _opens = Leg.Description.PhoneKey is { } phone ? new InboundSrtcp(Ssrc, phone, Leg.Description.EncryptsRtcp, policy.WindowSize) : null;
        _opened = _opens is null ? null : new CeilingWindow(_opens.Window);
    }

    protected override void SetSeals(MediaPolicy policy)
    {
        _seals?.Dispose();
        _seals = Leg.Other.Description.OurKey is { } ours ? new OutboundSrtcp(Ssrc, ours, Leg.Other.Description.EncryptsRtcp) : null;
        (_lease, _next) = (null, 1);
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
        Leg.TakeReport(buffer[..length]);
        if (_seals is null)
            return MediaVerdict.Relayed;
        ulong number = _next;
        if (_lease is null)
            _next++;
        else if (!_lease.TryTake(out number))
            return MediaVerdict.NoLease;
        return MediaVerdicts.Of(_seals.Seal(buffer, length, number, out length));
    }

    public override void Attach(MediaSaRole role, InboundCeiling ceiling, bool again)
    {
        if (again)
            _opened?.Window.StartAbove(Math.Max(ceiling.Highest, _opened.Window.Top));
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
