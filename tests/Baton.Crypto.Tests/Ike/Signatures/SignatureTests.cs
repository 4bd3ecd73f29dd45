using System.Security.Cryptography;
using Baton.Crypto.Ike;
using Baton.Crypto.Ike.Signatures;

namespace Baton.Crypto.Tests.Ike.Signatures;

public sealed class SignatureTests
{
    private static readonly SignatureHash[] AllHashes = [SignatureHash.Sha256, SignatureHash.Sha384, SignatureHash.Sha512];
    private static readonly byte[] Octets = [.. Enumerable.Range(0, 200).Select(i => (byte)i)];

    [Theory] // RFC 7427 appendix A.3.2 to A.3.4: which curve gets which hash, and the identifier's bytes
    [InlineData(256, "300a06082a8648ce3d040302")]
    [InlineData(384, "300a06082a8648ce3d040303")]
    [InlineData(521, "300a06082a8648ce3d040304")]
    public void EcdsaCarriesTheIdentifierOfTheRfc(int bits, string identifier)
    {
        using SigningKey key = SigningKey.From(Curve(bits));
        Assert.True(key.TrySign(AllHashes, Octets, out AuthenticationMethod method, out byte[]? data));
        Assert.Equal(AuthenticationMethod.DigitalSignature, method);
        Assert.Equal($"0c{identifier}", Convert.ToHexStringLower(data.AsSpan(0, 13)));
    }

    /// <summary>RFC 7427 appendix A.4.3, with the length octet of section 3 in front.</summary>
    [Fact]
    public void RsaIsPssWithTheIdentifierOfTheRfc()
    {
        using SigningKey key = SigningKey.From(RSA.Create(2048));
        Assert.True(key.TrySign(AllHashes, Octets, out _, out byte[]? data));
        const string Identifier = "304606092a864886f70d01010a3039a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120a303020101";
        Assert.Equal("48" + Identifier, Convert.ToHexStringLower(data.AsSpan(0, 73)));
    }

    public static TheoryData<int, SignatureHash[]> Signers => new()
    {
        { 256, AllHashes }, { 384, AllHashes }, { 521, AllHashes }, { 2048, AllHashes }, { 3072, AllHashes },
        { 256, [SignatureHash.Sha512] }, { 2048, [SignatureHash.Sha384] }, { 2048, [SignatureHash.Sha1, SignatureHash.Sha512, SignatureHash.Identity] },
        { 256, [] }, { 384, [] }, { 521, [SignatureHash.Sha1] },
    };

    [Theory, MemberData(nameof(Signers))]
    public void WhatIsSignedIsValidAndNothingElse(int bits, SignatureHash[] peerHashes)
    {
        AsymmetricAlgorithm pair = bits >= 2048 ? RSA.Create(bits) : Curve(bits);
        using SigningKey key = SigningKey.From(pair);
        Assert.True(key.TrySign(peerHashes, Octets, out AuthenticationMethod method, out byte[]? data));
        Assert.Equal(SignatureVerdict.Valid, SignatureVerifier.Verify(pair, method, data, Octets));
        Assert.Equal(SignatureVerdict.Invalid, SignatureVerifier.Verify(pair, method, data, Octets.AsSpan(1)));
        foreach (int at in (int[])[data.Length - 1, data.Length - 20, data.Length / 2])
        {
            byte[] forged = [.. data];
            forged[at] ^= 4;
            Assert.NotEqual(SignatureVerdict.Valid, SignatureVerifier.Verify(pair, method, forged, Octets));
        }

        for (int length = 0; length < data.Length; length += 9)
            Assert.NotEqual(SignatureVerdict.Valid, SignatureVerifier.Verify(pair, method, data.AsMemory(0, length), Octets));
        using AsymmetricAlgorithm stranger = bits >= 2048 ? RSA.Create(bits) : Curve(bits);
        Assert.Equal(SignatureVerdict.Invalid, SignatureVerifier.Verify(stranger, method, data, Octets));
        using AsymmetricAlgorithm otherKind = bits >= 2048 ? Curve(256) : RSA.Create(2048);
        Assert.Equal(SignatureVerdict.WrongKey, SignatureVerifier.Verify(otherKind, method, data, Octets));
    }

    /// <summary>RSA PKCS #1 v1.5 with SHA-2 is verified (RFC 8247 3.2 says MAY; many peers send nothing else) though we sign with PSS.</summary>
    [Theory]
    [InlineData("300d06092a864886f70d01010b0500", "SHA256")]
    [InlineData("300d06092a864886f70d01010c0500", "SHA384")]
    [InlineData("300d06092a864886f70d01010d0500", "SHA512")]
    public void RsaPkcs1IsVerified(string identifier, string hash)
    {
        using RSA rsa = RSA.Create(2048);
        byte[] signature = rsa.SignData(Octets, new HashAlgorithmName(hash), RSASignaturePadding.Pkcs1);
        byte[] data = [15, .. Convert.FromHexString(identifier), .. signature];
        Assert.Equal(SignatureVerdict.Valid, SignatureVerifier.Verify(rsa, AuthenticationMethod.DigitalSignature, data, Octets));
    }

    [Theory] // RFC 7427 appendix A, RFC 8247 3.2: all of these mean SHA-1 or DSA
    [InlineData("300d06092a864886f70d0101050500")]
    [InlineData("300906072a8648ce380403")]
    [InlineData("300b0609608648016503040302")]
    [InlineData("300906072a8648ce3d0401")]
    [InlineData("300d06092a864886f70d01010a3000")]
    [InlineData("300b06092a864886f70d01010a")]
    [InlineData("303e06092a864886f70d01010a3031a00b300906052b0e03021a0500a118301606092a864886f70d010108300906052b0e03021a0500a203020114a303020101")]
    [InlineData("304606092a864886f70d01010a3039a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020114a303020101")]  // a salt of 20
    [InlineData("304606092a864886f70d01010a3039a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020120a303020101")]  // MGF1 with SHA-384
    [InlineData("300a06082a8648ce3d0403020500")]
    [InlineData("30")]
    [InlineData("")]
    public void WeakAndUnknownIdentifiersAreRefused(string identifier)
    {
        using RSA rsa = RSA.Create(2048);
        byte[] bytes = Convert.FromHexString(identifier);
        byte[] data = [(byte)bytes.Length, .. bytes, .. new byte[256]];
        Assert.Equal(SignatureVerdict.UnsupportedAlgorithm, SignatureVerifier.Verify(rsa, AuthenticationMethod.DigitalSignature, data, Octets));
    }

    [Theory] // RFC 8247 3.1
    [InlineData(AuthenticationMethod.Rsa)]
    [InlineData(AuthenticationMethod.Dss)]
    [InlineData(AuthenticationMethod.Null)]
    [InlineData(AuthenticationMethod.SharedKey)]
    public void MethodsThatAreNoSignatureOfOursAreRefused(AuthenticationMethod method)
    {
        using RSA rsa = RSA.Create(2048);
        byte[] sha1 = rsa.SignData(Octets, HashAlgorithmName.SHA1, RSASignaturePadding.Pkcs1);
        Assert.Equal(SignatureVerdict.UnsupportedMethod, SignatureVerifier.Verify(rsa, method, sha1, Octets));
    }

    [Fact]
    public void RsaCannotSignForAPeerWithoutRfc7427()
    {
        using SigningKey key = SigningKey.From(RSA.Create(2048));
        Assert.False(key.TrySign([], Octets, out _, out _));
        Assert.False(key.TrySign([SignatureHash.Sha1], Octets, out _, out _));
    }

    [Fact]
    public void TheLegacyMethodWantsItsCurve()
    {
        using ECDsa p384 = Curve(384);
        byte[] signature = p384.SignData(Octets, HashAlgorithmName.SHA256);
        Assert.Equal(SignatureVerdict.WrongKey, SignatureVerifier.Verify(p384, AuthenticationMethod.EcdsaP256, signature, Octets));
    }

    [Fact]
    public void WeakKeysNeitherSignNorVerify()
    {
        using RSA small = RSA.Create(1024);
        Assert.Equal(SignatureVerdict.WeakKey, SignatureVerifier.Verify(small, AuthenticationMethod.DigitalSignature, new byte[200], Octets));
        CryptographicException error = Assert.ThrowsAny<CryptographicException>(() => SigningKey.FromPem(small.ExportPkcs8PrivateKeyPem()));
        Assert.Contains("2048", error.Message, StringComparison.Ordinal);
        using var strange = ECDsa.Create(ECCurve.NamedCurves.brainpoolP256r1);
        Assert.ThrowsAny<CryptographicException>(() => SigningKey.FromPem(strange.ExportPkcs8PrivateKeyPem()));
    }

    [Fact]
    public void KeysAreReadFromEachKindOfPem()
    {
        using RSA rsa = RSA.Create(2048);
        using ECDsa ec = Curve(256);
        foreach (string pem in (string[])[rsa.ExportPkcs8PrivateKeyPem(), rsa.ExportRSAPrivateKeyPem(), ec.ExportPkcs8PrivateKeyPem(), ec.ExportECPrivateKeyPem()])
        {
            using SigningKey key = SigningKey.FromPem(pem);
            Assert.True(key.TrySign(AllHashes, Octets, out _, out _));
        }

        foreach (string pem in (string[])[rsa.ExportSubjectPublicKeyInfoPem(), ec.ExportSubjectPublicKeyInfoPem(), "nothing"])
            Assert.ThrowsAny<CryptographicException>(() => SigningKey.FromPem(pem));
    }

    /// <summary>RFC 7296 2.15, written down with the platform's HMAC.</summary>
    [Fact]
    public void TheSharedKeyMicIsTwoPrfs()
    {
        byte[] secret = "a secret that two share"u8.ToArray();
        byte[] expected = HMACSHA256.HashData(HMACSHA256.HashData(secret, "Key Pad for IKEv2"u8), Octets);
        Assert.Equal(expected, SharedKeyMic.Compute(PrfAlgorithm.HmacSha256, secret, Octets));
        Assert.True(SharedKeyMic.Verify(PrfAlgorithm.HmacSha256, secret, Octets, expected));
        Assert.False(SharedKeyMic.Verify(PrfAlgorithm.HmacSha256, secret, Octets, expected.AsSpan(1)));
        expected[0] ^= 1;
        Assert.False(SharedKeyMic.Verify(PrfAlgorithm.HmacSha256, secret, Octets, expected));
    }

    private static ECDsa Curve(int bits) => ECDsa.Create(bits switch
    {
        256 => ECCurve.NamedCurves.nistP256,
        384 => ECCurve.NamedCurves.nistP384,
        _ => ECCurve.NamedCurves.nistP521,
    });
}
