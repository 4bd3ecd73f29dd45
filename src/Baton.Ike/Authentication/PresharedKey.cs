using Baton.Crypto;
using Baton.Crypto.Ike;
using Baton.Crypto.Ike.Signatures;
using Baton.Ike.Payloads;

namespace Baton.Ike.Authentication;

/// <summary>AUTH = prf( prf(Shared Secret, "Key Pad for IKEv2"), SignedOctets ) (RFC 7296 section 2.15), for both sides.</summary>
/// <param name="secret">Lives as long as this does.</param>
public sealed class PresharedKey(SecretBytes secret) : ILocalCredential, IPeerCredential
{
    public IReadOnlyList<CertPayload> Certificates => [];

    public CertRequestPayload? Request => null;

    public AuthPayload? Sign(PrfAlgorithm prf, ReadOnlySpan<byte> octets, IReadOnlyList<ushort> peerHashes) =>
        new(AuthenticationMethod.SharedKey, SharedKeyMic.Compute(prf, secret.Span, octets));

    public AuthenticationVerdict Verify(in PeerProof proof)
    {
        if (proof.Auth.Method != AuthenticationMethod.SharedKey) return AuthenticationVerdict.WrongMethod;
        return SharedKeyMic.Verify(proof.Prf, secret.Span, proof.Octets, proof.Auth.Data.Span) ? AuthenticationVerdict.Authentic : AuthenticationVerdict.BadMac;
    }
}
