using Baton.Crypto.OpenSsl;

namespace Baton.Srtp.Tests;

/// <summary>Published vectors, one a citation.</summary>
public sealed class VectorTests
{
    private const string GalliaPlain = "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573";

    private const string LunaPlain = "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef";

    [Theory] // RFC 3711 B.3
    [InlineData(0, "c61e7a93744f39ee10734afe3ff7a087")]
    [InlineData(2, "30cbbc08863d8c85d49db34a9ae1")]
    [InlineData(1, "cebe321f6ff7716b6fd4ab49af256a156d38baa48f0a0acf3c34e2359e6cdbcee049646c43d9327ad175578ef72270986371c10c9a369ac2f94a8c5fbcdddc256d6e919a48b610ef17c2041e474035766b68642c59bbfc2f34db60dbdfb2")]
    public void Rfc3711KeyDerivation(int label, string key)
    {
        using var prf = new EvpCtr(Convert.FromHexString("e1f97a0d3e018be0d64fa32c06de4139"));
        byte[] derived = new byte[key.Length / 2];
        SessionKeys.Derive(prf, Convert.FromHexString("0ec675ad498afeebb6960b3aabe6"), label, derived);
        Assert.Equal(key, Convert.ToHexStringLower(derived));
    }

    [Theory] // RFC 6188 7.3 (AES_256_CM_PRF)
    [InlineData(0, "5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4")]
    [InlineData(2, "fa31791685ca444a9e07c6c64e93")]
    public void Rfc6188KeyDerivation(int label, string key)
    {
        using var prf = new EvpCtr(Convert.FromHexString("f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6"));
        byte[] derived = new byte[key.Length / 2];
        SessionKeys.Derive(prf, Convert.FromHexString("3b04803de51ee7c96423ab5b78d2"), label, derived);
        Assert.Equal(key, Convert.ToHexStringLower(derived));
    }

    [Theory] // RFC 7714 16.1.1, 16.1.2, 16.2.1, 16.2.2
    [InlineData(SrtpSuite.AesGcm128, "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce")]
    [InlineData(SrtpSuite.AesGcm256, "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13")]
    public void Rfc7714Rtp(SrtpSuite suite, string packet)
    {
        byte[] buffer = new byte[packet.Length / 2];
        Convert.FromHexString(GalliaPlain).CopyTo(buffer, 0);
        using var seal = new OutboundSrtp(0x5501a0b2, Session(suite, CipherUse.Seal));
        Assert.Equal(SrtpVerdict.Passed, seal.Seal(buffer, GalliaPlain.Length / 2, 0xf17b + 1, out int length));
        Assert.Equal(packet, Convert.ToHexStringLower(buffer.AsSpan(0, length)));
        using var open = new InboundSrtp(0x5501a0b2, Session(suite, CipherUse.Open), 64);
        Assert.Equal(SrtpVerdict.Passed, open.Check(buffer, out ulong number));
        Assert.Equal(0xf17bul + 1, number);
        Assert.Equal(SrtpVerdict.Passed, open.Open(buffer, number, out length));
        Assert.Equal(GalliaPlain, Convert.ToHexStringLower(buffer.AsSpan(0, length)));
    }

    /// <summary>What is signed and not encrypted, under SRTP's IV: <see cref="OutboundSrtp"/> never does it, but its cipher must.</summary>
    [Theory] // RFC 7714 16.1.3, 16.1.4, 16.2.3, 16.2.4
    [InlineData(SrtpSuite.AesGcm128, "22493f82d2bce397e9d79e3b19aa4216")]
    [InlineData(SrtpSuite.AesGcm256, "a866d5910f887463067ceefec45215d4")]
    public void Rfc7714RtpTagOnly(SrtpSuite suite, string tag)
    {
        byte[] plain = Convert.FromHexString(GalliaPlain);
        byte[] iv = new byte[16];
        using SessionKeys seal = Session(suite, CipherUse.Seal);
        seal.WriteIv(0x5501a0b2, 0xf17b, iv);
        byte[] made = new byte[16];
        seal.Aead!.Seal(iv.AsSpan(0, 12), plain, [], made);
        Assert.Equal(tag, Convert.ToHexStringLower(made));
        using SessionKeys open = Session(suite, CipherUse.Open);
        Assert.True(open.Aead!.Open(iv.AsSpan(0, 12), plain, [], made));
        made[15] ^= 1;
        Assert.False(open.Aead.Open(iv.AsSpan(0, 12), plain, [], made));
    }

    [Theory] // RFC 7714 17.1 to 17.4
    [InlineData(SrtpSuite.AesGcm128, true, "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4")]
    [InlineData(SrtpSuite.AesGcm256, true, "81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad1d1eb30c4446839f57ff6f6cb26ac3be800005d4")]
    [InlineData(SrtpSuite.AesGcm128, false, LunaPlain + "841dd9683dd78ec92ae58790125f62b3000005d4")]
    [InlineData(SrtpSuite.AesGcm256, false, LunaPlain + "91db4afbfeee5a978fab4393ed2615fe000005d4")]
    public void Rfc7714Rtcp(SrtpSuite suite, bool encrypted, string packet)
    {
        byte[] buffer = new byte[packet.Length / 2];
        Convert.FromHexString(LunaPlain).CopyTo(buffer, 0);
        using var seal = new OutboundSrtcp(0x4d617273, Session(suite, CipherUse.Seal), encrypted);
        Assert.Equal(SrtpVerdict.Passed, seal.Seal(buffer, LunaPlain.Length / 2, 0x5d4 + 1, out int length));
        Assert.Equal(packet, Convert.ToHexStringLower(buffer.AsSpan(0, length)));
        using var open = new InboundSrtcp(0x4d617273, Session(suite, CipherUse.Open), encrypted, 64);
        Assert.Equal(SrtpVerdict.Passed, open.Check(buffer, out ulong number));
        Assert.Equal(0x5d4ul + 1, number);
        Assert.Equal(SrtpVerdict.Passed, open.Open(buffer, number, out length));
        Assert.Equal(LunaPlain, Convert.ToHexStringLower(buffer.AsSpan(0, length)));
    }

    /// <summary>The RFCs give no whole packet of AES-CM: this one is the test of libsrtp 2 (test/srtp_driver.c, srtp_validate), under the keys of RFC 3711 B.3.</summary>
    [Fact]
    public void LibsrtpRtp()
    {
        using var master = new SrtpMasterKey(SrtpSuite.AesCm128Tag80, Convert.FromHexString("e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6"));
        byte[] buffer = new byte[38];
        Convert.FromHexString("800f1234decafbadcafebabeabababababababababababababababab").CopyTo(buffer, 0);
        using var seal = new OutboundSrtp(0xcafebabe, master);
        Assert.Equal(SrtpVerdict.Passed, seal.Seal(buffer, 28, 0x1234 + 1, out _));
        Assert.Equal("800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb", Convert.ToHexStringLower(buffer));
    }

    private static SessionKeys Session(SrtpSuite suite, CipherUse use) =>
        new(suite, [.. Enumerable.Range(0, suite.KeyLength()).Select(i => (byte)i)], [], "Quid pro quo"u8, use);
}
