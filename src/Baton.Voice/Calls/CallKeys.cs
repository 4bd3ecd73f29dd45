using Baton.Srtp;

namespace Baton.Voice.Calls;

/// <summary>A phone's two keys at work: what it seals with, and what its gateway seals with. Wiped on release.</summary>
internal sealed class CallKeys : IDisposable
{
    private const int Window = 1_024;

    private readonly InboundSrtp _opens;
    private readonly InboundSrtcp _opensRtcp;

    /// <param name="ours">With <paramref name="gateways"/>: read here, and not kept.</param>
    /// <param name="farSsrc">Who speaks at the other phone: its SSRC comes through the gateway unchanged.</param>
    public CallKeys(SrtpMasterKey ours, SrtpMasterKey gateways, uint ssrc, uint farSsrc)
    {
        (Seals, SealsRtcp) = (new OutboundSrtp(ssrc, ours), new OutboundSrtcp(ssrc, ours, encrypted: true));
        (_opens, _opensRtcp) = (new InboundSrtp(farSsrc, gateways, Window), new InboundSrtcp(farSsrc, gateways, encrypted: true, Window));
    }

    public OutboundSrtp Seals { get; }

    public OutboundSrtcp SealsRtcp { get; }

    /// <summary>Checks, opens in place and marks (RFC 3711 3.3): replay protection is on, as at any phone.</summary>
    /// <param name="number">The index plus 1.</param>
    public SrtpVerdict Open(Span<byte> packet, bool isRtcp, out ulong number, out int length)
    {
        length = 0;
        SrtpVerdict verdict = isRtcp ? _opensRtcp.Check(packet, out number) : _opens.Check(packet, out number);
        if (verdict != SrtpVerdict.Passed) return verdict;
        verdict = isRtcp ? _opensRtcp.Open(packet, number, out length) : _opens.Open(packet, number, out length);
        if (verdict != SrtpVerdict.Passed) return verdict;
        return (isRtcp ? _opensRtcp.Accept(number) : _opens.Accept(number)) ? SrtpVerdict.Passed : SrtpVerdict.Replayed;
    }

    public void Dispose()
    {
        Seals.Dispose();
        SealsRtcp.Dispose();
        _opens.Dispose();
        _opensRtcp.Dispose();
    }
}
