using Baton.Media.Sdp;
using Baton.Srtp;
using Baton.Srtp.Sdes;

namespace Baton.Voice.Controller;

/// <summary>An offer that passed: what was offered to us, and what we offered on. Kept until the next one, for an answer may come more than once.</summary>
/// <param name="From">The side that offers.</param>
internal sealed record Offer(int From, IReadOnlyList<OfferedMedia> Media) : IDisposable
{
    public void Dispose()
    {
        foreach (OfferedMedia media in Media)
            media.Dispose();
    }
}

/// <summary>One media of an offer.</summary>
internal sealed class OfferedMedia : IDisposable
{
    /// <summary>Null: port 0, it is not used.</summary>
    internal SdpPhone? Phone { get; init; }

    internal required string Kind { get; init; }

    internal required string TransportIn { get; init; }

    internal required string TransportOut { get; init; }

    /// <summary>What the phone seals with, if we take one of them.</summary>
    internal IReadOnlyList<CryptoAttribute> Came { get; init; } = [];

    /// <summary>The suites that we offered on, the one with tag 1 first.</summary>
    internal IReadOnlyList<SrtpSuite> Out { get; init; } = [];

    /// <summary>We offered RTP and RTCP on one port to the other side.</summary>
    internal bool MuxOut { get; init; }

    /// <summary>It may be said without being asked.</summary>
    internal bool MuxRequired { get; init; }

    /// <summary>What the offering phone is answered; null: what the other phone says.</summary>
    internal bool? MuxBack { get; init; }

    internal bool EncryptsRtcpOut { get; init; } = true;

    internal bool IsOnHold { get; init; }

    internal bool IsUsed => Phone is not null;

    public void Dispose()
    {
        foreach (CryptoAttribute line in Came)
            line.Dispose();
    }
}
