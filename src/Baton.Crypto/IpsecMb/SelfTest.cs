using Baton.Crypto.OpenSsl;

namespace Baton.Crypto.IpsecMb;

/// <summary>Published answers, then OpenSSL's at the lengths where implementations change their ways. About a millisecond, once a process.</summary>
internal static class SelfTest
{
    /// <summary>Around a block, around eight and sixteen of them, and whole packets.</summary>
    private static readonly int[] Lengths = [0, 1, 4, 15, 16, 17, 31, 48, 63, 64, 65, 127, 128, 129, 200, 255, 256, 257, 511, 512, 768, 1_024, 1_400, 1_500, 9_000];

    /// <summary>The GCM specification's test cases 4 and 16 use these keys; RFC 8439 2.8.2 the third.</summary>
    internal static byte[] Key(AeadAlgorithm algorithm) => Convert.FromHexString(algorithm switch
    {
        AeadAlgorithm.Aes128Gcm => "feffe9928665731c6d6a8f9467308308",
        AeadAlgorithm.Aes256Gcm => "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
        _ => "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
    });

    /// <summary>Null when all is right.</summary>
    /// <param name="make">Makes an AEAD under <see cref="Key"/>.</param>
    internal static string? Failure(Func<AeadAlgorithm, Aead> make)
    {
        foreach (AeadAlgorithm algorithm in Enum.GetValues<AeadAlgorithm>())
        {
            using Aead candidate = make(algorithm);
            if (!GivesKnownAnswer(algorithm, candidate))
                return $"{algorithm}: not the published answer";
            using var reference = new EvpAead(algorithm, Key(algorithm));
            foreach (int length in Lengths)
            {
                if (!Agrees(candidate, reference, length))
                    return $"{algorithm}: another answer than OpenSSL's at {length} bytes";
            }
        }

        return null;
    }

    private static bool GivesKnownAnswer(AeadAlgorithm algorithm, Aead candidate)
    {
        (string nonce, string associated, string plain, string tag) = algorithm switch
        {
            AeadAlgorithm.Aes128Gcm => ("cafebabefacedbaddecaf888", GcmAssociated, GcmPlain, "5bc94fbc3221a5db94fae95ae7121a47"),
            AeadAlgorithm.Aes256Gcm => ("cafebabefacedbaddecaf888", GcmAssociated, GcmPlain, "76fc6ece0f4e1768cddf8853bb2d551b"),
            _ => ("070000004041424344454647", "50515253c0c1c2c3c4c5c6c7", Sunscreen, "1ae10b594f09e26a7e902ecbd0600691"),
        };
        byte[] text = Convert.FromHexString(plain);
        byte[] got = new byte[Aead.TagLength];
        candidate.Seal(Convert.FromHexString(nonce), Convert.FromHexString(associated), text, got);
        return got.AsSpan().SequenceEqual(Convert.FromHexString(tag));  // the tag covers the ciphertext
    }

    private static bool Agrees(Aead candidate, Aead reference, int length)
    {
        byte[] nonce = new byte[Aead.NonceLength];
        byte[] associated = new byte[length % 2 == 0 ? 8 : 12];
        byte[] plain = new byte[length];
        for (int i = 0; i < length; i++)
            plain[i] = (byte)((i * 7) + length);
        nonce[3] = (byte)length;
        byte[] ours = [.. plain], theirs = [.. plain];
        byte[] ourTag = new byte[Aead.TagLength], theirTag = new byte[Aead.TagLength];
        candidate.Seal(nonce, associated, ours, ourTag);
        reference.Seal(nonce, associated, theirs, theirTag);
        if (!ours.AsSpan().SequenceEqual(theirs) || !ourTag.AsSpan().SequenceEqual(theirTag))
            return false;
        ourTag[length % 16] ^= 1;
        if (candidate.Open(nonce, associated, ours, ourTag))
            return false;  // it took a forgery
        return candidate.Open(nonce, associated, theirs, theirTag) && theirs.AsSpan().SequenceEqual(plain);
    }

    private const string GcmAssociated = "feedfacedeadbeeffeedfacedeadbeefabaddad2";

    private const string GcmPlain =
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";

    private const string Sunscreen =
        "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a204966204920636f756c64206f6666657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73637265656e20776f756c642062652069742e";
}
