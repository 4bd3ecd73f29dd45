using System.Numerics;
using Baton.Crypto.Ike;
using Baton.Crypto.Ike.Groups;

namespace Baton.Crypto.Tests.Ike.Groups;

/// <summary>Each group against its RFC.</summary>
public sealed class GroupVectorTests
{
    /// <summary>RFC 3526 section 3.</summary>
    internal const string Prime2048 =
        "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437" +
        "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05" +
        "98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
        "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA051015728E5A8AACAA68FFFFFFFFFFFFFFFF";

    /// <summary>RFC 3526 section 4.</summary>
    internal const string Prime3072 =
        "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437" +
        "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05" +
        "98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
        "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33" +
        "A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864" +
        "D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF";

    [Theory] // RFC 5903 sections 8.1 to 8.3
    [InlineData(KeyExchangeGroup.Ecp256,
        "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
        "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c37725811805271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
        "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53",
        "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf6356fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
        "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de")]
    [InlineData(KeyExchangeGroup.Ecp384,
        "099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee3faef896783ab194",
        "667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6de3ac808acb4bdb4c88732aee95f41aa9482ed1fc0eeb9cafc4984625ccfc23f65032149e0e144ada024181535a0f38eeb9fcff3c2c947dae69b4c634573a81c",
        "41cb0779b4bdb85d47846725fbec3c9430fab46cc8dc5060855cc9bda0aa2942e0308312916b8ed2960e4bd55a7448fc",
        "e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571dcfbec7aacf3196472169e838430367f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c",
        "11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4d603135569b9e9d09cf5d4a270f59746")]
    [InlineData(KeyExchangeGroup.Ecp521,
        "0037ade9319a89f4dabdb3ef411aaccca5123c61acab57b5393dce47608172a095aa85a30fe1c2952c6771d937ba9777f5957b2639bab072462f68c27a57382d4a52",
        "0015417e84dbf28c0ad3c278713349dc7df153c897a1891bd98bab4357c9ecbee1e3bf42e00b8e380aeae57c2d107564941885942af5a7f4601723c4195d176ced3e017cae20b6641d2eeb695786d8c946146239d099e18e1d5a514c739d7cb4a10ad8a788015ac405d7799dc75e7b7d5b6cf2261a6a7f1507438bf01beb6ca3926f9582",
        "0145ba99a847af43793fdd0e872e7cdfa16be30fdc780f97bccc3f078380201e9c677d600b343757a3bdbf2a3163e4c2f869cca7458aa4a4effc311f5cb151685eb9",
        "00d0b3975ac4b799f5bea16d5e13e9af971d5e9b984c9f39728b5e5739735a219b97c356436adc6e95bb0352f6be64a6c2912d4ef2d0433ced2b6171640012d9460f015c68226383956e3bd066e797b623c27ce0eac2f551a10c2c724d9852077b87220b6536c5c408a1d2aebb8e86d678ae49cb57091f4732296579ab44fcd17f0fc56a",
        "01144c7d79ae6956bc8edb8e7c787c4521cb086fa64407f97894e5e6b2d79b04d1427e73ca4baa240a34786859810c06b3c715a3a8cc3151f2bee417996d19f3ddea")]
    [InlineData(KeyExchangeGroup.Curve25519,    // RFC 8031 appendix A, with the octets as drawn: the library sets the bits that RFC 7748 5 wants
        "751fb4308655b476b6789b7325f9ea8cddd16a58533ff6d9e60009464a5f9d94",
        "48d5ddd4061257ba166fa3f9bbdb74f1a4e81c089384fa77f790709f0dfbc766",
        "0a54645253290d60ddadd0e030bacd9e5501efdc220755a1e978f1b839a05688",
        "0be7c1f5aad87d7e448662673298a443478b859745179eaf564c79c0ef6eee25",
        "c74950607a12327f3204d94b6825bfb068b7f8319a9e3708ed3d43ce8130c950")]
    public void AgreesAsTheRfcSays(KeyExchangeGroup group, string initiator, string initiatorPublic, string responder, string responderPublic, string shared)
    {
        using KeyExchange i = KeyExchangeFactory.System.Import(group, Convert.FromHexString(initiator));
        using KeyExchange r = KeyExchangeFactory.System.Import(group, Convert.FromHexString(responder));
        Assert.Equal(initiatorPublic, Convert.ToHexStringLower(i.PublicValue.Span));
        Assert.Equal(responderPublic, Convert.ToHexStringLower(r.PublicValue.Span));
        Assert.True(i.TryAgree(Convert.FromHexString(responderPublic), out SecretBytes? atInitiator));
        Assert.True(r.TryAgree(Convert.FromHexString(initiatorPublic), out SecretBytes? atResponder));
        Assert.Equal(shared, Convert.ToHexStringLower(atInitiator.Span));
        Assert.Equal(shared, Convert.ToHexStringLower(atResponder.Span));
    }

    /// <summary>RFC 7748 section 5.2, first vector.</summary>
    [Fact]
    public void Rfc7748()
    {
        using KeyExchange exchange = KeyExchangeFactory.System.Import(
            KeyExchangeGroup.Curve25519, Convert.FromHexString("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"));
        Assert.True(exchange.TryAgree(Convert.FromHexString("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"), out SecretBytes? shared));
        Assert.Equal("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552", Convert.ToHexStringLower(shared.Span));
    }

    /// <summary>g^x mod p by plain arithmetic, with the primes as RFC 3526 prints them.</summary>
    [Theory]
    [InlineData(KeyExchangeGroup.Modp2048, Prime2048)]
    [InlineData(KeyExchangeGroup.Modp3072, Prime3072)]
    public void Rfc3526(KeyExchangeGroup group, string hex)
    {
        BigInteger prime = Number(Convert.FromHexString(hex));
        var factory = new KeyExchangeFactory(new SeededRandom(1));
        for (int round = 0; round < 3; round++)
        {
            using KeyExchange ours = factory.Create(group), theirs = factory.Create(group);
            using SecretBytes exponent = ours.ExportPrivate();
            BigInteger x = Number(exponent.Span);
            Assert.Equal(BigInteger.ModPow(2, x, prime), Number(ours.PublicValue.Span));
            Assert.True(ours.TryAgree(theirs.PublicValue.Span, out SecretBytes? shared));
            Assert.Equal(BigInteger.ModPow(Number(theirs.PublicValue.Span), x, prime), Number(shared.Span));
            Assert.Equal(hex.Length / 2, shared.Length);
            Assert.Equal(hex.Length / 2, ours.PublicValue.Length);
        }
    }

    private static BigInteger Number(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true, isBigEndian: true);
}
