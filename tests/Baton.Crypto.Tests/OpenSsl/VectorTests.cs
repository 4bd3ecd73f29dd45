using System.Text;
using Baton.Crypto.OpenSsl;

namespace Baton.Crypto.Tests.OpenSsl;

/// <summary>Published vectors, one a citation.</summary>
public sealed class VectorTests
{
    [Theory] // RFC 3602 section 4, cases 1 to 4
    [InlineData("06a9214036b8a15b512e03d534120006", "3dafba429d9eb430b422da802c9fac41", "53696e676c6520626c6f636b206d7367", "e353779c1079aeb82708942dbe77181a")]
    [InlineData("c286696d887c9aa0611bbb3e2025a45a", "562e17996d093d28ddb3ba695a2e6f58", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "d296cd94c2cccf8a3a863028b5e1dc0a7586602d253cfff91b8266bea6d61ab1")]
    [InlineData("6c3ea0477630ce21a2ce334aa746c2cd", "c782dc4c098c66cbd9cd27d825682c81", "5468697320697320612034382d62797465206d657373616765202865786163746c7920332041455320626c6f636b7329", "d0a02b3836451753d493665d33f0e8862dea54cdb293abc7506939276772f8d5021c19216bad525c8579695d83ba2684")]
    [InlineData("56e47a38c5598974bc46903dba290349", "8ce82eefbea0da3c44699ed7db51b7d9", "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf", "c30e32ffedc0774e6aff6af0869f71aa0f3af07a9a31a9c684db207eb0ef8e4e35907aa632c3ffdf868bb7b29d3d46ad83ce9f9a102ee99d49a53e87f4c3da55")]
    public void Rfc3602AesCbc(string key, string iv, string plain, string cipher)
    {
        byte[] text = Convert.FromHexString(plain);
        using var encrypt = new EvpCbc(Convert.FromHexString(key), encrypt: true);
        encrypt.Apply(Convert.FromHexString(iv), text);
        Assert.Equal(cipher, Convert.ToHexStringLower(text));
        using var decrypt = new EvpCbc(Convert.FromHexString(key), encrypt: false);
        decrypt.Apply(Convert.FromHexString(iv), text);
        Assert.Equal(plain, Convert.ToHexStringLower(text));
    }

    [Theory] // RFC 4868 section 2.7.2.1, AUTH256-1 to 3
    [InlineData("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265", "198a607eb44bfbc69903a0f1cf2bbdc5")]
    [InlineData("4a6566654a6566654a6566654a6566654a6566654a6566654a6566654a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f", "167f928588c5cc2eef8e3093caa0e87c")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd", "cdcb1220d1ecccea91e53aba3092f962")]
    public void Rfc4868HmacSha256(string key, string data, string mac)
    {
        using var hmac = new HmacSha256(Convert.FromHexString(key));
        byte[] bytes = Convert.FromHexString(data);
        Span<byte> got = stackalloc byte[16];
        for (int cut = 0; cut <= bytes.Length; cut += 5)
        {
            hmac.Compute(bytes.AsSpan(0, cut), bytes.AsSpan(cut), got);
            Assert.Equal(mac, Convert.ToHexStringLower(got));
        }

        Assert.True(hmac.Verify(bytes, default, Convert.FromHexString(mac)));
        got[3] ^= 1;
        Assert.False(hmac.Verify(bytes, default, got));
    }

    [Theory] // The GCM specification (McGrew, Viega), appendix B, test cases 3, 4, 15, 16
    [InlineData("feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "", "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255", "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985", "4d5c2af327cd64a62cf35abd2ba6fab4")]
    [InlineData("feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2", "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39", "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091", "5bc94fbc3221a5db94fae95ae7121a47")]
    [InlineData("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "", "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255", "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad", "b094dac5d93471bdec1a502270e3cc6c")]
    [InlineData("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2", "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39", "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662", "76fc6ece0f4e1768cddf8853bb2d551b")]
    public void GcmSpecification(string key, string nonce, string associated, string plain, string cipher, string tag)
    {
        byte[] text = Convert.FromHexString(plain);
        byte[] mac = new byte[16];
        using var aead = new EvpAead(key.Length == 32 ? AeadAlgorithm.Aes128Gcm : AeadAlgorithm.Aes256Gcm, Convert.FromHexString(key));
        aead.Seal(Convert.FromHexString(nonce), Convert.FromHexString(associated), text, mac);
        Assert.Equal(cipher, Convert.ToHexStringLower(text));
        Assert.Equal(tag, Convert.ToHexStringLower(mac));
        Assert.True(aead.Open(Convert.FromHexString(nonce), Convert.FromHexString(associated), text, mac));
        Assert.Equal(plain, Convert.ToHexStringLower(text));
    }

    [Fact] // RFC 7634 appendix A: the AEAD under the ESP packet
    public void Rfc7634ChaCha20Poly1305()
    {
        byte[] key = [.. Enumerable.Range(0x80, 32).Select(i => (byte)i)];
        byte[] text = Convert.FromHexString("45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec100007362708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363701020204");
        byte[] tag = new byte[16];
        using var aead = new EvpAead(AeadAlgorithm.ChaCha20Poly1305, key);
        aead.Seal(Convert.FromHexString("a0a1a2a31011121314151617"), Convert.FromHexString("0102030400000005"), text, tag);
        Assert.Equal("76aaa8266b7fb0f7b11b369907e1ad43", Convert.ToHexStringLower(tag));
        Assert.StartsWith("24039428b97f417e3c13753a4f05087b", Convert.ToHexStringLower(text), StringComparison.Ordinal);
    }

    [Fact]
    public void AesGcmOfThePlatformAgrees()
    {
        var random = new Random(7);
        foreach (AeadAlgorithm algorithm in new[] { AeadAlgorithm.Aes128Gcm, AeadAlgorithm.Aes256Gcm })
        {
            byte[] key = new byte[Aead.KeyLength(algorithm)];
            random.NextBytes(key);
            using var ours = new EvpAead(algorithm, key);
            using var oracle = new System.Security.Cryptography.AesGcm(key, 16);
            for (int length = 0; length < 300; length += 7)
            {
                byte[] nonce = new byte[12], associated = new byte[length % 20], plain = new byte[length];
                random.NextBytes(nonce);
                random.NextBytes(associated);
                random.NextBytes(plain);
                byte[] expected = new byte[length], expectedTag = new byte[16], tag = new byte[16];
                oracle.Encrypt(nonce, plain, expected, expectedTag, associated);
                byte[] text = [.. plain];
                ours.Seal(nonce, associated, text, tag);
                Assert.Equal(expected, text);
                Assert.Equal(expectedTag, tag);
            }
        }
    }

    [Fact]
    public void AForgeryIsFalseAndNeverThrows()
    {
        using var aead = new EvpAead(AeadAlgorithm.Aes256Gcm, new byte[32]);
        byte[] nonce = new byte[12], text = Encoding.ASCII.GetBytes("a call"), tag = new byte[16];
        aead.Seal(nonce, default, text, tag);
        for (int bit = 0; bit < 128; bit++)
        {
            tag[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(aead.Open(nonce, default, [.. text], tag));
            tag[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.True(aead.Open(nonce, default, text, tag));
    }
}
