using System.Security.Cryptography;
using Baton.Crypto.OpenSsl;

namespace Baton.Crypto.Tests;

/// <summary>Each AEAD of each library: published vectors, the platform's own as the oracle, forgeries.</summary>
public sealed class AeadTests
{
    public static TheoryData<CipherLibrary, AeadAlgorithm> Everything()
    {
        var data = new TheoryData<CipherLibrary, AeadAlgorithm>();
        foreach (CipherLibrary library in Enum.GetValues<CipherLibrary>())
        {
            foreach (AeadAlgorithm algorithm in Enum.GetValues<AeadAlgorithm>())
                data.Add(library, algorithm);
        }

        return data;
    }

    [Theory] // The GCM specification (McGrew, Viega), appendix B, test cases 3, 4, 15, 16
    [InlineData(CipherLibrary.OpenSsl, "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "", "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255", "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985", "4d5c2af327cd64a62cf35abd2ba6fab4")]
    [InlineData(CipherLibrary.OpenSsl, "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2", "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39", "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091", "5bc94fbc3221a5db94fae95ae7121a47")]
    [InlineData(CipherLibrary.OpenSsl, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "", "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255", "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad", "b094dac5d93471bdec1a502270e3cc6c")]
    [InlineData(CipherLibrary.OpenSsl, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2", "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39", "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662", "76fc6ece0f4e1768cddf8853bb2d551b")]
    [InlineData(CipherLibrary.IpsecMb, "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "", "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255", "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985", "4d5c2af327cd64a62cf35abd2ba6fab4")]
    [InlineData(CipherLibrary.IpsecMb, "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2", "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39", "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091", "5bc94fbc3221a5db94fae95ae7121a47")]
    [InlineData(CipherLibrary.IpsecMb, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "", "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255", "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad", "b094dac5d93471bdec1a502270e3cc6c")]
    [InlineData(CipherLibrary.IpsecMb, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2", "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39", "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662", "76fc6ece0f4e1768cddf8853bb2d551b")]
    public void GcmSpecification(CipherLibrary library, string key, string nonce, string associated, string plain, string cipher, string tag)
    {
        byte[] text = Convert.FromHexString(plain);
        byte[] mac = new byte[16];
        using Aead aead = Make(library, key.Length == 32 ? AeadAlgorithm.Aes128Gcm : AeadAlgorithm.Aes256Gcm, Convert.FromHexString(key));
        aead.Seal(Convert.FromHexString(nonce), Convert.FromHexString(associated), text, mac);
        Assert.Equal(cipher, Convert.ToHexStringLower(text));
        Assert.Equal(tag, Convert.ToHexStringLower(mac));
        Assert.True(aead.Open(Convert.FromHexString(nonce), Convert.FromHexString(associated), text, mac));
        Assert.Equal(plain, Convert.ToHexStringLower(text));
    }

    [Theory, InlineData(CipherLibrary.OpenSsl), InlineData(CipherLibrary.IpsecMb)] // RFC 7634 appendix A: the AEAD under the ESP packet
    public void Rfc7634ChaCha20Poly1305(CipherLibrary library)
    {
        byte[] key = [.. Enumerable.Range(0x80, 32).Select(i => (byte)i)];
        byte[] text = Convert.FromHexString("45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec100007362708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363701020204");
        byte[] tag = new byte[16];
        using Aead aead = Make(library, AeadAlgorithm.ChaCha20Poly1305, key);
        aead.Seal(Convert.FromHexString("a0a1a2a31011121314151617"), Convert.FromHexString("0102030400000005"), text, tag);
        Assert.Equal("76aaa8266b7fb0f7b11b369907e1ad43", Convert.ToHexStringLower(tag));
        Assert.StartsWith("24039428b97f417e3c13753a4f05087b", Convert.ToHexStringLower(text), StringComparison.Ordinal);
    }

    /// <summary>Every length up to where all of a library's ways through a packet have been taken, and some long ones.</summary>
    [Theory, MemberData(nameof(Everything))]
    public void ThePlatformsOwnAgrees(CipherLibrary library, AeadAlgorithm algorithm)
    {
        var random = new Random(7);
        byte[] key = new byte[Aead.KeyLength(algorithm)];
        random.NextBytes(key);
        using Aead ours = Make(library, algorithm, key);
        using AesGcm? gcm = algorithm == AeadAlgorithm.ChaCha20Poly1305 ? null : new AesGcm(key, 16);
        using ChaCha20Poly1305? chaCha = gcm is null ? new ChaCha20Poly1305(key) : null;
        foreach (int length in Enumerable.Range(0, 1_100).Concat([1_400, 1_452, 1_500, 4_095, 9_000, 65_000]))
        {
            byte[] nonce = new byte[12], associated = new byte[length % 3 == 0 ? 8 : length % 3 == 1 ? 12 : length % 40], plain = new byte[length];
            random.NextBytes(nonce);
            random.NextBytes(associated);
            random.NextBytes(plain);
            byte[] expected = new byte[length], expectedTag = new byte[16], tag = new byte[16];
            if (gcm is not null)
                gcm.Encrypt(nonce, plain, expected, expectedTag, associated);
            else
                chaCha!.Encrypt(nonce, plain, expected, expectedTag, associated);
            byte[] text = [.. plain];
            ours.Seal(nonce, associated, text, tag);
            Assert.Equal(expected, text);
            Assert.Equal(expectedTag, tag);
            Assert.True(ours.Open(nonce, associated, text, tag));
            Assert.Equal(plain, text);
        }
    }

    [Theory, MemberData(nameof(Everything))]
    public void AForgeryIsFalseAndNeverThrows(CipherLibrary library, AeadAlgorithm algorithm)
    {
        using Aead aead = Make(library, algorithm, new byte[Aead.KeyLength(algorithm)]);
        byte[] nonce = new byte[12], text = "a call"u8.ToArray(), associated = new byte[12], tag = new byte[16];
        aead.Seal(nonce, associated, text, tag);
        foreach (byte[] part in new[] { tag, text, nonce, associated })
        {
            for (int bit = 0; bit < part.Length * 8; bit++)
            {
                part[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.False(aead.Open(nonce, associated, [.. text], tag));
                part[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }

        Assert.False(aead.Open(nonce, associated, text, tag.AsSpan(0, 12)));
        Assert.True(aead.Open(nonce, associated, text, tag));
    }

    /// <summary>What InboundSa's second look at a packet rests on.</summary>
    [Theory, MemberData(nameof(Everything))]
    public void ARefusedTextOpenedOnceMoreIsTheCiphertext(CipherLibrary library, AeadAlgorithm algorithm)
    {
        using Aead aead = Make(library, algorithm, new byte[Aead.KeyLength(algorithm)]);
        byte[] nonce = new byte[12], tag = new byte[16], forged = [.. Enumerable.Range(0, 333).Select(i => (byte)i)];
        byte[] text = [.. forged];
        Assert.False(aead.Open(nonce, default, text, tag));
        Assert.False(aead.Open(nonce, default, text, tag));
        Assert.Equal(forged, text);
    }

    [Theory, MemberData(nameof(Everything))]
    public void AfterDisposalItIsRefused(CipherLibrary library, AeadAlgorithm algorithm)
    {
        Aead aead = Make(library, algorithm, new byte[Aead.KeyLength(algorithm)]);
        aead.Dispose();
        Assert.Throws<ObjectDisposedException>(() => aead.Seal(new byte[12], default, new byte[4], new byte[16]));
        Assert.Throws<ObjectDisposedException>(() => aead.Open(new byte[12], default, new byte[4], new byte[16]));
    }

    private static Aead Make(CipherLibrary library, AeadAlgorithm algorithm, byte[] key)
    {
        Assert.SkipUnless(CipherProvider.IsAvailable(library, out string reason), reason);
        return CipherProvider.Make(library, algorithm, key, CipherUse.Both);
    }
}
