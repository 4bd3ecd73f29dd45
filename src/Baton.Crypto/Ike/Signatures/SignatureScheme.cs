using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Baton.Crypto.Ike.Signatures;

internal enum SignatureKind
{
    Ecdsa,
    RsaPkcs1,
    RsaPss,
}

/// <summary>A signature algorithm with its hash, and its AlgorithmIdentifier as RFC 7427 appendix A writes it.</summary>
/// <remarks>There is none with SHA-1, and no PSS with empty or default parameters, which mean SHA-1 (RFC 8247 3.2).</remarks>
internal sealed record SignatureScheme(SignatureKind Kind, SignatureHash Hash)
{
    private const string RsaPssOid = "1.2.840.113549.1.1.10", Mgf1Oid = "1.2.840.113549.1.1.8";

    private static readonly Dictionary<string, SignatureScheme> Plain = new()
    {
        ["1.2.840.10045.4.3.2"] = new(SignatureKind.Ecdsa, SignatureHash.Sha256),
        ["1.2.840.10045.4.3.3"] = new(SignatureKind.Ecdsa, SignatureHash.Sha384),
        ["1.2.840.10045.4.3.4"] = new(SignatureKind.Ecdsa, SignatureHash.Sha512),
        ["1.2.840.113549.1.1.11"] = new(SignatureKind.RsaPkcs1, SignatureHash.Sha256),
        ["1.2.840.113549.1.1.12"] = new(SignatureKind.RsaPkcs1, SignatureHash.Sha384),
        ["1.2.840.113549.1.1.13"] = new(SignatureKind.RsaPkcs1, SignatureHash.Sha512),
    };

    private static readonly Dictionary<string, SignatureHash> Hashes = new()
    {
        ["2.16.840.1.101.3.4.2.1"] = SignatureHash.Sha256,
        ["2.16.840.1.101.3.4.2.2"] = SignatureHash.Sha384,
        ["2.16.840.1.101.3.4.2.3"] = SignatureHash.Sha512,
    };

    internal HashAlgorithmName HashName => Name(Hash);

    internal static HashAlgorithmName Name(SignatureHash hash) => hash switch
    {
        SignatureHash.Sha256 => HashAlgorithmName.SHA256,
        SignatureHash.Sha384 => HashAlgorithmName.SHA384,
        _ => HashAlgorithmName.SHA512,
    };

    /// <summary>Null for anything that is not exactly one of ours, whatever it is.</summary>
    internal static SignatureScheme? Parse(ReadOnlyMemory<byte> algorithmIdentifier)
    {
        try
        {
            var reader = new AsnReader(algorithmIdentifier, AsnEncodingRules.DER);
            AsnReader sequence = reader.ReadSequence();
            reader.ThrowIfNotEmpty();
            string oid = sequence.ReadObjectIdentifier();
            if (oid == RsaPssOid)
                return sequence.HasData ? ParsePss(sequence.ReadSequence()) : null;
            SignatureScheme? scheme = Plain.GetValueOrDefault(oid);
            if (sequence.HasData)
                sequence.ReadNull();
            sequence.ThrowIfNotEmpty();
            return scheme;
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    internal byte[] AlgorithmIdentifier()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            if (Kind == SignatureKind.RsaPss)
            {
                writer.WriteObjectIdentifier(RsaPssOid);
                WritePss(writer);
            }
            else
            {
                writer.WriteObjectIdentifier(Plain.First(pair => pair.Value == this).Key);
                if (Kind == SignatureKind.RsaPkcs1)
                    writer.WriteNull();
            }
        }

        return writer.Encode();
    }

    /// <summary>RSASSA-PSS-params (RFC 4055 3.1): hash, MGF1 with the same hash, a salt as long as the hash.</summary>
    private static SignatureScheme? ParsePss(AsnReader parameters)
    {
        SignatureHash? hash = null, maskHash = null;
        int salt = 20;                                  // the defaults, which are SHA-1's and refused below
        if (Tagged(parameters, 0) is { } hashField)
            hash = ParseHash(hashField.ReadSequence());
        if (Tagged(parameters, 1) is { } maskField)
        {
            AsnReader mask = maskField.ReadSequence();
            maskHash = mask.ReadObjectIdentifier() == Mgf1Oid ? ParseHash(mask.ReadSequence()) : null;
        }

        if (Tagged(parameters, 2) is { } saltField && !saltField.TryReadInt32(out salt))
            return null;
        if (Tagged(parameters, 3) is { } trailerField && !(trailerField.TryReadInt32(out int trailer) && trailer == 1))
            return null;
        parameters.ThrowIfNotEmpty();
        return hash is { } known && maskHash == known && salt == Length(known) ? new SignatureScheme(SignatureKind.RsaPss, known) : null;
    }

    private static AsnReader? Tagged(AsnReader reader, int tag)
    {
        var expected = new Asn1Tag(TagClass.ContextSpecific, tag, isConstructed: true);
        return reader.HasData && reader.PeekTag() == expected ? reader.ReadSequence(expected) : null;
    }

    private static SignatureHash? ParseHash(AsnReader algorithm)
    {
        string oid = algorithm.ReadObjectIdentifier();
        if (algorithm.HasData)
            algorithm.ReadNull();
        algorithm.ThrowIfNotEmpty();
        return Hashes.TryGetValue(oid, out SignatureHash hash) ? hash : null;
    }

    private void WritePss(AsnWriter writer)
    {
        using (writer.PushSequence())
        {
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
                WriteHash(writer);
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 1)))
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(Mgf1Oid);
                WriteHash(writer);
            }

            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 2)))
                writer.WriteInteger(Length(Hash));
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 3)))
                writer.WriteInteger(1);                 // a default, but the RFC's example writes it
        }
    }

    private void WriteHash(AsnWriter writer)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(Hashes.First(pair => pair.Value == Hash).Key);
            writer.WriteNull();
        }
    }

    private static int Length(SignatureHash hash) => hash switch { SignatureHash.Sha256 => 32, SignatureHash.Sha384 => 48, _ => 64 };
}
