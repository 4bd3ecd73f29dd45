namespace Baton.Srtp;

/// <summary>What became of an SRTP or SRTCP packet here. Every drop has a name; who calls keeps a counter for each.</summary>
public enum SrtpVerdict : byte
{
    /// <summary>Go on with it.</summary>
    Passed,

    /// <summary>Not RTP (RTCP) of version 2, or shorter than header and tag.</summary>
    Malformed,

    /// <summary>The SSRC is not that of this SA.</summary>
    OtherSource,

    /// <summary>Seen (sealed) before, left of the window, before the first index, or not above the floor that a takeover set.</summary>
    Replayed,

    BadTag,

    /// <summary>SRTCP whose E flag is not as agreed (RFC 3711 3.4).</summary>
    OtherForm,

    /// <summary>No room for the tag behind the packet.</summary>
    TooLong,

    /// <summary>The index would need more bits than it has: the SA must have been rekeyed before (RFC 3711 9.2).</summary>
    SpaceEnded,
}
