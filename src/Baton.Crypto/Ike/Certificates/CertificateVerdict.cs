namespace Baton.Crypto.Ike.Certificates;

/// <summary>What became of a peer's certificates.</summary>
public enum CertificateVerdict
{
    Trusted,

    /// <summary>None was sent.</summary>
    Missing,

    /// <summary>More, or larger ones, than <see cref="CertificateAuthenticator.MaximumCertificates"/> and MaximumCertificateLength.</summary>
    TooMany,

    /// <summary>Bytes that are no certificate.</summary>
    Malformed,

    /// <summary>No path to a configured authority, or one that breaks a rule (constraints, usage of a key).</summary>
    Untrusted,

    /// <summary>A certificate of the path is not valid yet, or no more.</summary>
    OutOfDate,

    /// <summary>A certificate of the path is on its issuer's list.</summary>
    Revoked,

    /// <summary>Lists are required, and there is no current one of an issuer in the path.</summary>
    RevocationUnknown,

    /// <summary>A key or signature algorithm in the path that RFC 8247 forbids.</summary>
    Weak,

    /// <summary>Its key usage does not allow signatures (RFC 4945 5.1.3.2).</summary>
    WrongUsage,

    /// <summary>The identity in the ID payload is not in the certificate (RFC 4945 3.1).</summary>
    IdentityMismatch,

    /// <summary>The certificate is good, but the AUTH payload's signature is not its key's.</summary>
    BadSignature,
}
