using Baton.Crypto.Ike;
using Baton.Ike.Payloads;

namespace Baton.Ike.Authentication;

/// <summary>How we show who we are. Immutable, and safe to share.</summary>
public interface ILocalCredential
{
    /// <summary>CERT payloads to send before AUTH; empty with a shared key.</summary>
    IReadOnlyList<CertPayload> Certificates { get; }

    /// <summary>The AUTH payload over the signed octets. Null: the peer names only hash algorithms that we do not have.</summary>
    /// <param name="octets">RealMessage | Nonce | MACedID of our side (RFC 7296 section 2.15).</param>
    /// <param name="peerHashes">Of SIGNATURE_HASH_ALGORITHMS; empty: the peer did not say, so RFC 7427 is not used.</param>
    AuthPayload? Sign(PrfAlgorithm prf, ReadOnlySpan<byte> octets, IReadOnlyList<ushort> peerHashes);
}

/// <summary>How we are convinced of who the peer is. Immutable, and safe to share.</summary>
public interface IPeerCredential
{
    /// <summary>CERTREQ to send; null with a shared key.</summary>
    CertRequestPayload? Request { get; }

    AuthenticationVerdict Verify(in PeerProof proof);
}

/// <summary>What the peer showed.</summary>
/// <param name="octets">RealMessage | Nonce | MACedID of its side.</param>
/// <param name="at">Wall-clock time for the validity of certificates, as the shell told it.</param>
public readonly ref struct PeerProof(
    PrfAlgorithm prf, Identity identity, AuthPayload auth, IReadOnlyList<CertPayload> certificates, ReadOnlySpan<byte> octets, DateTimeOffset at)
{
    public PrfAlgorithm Prf { get; } = prf;

    public Identity Identity { get; } = identity;

    public AuthPayload Auth { get; } = auth;

    public IReadOnlyList<CertPayload> Certificates { get; } = certificates;

    public ReadOnlySpan<byte> Octets { get; } = octets;

    public DateTimeOffset At { get; } = at;
}

public enum AuthenticationVerdict
{
    Authentic,

    /// <summary>A method that this peer may not use, or that is too weak.</summary>
    WrongMethod,

    BadMac,
    BadSignature,
    NoCertificate,
    UntrustedChain,
    Expired,
    Revoked,
    IdentityNotInCertificate,

    /// <summary>Not the identity that the connection asks for.</summary>
    WrongIdentity,
}
