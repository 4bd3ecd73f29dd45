using Baton.Crypto.Ike;
using Baton.Crypto.Ike.Certificates;
using Baton.Crypto.Ike.Signatures;
using Baton.Ike.Payloads;

namespace Baton.Ike.Authentication;

/// <summary>We show a certificate and sign with its key (RFC 7296 section 2.15, RFC 7427).</summary>
/// <param name="certificates">DER, our own first, then those that lead to an authority.</param>
/// <param name="key">Lives as long as this does.</param>
public sealed class CertificateCredential(IReadOnlyList<ReadOnlyMemory<byte>> certificates, SigningKey key) : ILocalCredential
{
    private readonly Lock _signing = new();     // a key has one owner, and connections may share one

    public IReadOnlyList<CertPayload> Certificates { get; } = [.. certificates.Select(der => new CertPayload(CertificateEncoding.X509Signature, der))];

    public AuthPayload? Sign(PrfAlgorithm prf, ReadOnlySpan<byte> octets, IReadOnlyList<ushort> peerHashes)
    {
        SignatureHash[] hashes = [.. peerHashes.Select(hash => (SignatureHash)hash)];
        lock (_signing)
            return key.TrySign(hashes, octets, out AuthenticationMethod method, out byte[]? data) ? new AuthPayload(method, data) : null;
    }
}

/// <summary>We believe whoever shows a certificate of one of our authorities for the identity that it claims.</summary>
public sealed class CertificatePeerCredential(CertificateAuthenticator authenticator) : IPeerCredential
{
    public CertRequestPayload? Request { get; } = new(CertificateEncoding.X509Signature, authenticator.AuthorityKeyHashes);

    public AuthenticationVerdict Verify(in PeerProof proof)
    {
        if (proof.Auth.Method == AuthenticationMethod.SharedKey) return AuthenticationVerdict.WrongMethod;
        ReadOnlyMemory<byte>[] shown = [.. proof.Certificates.Where(each => each.Encoding == CertificateEncoding.X509Signature).Select(each => each.Data)];
        return authenticator.Authenticate(shown, proof.Identity.Type, proof.Identity.Data.Span, proof.Auth.Method, proof.Auth.Data, proof.Octets, proof.At) switch
        {
            CertificateVerdict.Trusted => AuthenticationVerdict.Authentic,
            CertificateVerdict.Missing => AuthenticationVerdict.NoCertificate,
            CertificateVerdict.OutOfDate => AuthenticationVerdict.Expired,
            CertificateVerdict.Revoked => AuthenticationVerdict.Revoked,
            CertificateVerdict.IdentityMismatch => AuthenticationVerdict.IdentityNotInCertificate,
            CertificateVerdict.BadSignature => AuthenticationVerdict.BadSignature,
            CertificateVerdict.Weak => AuthenticationVerdict.WrongMethod,
            _ => AuthenticationVerdict.UntrustedChain,
        };
    }
}
