using Baton.Wire.Replay;
using Baton.Wire.Rtp;

namespace Baton.Srtp;

/// <summary>Seals a stream that somebody else talks: an index is ROC || the talker's own SEQ, so the far end sees no jump, and is sealed once. One owner.</summary>
/// <remarks>
/// The numbers are drawn by the talker, so what guards them is what guards receiving: a window of what was sealed, and a ceiling above it. The ceiling is asked
/// between the two steps, and a successor's window starts above the last one: it seals nothing that a predecessor may have sealed (P1).
/// </remarks>
public sealed class RelayedSrtp : IDisposable
{
    private readonly OutboundSrtp _sa;

    /// <param name="windowSize">How far behind the newest a late packet may come and still be sealed.</param>
    public RelayedSrtp(uint ssrc, SrtpMasterKey master, int windowSize) =>
        (_sa, Sealed) = (new OutboundSrtp(ssrc, master), new ReplayWindow(windowSize));

    public uint Ssrc => _sa.Ssrc;

    public SrtpSuite Suite => _sa.Suite;

    /// <summary>The numbers that were sealed; a takeover bases it anew.</summary>
    public ReplayWindow Sealed { get; }

    /// <summary>The number that the talker's packet has, and whether it was sealed before.</summary>
    public SrtpVerdict Check(ReadOnlySpan<byte> packet, out ulong number)
    {
        number = 0;
        if (RtpPacket.MeasureHeader(packet) == 0)
            return SrtpVerdict.Malformed;
        if (RtpPacket.SsrcOf(packet) != Ssrc)
            return SrtpVerdict.OtherSource;
        SrtpVerdict verdict = SrtpIndex.Estimate(RtpPacket.SequenceOf(packet), Sealed.Top, out number);
        return verdict == SrtpVerdict.Passed && !Sealed.IsFresh(number) ? SrtpVerdict.Replayed : verdict;
    }

    /// <summary>Marks, then seals in place: what is sealed was marked, whatever happens between.</summary>
    /// <param name="number">As <see cref="Check"/> told, and admitted by the ceiling.</param>
    public SrtpVerdict Seal(Span<byte> buffer, int length, ulong number, out int sealedLength)
    {
        sealedLength = 0;
        return Sealed.TryAccept(number) ? _sa.Seal(buffer, length, number, out sealedLength) : SrtpVerdict.Replayed;
    }

    public void Dispose() => _sa.Dispose();
}
