using Baton.Redundancy.Leases;
using Baton.Srtp;

namespace Baton.Voice.MediaGateway;

/// <summary>A source of RTP. Its SEQ, timestamp and SSRC pass as they are, so the far phone hears no restart whoever relays.</summary>
internal sealed class RtpSource : MediaSource
{
    private InboundSrtp? _opens;
    private CeilingWindow? _opened;
    private RelayedSrtp? _seals;
    private CeilingWindow? _sealed;

    public RtpSource(MediaLeg leg, uint ssrc, MediaPolicy policy)
        : base(leg, SrtpHalf.Rtp, ssrc)
    {
        SetOpens(policy);
        SetSeals(policy);
    }

    protected override void SetOpens(MediaPolicy policy)
    {
        _opens?.Dispose();
        _opens = Leg.Description.PhoneKey is { } phone ? new InboundSrtp(Ssrc, phone, policy.WindowSize) : null;
        _opened = _opens is null ? null : new CeilingWindow(_opens.Window);
    }

    protected override void SetSeals(MediaPolicy policy)
    {
        _seals?.Dispose();
        _seals = Leg.Other.Description.OurKey is { } ours ? new RelayedSrtp(Ssrc, ours, policy.WindowSize) : null;
        _sealed = _seals is null ? null : new CeilingWindow(_seals.Sealed);
    }

    public override MediaVerdict Relay(Span<byte> buffer, ref int length, WaitingPackets waiting, out bool newest)
    {
        newest = true;
        ulong opened = 0;
        ulong sealedAs = 0;
        Span<byte> packet = buffer[..length];
        SrtpVerdict verdict;
        if (_opens is not null)
        {
            _opened!.BeCurrent();
            verdict = _opens.Check(packet, out opened);
            if (verdict != SrtpVerdict.Passed)
                return MediaVerdicts.Of(verdict);
            newest = opened > _opens.Window.Top;
        }

        if (_seals is not null)
        {
            _sealed!.BeCurrent();
            verdict = _seals.Check(packet, out sealedAs);
            if (verdict != SrtpVerdict.Passed)
                return MediaVerdicts.Of(verdict);
        }

        if (MayWait(_opened, opened) || MayWait(_sealed, sealedAs))
            waiting.Keep(packet);
        if (_opens is not null)
        {
            verdict = _opens.Open(packet, opened, out length);
            if (verdict != SrtpVerdict.Passed)
                return MediaVerdicts.Of(verdict);
        }

        Before = _opens is not null ? _opens.Window.Top : _seals?.Sealed.Top ?? 0;
        (Number, SealedNumber) = (_opens is not null ? opened : sealedAs, sealedAs);

        // Both are asked, so that both ceilings rise at once.
        MediaVerdict first = Ask(_opened, opened);
        MediaVerdict second = Ask(_sealed, sealedAs);
        if (first != MediaVerdict.Relayed || second != MediaVerdict.Relayed)
            return (MediaVerdict)Math.Max((byte)first, (byte)second);
        if (_opens is not null && !_opens.Accept(opened))
            return MediaVerdict.Replayed;
        return _seals is null ? MediaVerdict.Relayed : MediaVerdicts.Of(_seals.Seal(buffer, length, sealedAs, out length));
    }

    public override void Attach(MediaSaRole role, InboundCeiling ceiling, bool again)
    {
        CeilingWindow? window = role == MediaSaRole.Opens ? _opened : _sealed;
        if (again)
            window?.Window.StartAbove(Math.Max(ceiling.Highest, window.Window.Top));
        window?.Ceiling = ceiling;
        Missing.Remove(role);
    }

    public override void Dispose()
    {
        _opens?.Dispose();
        _seals?.Dispose();
    }
}
