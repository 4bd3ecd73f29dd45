using Baton.Srtp;

namespace Baton.Voice.MediaGateway;

/// <summary>What became of a packet at the media gateway. Every drop has a name, and every name a counter.</summary>
public enum MediaVerdict : byte
{
    Relayed,

    /// <summary>Genuine, and waits for its SA or a ceiling.</summary>
    Held,

    /// <summary>It would have to wait, and no room is left.</summary>
    HeldOverflow,

    /// <summary>It waited, and its SA or ceiling did not come in time.</summary>
    HeldTooLong,

    /// <summary>Neither RTP nor RTCP of version 2, cut off, or RTCP on the port of RTP where the two were not agreed to share it (RFC 5761).</summary>
    Malformed,

    /// <summary>From elsewhere than the phone, which still speaks.</summary>
    OtherAddress,

    /// <summary>More sources than a leg may have at once.</summary>
    TooManySources,

    /// <summary>Accepted or sealed before, or from before a takeover.</summary>
    Replayed,
    BadTag,

    /// <summary>SRTCP whose E flag is not as agreed.</summary>
    OtherForm,

    /// <summary>This member does not relay now.</summary>
    NotActive,

    /// <summary>No number may be used for sending: the lease is at its end.</summary>
    NoLease,

    /// <summary>An index is used up: the key must change (RFC 3711 9.2).</summary>
    SpaceEnded,

    /// <summary>Nobody knows yet where the other phone is.</summary>
    NoRemote,

    /// <summary>A side of the call has not answered yet.</summary>
    NotAnswered,

    /// <summary>It and its tag do not fit the buffer.</summary>
    TooLong,
}

internal static class MediaVerdicts
{
    public static MediaVerdict Of(SrtpVerdict verdict) => verdict switch
    {
        SrtpVerdict.Passed => MediaVerdict.Relayed,
        SrtpVerdict.Replayed => MediaVerdict.Replayed,
        SrtpVerdict.BadTag => MediaVerdict.BadTag,
        SrtpVerdict.OtherForm => MediaVerdict.OtherForm,
        SrtpVerdict.TooLong => MediaVerdict.TooLong,
        SrtpVerdict.SpaceEnded => MediaVerdict.SpaceEnded,
        _ => MediaVerdict.Malformed,
    };
}
