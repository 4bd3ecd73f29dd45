using System.Security.Cryptography;
using Baton.Crypto;
using Baton.Crypto.Ike;
using Baton.Ike.Payloads;

namespace Baton.Ike.Authentication;

/// <summary>AUTH = prf( prf(Shared Secret, "Key Pad for IKEv2"), SignedOctets ) (RFC 7296 section 2.15), for both sides.</summary>
/// <param name="secret">Lives as long as this does.</param>
public sealed class PresharedKey(SecretBytes secret) : ILocalCredential, IPeerCredential
{
    public IReadOnlyList<CertPayload> Certificates => [];

    public CertRequestPayload? Request => null;

    public AuthPayload Sign(PrfAlgorithm prf, ReadOnlySpan<byte> octets, IReadOnlyList<ushort> peerHashes)
    {
        byte[] mac = new byte[Prf.Length(prf)];
        Compute(prf, octets, mac);
        return new AuthPayload(AuthenticationMethod.SharedKey, mac);
    }

    AuthPayload? ILocalCredential.Sign(PrfAlgorithm prf, ReadOnlySpan<byte> octets, IReadOnlyList<ushort> peerHashes) => Sign(prf, octets, peerHashes);

    public AuthenticationVerdict Verify(in PeerProof proof)
    {
        if (proof.Auth.Method != AuthenticationMethod.SharedKey) return AuthenticationVerdict.WrongMethod;
        Span<byte> mac = stackalloc byte[Prf.Length(proof.Prf)];
        Compute(proof.Prf, proof.Octets, mac);
        return CryptographicOperations.FixedTimeEquals(mac, proof.Auth.Data.Span) ? AuthenticationVerdict.Authentic : AuthenticationVerdict.BadMac;
    }

    private void Compute(PrfAlgorithm prf, ReadOnlySpan<byte> octets, Span<byte> mac)
    {
        Span<byte> pad = stackalloc byte[Prf.Length(prf)];
        Prf.Compute(prf, secret.Span, "Key Pad for IKEv2"u8, pad);
        Prf.Compute(prf, pad, octets, mac);
        CryptographicOperations.ZeroMemory(pad);
    }
}
