using Baton.Ike.Messages;

namespace Baton.Ike.Payloads;

/// <summary>Cert Encoding (RFC 7296 3.6).</summary>
public enum CertificateEncoding : byte
{
    /// <summary>PKCS #7 wrapped X.509 certificate</summary>
    Pkcs7 = 1,

    /// <summary>X.509 Certificate - Signature: DER.</summary>
    X509Signature = 4,

    /// <summary>Certificate Revocation List (CRL)</summary>
    Crl = 7,

    /// <summary>Hash and URL of X.509 certificate; never fetched by us.</summary>
    HashAndUrl = 12,

    /// <summary>Hash and URL of X.509 bundle</summary>
    HashAndUrlBundle = 13,

    /// <summary>OCSP Content (RFC 4806)</summary>
    Ocsp = 14,

    /// <summary>Raw Public Key (RFC 7670)</summary>
    RawPublicKey = 15,
}

/// <summary>Certificate payload (RFC 7296 3.6). The first one holds the key that signs.</summary>
public sealed record CertPayload(CertificateEncoding Encoding, ReadOnlyMemory<byte> Data) : Payload
{
    public override PayloadType Type => PayloadType.Certificate;

    internal override void WriteBody(WireWriter writer)
    {
        writer.Byte((int)Encoding);
        writer.Bytes(Data.Span);
    }

    internal static CertPayload? Parse(ReadOnlyMemory<byte> body) =>
        body.Length < 2 ? null : new CertPayload((CertificateEncoding)body.Span[0], body[1..]);
}

/// <summary>Certificate Request payload (RFC 7296 3.7): SHA-1 hashes of the public keys of authorities that the sender trusts.</summary>
public sealed record CertRequestPayload(CertificateEncoding Encoding, ReadOnlyMemory<byte> Authorities) : Payload
{
    /// <summary>Bytes of one hash.</summary>
    public const int HashLength = 20;

    public override PayloadType Type => PayloadType.CertificateRequest;

    /// <summary>Is this authority's key hash among those asked for?</summary>
    public bool Asks(ReadOnlySpan<byte> keyHash)
    {
        for (int at = 0; at < Authorities.Length; at += HashLength)
        {
            if (Authorities.Span.Slice(at, HashLength).SequenceEqual(keyHash))
                return true;
        }

        return false;
    }

    internal override void WriteBody(WireWriter writer)
    {
        writer.Byte((int)Encoding);
        writer.Bytes(Authorities.Span);
    }

    /// <remarks>No authority at all is sent by real peers and means any.</remarks>
    internal static CertRequestPayload? Parse(ReadOnlyMemory<byte> body)
    {
        if (body.IsEmpty)
            return null;
        var encoding = (CertificateEncoding)body.Span[0];
        return encoding == CertificateEncoding.X509Signature && (body.Length - 1) % HashLength != 0 ? null : new CertRequestPayload(encoding, body[1..]);
    }
}
