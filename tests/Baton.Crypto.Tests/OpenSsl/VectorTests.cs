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

    [Theory] // RFC 3711 B.2: whole blocks, and the counter's carry out of its last byte
    [InlineData("f0f1f2f3f4f5f6f7f8f9fafbfcfd0000", "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab41e95b3bb0a2e8dd477901e4fca894c0")]
    [InlineData("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", "ec8cdf7398607cb0f2d21675ea9ea1e4362b7c3c6773516318a077d7fc5073ae6a2cc3787889374fbeb4c81b17ba6c44")]
    public void Rfc3711AesCounterMode(string counter, string keyStream)
    {
        using var cipher = new EvpCtr(Convert.FromHexString("2b7e151628aed2a6abf7158809cf4f3c"));
        for (int length = 0; length <= keyStream.Length / 2; length += 7)
        {
            byte[] text = new byte[length];
            cipher.Apply(Convert.FromHexString(counter), text);
            Assert.Equal(keyStream[..(2 * length)], Convert.ToHexStringLower(text));
        }
    }

    [Theory] // RFC 2202 section 3, cases 1, 2, 3 and 6
    [InlineData("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265", "b617318655057264e28bc0b6fb378c8ef146be00")]
    [InlineData("4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd", "125d7342b9ac11cd91a39af48aa17b4f63f175d3")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579204669727374", "aa4ae5e15272d00e95705637ce8a3b55ed402112")]
    public void Rfc2202HmacSha1(string key, string data, string mac)
    {
        using var hmac = new Hmac(HmacHash.Sha1, Convert.FromHexString(key));
        byte[] bytes = Convert.FromHexString(data);
        byte[] got = new byte[10];
        hmac.Append(bytes.AsSpan(0, 3)).Append(bytes.AsSpan(3)).Finish(got);
        Assert.Equal(mac[..20], Convert.ToHexStringLower(got));
        Assert.True(hmac.Append(bytes).Verify(got));
        got[9] ^= 1;
        Assert.False(hmac.Append(bytes).Verify(got));
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
}
