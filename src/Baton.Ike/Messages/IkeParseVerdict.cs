namespace Baton.Ike.Messages;

/// <summary>What became of a datagram's bytes. Every drop has a name, and every name a counter (<see cref="IkeCounters"/>).</summary>
public enum IkeParseVerdict
{
    Parsed,

    /// <summary>Shorter than the IKE header.</summary>
    Runt,

    /// <summary>The header's Length is not the datagram's.</summary>
    LengthMismatch,

    /// <summary>A major version above ours: INVALID_MAJOR_VERSION may answer (RFC 7296 2.5).</summary>
    MajorVersionTooHigh,

    /// <summary>IKEv1 or older: dropped without an answer.</summary>
    MajorVersionTooLow,

    /// <summary>The initiator's SPI is 0, which it must not be (RFC 7296 3.1).</summary>
    ZeroInitiatorSpi,

    /// <summary>More payloads than <see cref="Payloads.PayloadChain.MaximumPayloads"/>.</summary>
    TooManyPayloads,

    /// <summary>A payload's length is below 4 or goes beyond the message.</summary>
    PayloadLength,

    /// <summary>Bytes behind the last payload.</summary>
    TrailingBytes,

    MalformedSa,
    MalformedKeyExchange,
    MalformedIdentity,
    MalformedCertificate,
    MalformedCertificateRequest,
    MalformedAuthentication,
    MalformedNonce,
    MalformedNotify,
    MalformedDelete,
    MalformedTrafficSelectors,
    MalformedConfiguration,
    MalformedEap,

    /// <summary>An Encrypted payload where none belongs: before keys, inside another, or not at the end.</summary>
    UnexpectedEncrypted,

    /// <summary>No Encrypted payload where one belongs.</summary>
    NotEncrypted,

    /// <summary>Too short for IV and ICV, or not whole blocks.</summary>
    EncryptedLength,

    /// <summary>The ICV is wrong: forged, damaged, or other keys.</summary>
    BadIcv,

    /// <summary>Authentic, but the pad length is longer than the text.</summary>
    BadPadding,

    /// <summary>Fragment Number or Total Fragments that RFC 7383 2.6 forbids.</summary>
    BadFragment,
}
