using Baton.Srtp.Sdes;
using CsCheck;

namespace Baton.Srtp.Tests.Sdes;

public sealed class CryptoAttributeTests
{
    private const string Key128 = "inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR";

    [Theory]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 " + Key128, SdesVerdict.Parsed)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 " + Key128 + "|2^20", SdesVerdict.Parsed)]
    [InlineData("999999999\taes_cm_128_hmac_sha1_32  " + Key128 + "|1048575 UNENCRYPTED_SRTCP WSH=128 -x ", SdesVerdict.Parsed)]
    [InlineData("", SdesVerdict.Malformed)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80", SdesVerdict.Malformed)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline", SdesVerdict.Malformed)]
    [InlineData("01 AES_CM_128_HMAC_SHA1_80 " + Key128, SdesVerdict.BadTag)]
    [InlineData("-1 AES_CM_128_HMAC_SHA1_80 " + Key128, SdesVerdict.BadTag)]
    [InlineData("1000000000 AES_CM_128_HMAC_SHA1_80 " + Key128, SdesVerdict.BadTag)]
    [InlineData("1 F8_128_HMAC_SHA1_80 " + Key128, SdesVerdict.UnknownSuite)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 uri:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR", SdesVerdict.UnknownMethod)]
    [InlineData("1 AES_256_CM_HMAC_SHA1_80 " + Key128, SdesVerdict.BadKey)]
    [InlineData("1 AEAD_AES_128_GCM " + Key128, SdesVerdict.BadKey)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVB!", SdesVerdict.BadKey)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:", SdesVerdict.BadKey)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 " + Key128 + "|2^20|1:32", SdesVerdict.SeveralKeys)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 " + Key128 + "|1:4", SdesVerdict.SeveralKeys)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 " + Key128 + ";" + Key128, SdesVerdict.SeveralKeys)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 " + Key128 + "|2^49", SdesVerdict.BadLifetime)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 " + Key128 + "|0", SdesVerdict.BadLifetime)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 " + Key128 + "|", SdesVerdict.BadLifetime)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 " + Key128 + " WSH=63", SdesVerdict.BadParameter)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 " + Key128 + " WSH=64 WSH=64", SdesVerdict.BadParameter)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 " + Key128 + " KDR=25", SdesVerdict.BadParameter)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 " + Key128 + " UNENCRYPTED_SRTCP UNENCRYPTED_SRTCP", SdesVerdict.BadParameter)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 " + Key128 + " KDR=1", SdesVerdict.UnsupportedParameter)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 " + Key128 + " UNENCRYPTED_SRTP", SdesVerdict.UnsupportedParameter)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 " + Key128 + " UNAUTHENTICATED_SRTP", SdesVerdict.UnsupportedParameter)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 " + Key128 + " FEC_ORDER=FEC_SRTP", SdesVerdict.UnsupportedParameter)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 " + Key128 + " x", SdesVerdict.UnsupportedParameter)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 " + Key128 + " -", SdesVerdict.UnsupportedParameter)]
    public void EachLineHasItsVerdict(string value, SdesVerdict verdict)
    {
        Assert.Equal(verdict, CryptoAttribute.TryParse(value, out CryptoAttribute? attribute));
        Assert.Equal(verdict == SdesVerdict.Parsed, attribute is not null);
        attribute?.Dispose();
    }

    [Fact]
    public void WhatWasFormattedIsParsed() =>
        Gen.Select(Gen.Int[0, 999_999_999], Gen.Enum<SrtpSuite>(), Gen.Byte.Array[46], Gen.Bool, Gen.Int[64, 32_768], Gen.ULong[1, 1UL << 48]).Sample(
            (tag, suite, bytes, encrypted, window, lifetime) =>
            {
                byte[] key = bytes[..SrtpMasterKey.LengthOf(suite)];
                using var written = new CryptoAttribute(tag, new SrtpMasterKey(suite, key), encrypted, window, lifetime % 3 == 0 ? null : lifetime);
                Assert.Equal(SdesVerdict.Parsed, CryptoAttribute.TryParse(written.Format(), out CryptoAttribute? read));
                Assert.Equal((tag, suite, encrypted, window, written.Lifetime), (read!.Tag, read.Key.Suite, read.EncryptedRtcp, read.Window, read.Lifetime));
                Assert.Equal(key, read.Key.KeyAndSalt.ToArray());
                Assert.DoesNotContain(Convert.ToBase64String(key), read.ToString(), StringComparison.Ordinal);
                read.Dispose();
            }, iter: 200);
}
