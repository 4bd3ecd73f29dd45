using System.Buffers.Binary;
using System.Security.Cryptography;
using Baton.Crypto.Ike;
using CsCheck;

namespace Baton.Crypto.Tests.Ike;

public sealed class IkeCipherTests
{
    public static readonly IkeCipherSuite[] AllSuites =
    [
        new(EncryptionAlgorithm.AesGcm16, 128, IntegrityAlgorithm.None),
        new(EncryptionAlgorithm.AesGcm16, 256, IntegrityAlgorithm.None),
        new(EncryptionAlgorithm.ChaCha20Poly1305, 0, IntegrityAlgorithm.None),
        new(EncryptionAlgorithm.AesCbc, 128, IntegrityAlgorithm.HmacSha256),
        new(EncryptionAlgorithm.AesCbc, 256, IntegrityAlgorithm.HmacSha384),
        new(EncryptionAlgorithm.AesCbc, 256, IntegrityAlgorithm.HmacSha512),
    ];

    public static TheoryData<int> Suites => [.. Enumerable.Range(0, AllSuites.Length)];

    [Theory, MemberData(nameof(Suites))]
    public void OpensWhatItSealedAndNothingElse(int index)
    {
        IkeCipherSuite suite = AllSuites[index];
        using IkeCipher sealing = Make(suite), opening = Make(suite);
        byte[] text = Enumerable.Range(0, 48).Select(i => (byte)i).ToArray();
        byte[] message = Lay(suite, header: 32, text);
        sealing.Seal(message, 32, 5);
        Assert.False(message.AsSpan(32 + suite.IvLength, text.Length).SequenceEqual(text));
        for (int at = 0; at < message.Length; at++)
        {
            byte[] forged = [.. message];
            forged[at] ^= 0x40;
            Assert.False(opening.Open(forged, 32), $"byte {at} changed");
        }

        for (int length = 0; length < message.Length; length++)
            Assert.False(opening.Open(message.AsSpan(0, length).ToArray(), 32), $"cut to {length}");
        Assert.False(opening.Open([.. message], 31));
        byte[] copy = [.. message];
        Assert.True(opening.Open(copy, 32));
        Assert.Equal(text, copy.AsSpan(32 + suite.IvLength, text.Length).ToArray());
    }

    /// <summary>The AEAD construction of RFC 5282 3 to 5 and 7634, by the platform's classes.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void AnAeadIsThePlatforms(int index)
    {
        IkeCipherSuite suite = AllSuites[index];
        (byte[] key, _) = Keys(suite);
        using IkeCipher cipher = Make(suite);
        Gen.Select(Gen.Byte.Array[0, 300], Gen.Int[0, 80], Gen.ULong).Sample((text, header, number) =>
        {
            byte[] message = Lay(suite, header, text);
            cipher.Seal(message, header, number);
            byte[] nonce = [.. key[^4..], .. new byte[8]];
            BinaryPrimitives.WriteUInt64BigEndian(nonce.AsSpan(4), number);
            byte[] expected = new byte[text.Length], tag = new byte[16];
            byte[] associated = message[..header];
            if (suite.Encryption == EncryptionAlgorithm.AesGcm16)
            {
                using var gcm = new AesGcm(key.AsSpan(..^4), 16);
                gcm.Encrypt(nonce, text, expected, tag, associated);
            }
            else
            {
                using var chacha = new ChaCha20Poly1305(key.AsSpan(..^4));
                chacha.Encrypt(nonce, text, expected, tag, associated);
            }

            Assert.Equal([.. associated, .. nonce[4..], .. expected, .. tag], message);
        }, threads: 1);
    }

    /// <summary>The CBC construction of RFC 7296 3.14, by the platform's classes: the ICV covers all that stands in front of it.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void CbcWithHmacIsThePlatforms(int index)
    {
        IkeCipherSuite suite = AllSuites[index];
        (byte[] key, byte[] integrity) = Keys(suite);
        using IkeCipher cipher = Make(suite);
        using Aes aes = Aes.Create();
        aes.Key = key;
        Gen.Select(Gen.Byte.Array[16, 16], Gen.Int[1, 20], Gen.Int[0, 80], Gen.ULong).Sample((block, blocks, header, number) =>
        {
            byte[] text = Enumerable.Repeat(block, blocks).SelectMany(b => b).ToArray();
            byte[] message = Lay(suite, header, text);
            cipher.Seal(message, header, number);
            byte[] iv = message[header..(header + 16)];
            Assert.Equal(text, aes.DecryptCbc(message.AsSpan((header + 16)..^suite.IcvLength), iv, PaddingMode.None));
            byte[] signed = message[..^suite.IcvLength];
            byte[] mac = suite.Integrity switch
            {
                IntegrityAlgorithm.HmacSha256 => HMACSHA256.HashData(integrity, signed),
                IntegrityAlgorithm.HmacSha384 => HMACSHA384.HashData(integrity, signed),
                _ => HMACSHA512.HashData(integrity, signed),
            };
            Assert.Equal(mac[..suite.IcvLength], message[^suite.IcvLength..]);
        }, threads: 1);
    }

    /// <summary>RFC 3602 3: never the same IV, and not one that the number gives away.</summary>
    [Fact]
    public void TheIvOfCbcIsOfTheNumberButNotTheNumber()
    {
        IkeCipherSuite suite = AllSuites[3];
        using IkeCipher one = Make(suite), other = Make(suite);
        var seen = new HashSet<string>();
        for (ulong number = 0; number < 200; number++)
        {
            byte[] message = Lay(suite, 0, new byte[16]), again = Lay(suite, 0, new byte[16]);
            one.Seal(message, 0, number);
            other.Seal(again, 0, number);
            Assert.Equal(message, again);               // another member, the same record: the same bytes
            Assert.True(seen.Add(Convert.ToHexString(message.AsSpan(0, 16))));
            Assert.NotEqual(number, BinaryPrimitives.ReadUInt64BigEndian(message.AsSpan(8)));
        }
    }

    [Fact]
    public void SizesAreTheRfcs()
    {
        Assert.Equal([20, 36, 36, 16, 32, 32], AllSuites.Select(suite => suite.EncryptionKeyLength));
        Assert.Equal([0, 0, 0, 32, 48, 64], AllSuites.Select(suite => suite.IntegrityKeyLength));
        Assert.Equal([8, 8, 8, 16, 16, 16], AllSuites.Select(suite => suite.IvLength));
        Assert.Equal([16, 16, 16, 16, 24, 32], AllSuites.Select(suite => suite.IcvLength));
    }

    [Theory] // RFC 8247 2.1, 2.3, RFC 5282 8
    [InlineData(3, 0, 2)]       // 3DES, HMAC-SHA1
    [InlineData(12, 128, 0)]    // CBC without integrity
    [InlineData(12, 128, 2)]    // CBC with HMAC-SHA1-96
    [InlineData(12, 0, 12)]     // CBC without a key length
    [InlineData(20, 128, 12)]   // an AEAD with integrity beside it
    [InlineData(20, 0, 0)]
    [InlineData(20, 64, 0)]
    [InlineData(18, 128, 0)]    // 8 octet ICV
    [InlineData(28, 128, 0)]
    public void WeakOrWrongSuitesAreRefused(int encryption, int bits, int integrity)
    {
        var suite = new IkeCipherSuite((EncryptionAlgorithm)encryption, bits, (IntegrityAlgorithm)integrity);
        Assert.False(suite.IsSupported);
        Assert.Throws<ArgumentOutOfRangeException>(() => new IkeCipher(suite, new byte[36], []));
    }

    private static byte[] Lay(IkeCipherSuite suite, int header, byte[] text) =>
        [.. Enumerable.Range(100, header).Select(i => (byte)i), .. new byte[suite.IvLength], .. text, .. new byte[suite.IcvLength]];

    private static IkeCipher Make(IkeCipherSuite suite)
    {
        (byte[] key, byte[] integrity) = Keys(suite);
        return new IkeCipher(suite, key, integrity);
    }

    private static (byte[] Key, byte[] Integrity) Keys(IkeCipherSuite suite) =>
        (Enumerable.Range(1, suite.EncryptionKeyLength).Select(i => (byte)i).ToArray(), Enumerable.Range(101, suite.IntegrityKeyLength).Select(i => (byte)i).ToArray());
}
