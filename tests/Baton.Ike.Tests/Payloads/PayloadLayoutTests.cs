using System.Net;
using Baton.Crypto.Ike;
using Baton.Ike.Messages;
using Baton.Ike.Payloads;

namespace Baton.Ike.Tests.Payloads;

/// <summary>The bytes of each payload as the diagrams of RFC 7296 section 3 draw them, written down by hand.</summary>
public sealed class PayloadLayoutTests
{
    private static readonly IkeHeader Header = new(new IkeSpi(1), new IkeSpi(0), ExchangeType.IkeSaInit, IkeFlags.Initiator, new MessageId(0));

    public static TheoryData<string, string, Payload> Layouts => new()
    {
        {
            "3.3: two proposals, transforms with and without key length",
            "0200002c" + "01010004" +                           // more, length 44 | number 1, IKE, no SPI, four transforms
            "0300000c" + "01000014" + "800e0100" +              // ENCR_AES_GCM_16, key length 256
            "03000008" + "02000006" +                           // PRF_HMAC_SHA2_384
            "03000008" + "04000013" +                           // ECP_256
            "00000008" + "0400001f" +                           // CURVE25519
            "0000001c" + "02030402" + "a1a2a3a4" +              // last, length 28 | number 2, ESP, SPI of 4, two transforms
            "03000008" + "0100001c" +                           // ENCR_CHACHA20_POLY1305
            "00000008" + "05000000",                            // no ESN
            new SaPayload(
            [
                new Proposal(1, ProtocolId.Ike, default,
                [
                    new(TransformType.Encryption, 20, 256), new(TransformType.Prf, 6), new(TransformType.KeyExchange, 19), new(TransformType.KeyExchange, 31),
                ]),
                new Proposal(2, ProtocolId.Esp, new byte[] { 0xA1, 0xA2, 0xA3, 0xA4 }, [new(TransformType.Encryption, 28), new(TransformType.ExtendedSequenceNumbers, 0)]),
            ])
        },
        { "3.4", "00130000" + "aabb", new KePayload(19, new byte[] { 0xAA, 0xBB }) },
        { "3.5, IDi", "02000000" + "67772e6578", new IdPayload(true, IdentityType.Fqdn, "gw.ex"u8.ToArray()) },
        { "3.5, IDr", "01000000" + "c0000201", new IdPayload(false, IdentityType.Ipv4Address, new byte[] { 192, 0, 2, 1 }) },
        { "3.6", "04" + "3001", new CertPayload(CertificateEncoding.X509Signature, new byte[] { 0x30, 1 }) },
        {
            "3.7", "04" + "0102030405060708090a0b0c0d0e0f1011121314",
            new CertRequestPayload(CertificateEncoding.X509Signature, Enumerable.Range(1, 20).Select(i => (byte)i).ToArray())
        },
        { "3.8", "0e000000" + "0c30", new AuthPayload(AuthenticationMethod.DigitalSignature, new byte[] { 0x0C, 0x30 }) },
        { "3.9", "000102030405060708090a0b0c0d0e0f", new NoncePayload(Enumerable.Range(0, 16).Select(i => (byte)i).ToArray()) },
        { "3.10, without SPI", "00004004" + "0a0b", new NotifyPayload(NotifyType.NatDetectionSourceIp, new byte[] { 10, 11 }) },
        { "3.10, REKEY_SA", "03044009" + "01020304", new NotifyPayload(ProtocolId.Esp, new byte[] { 1, 2, 3, 4 }, NotifyType.RekeySa, default) },
        { "3.11, IKE SA", "01000000", DeletePayload.IkeSa },
        { "3.11, ESP", "03040002" + "0102030405060708", new DeletePayload(ProtocolId.Esp, [0x01020304, 0x05060708]) },
        { "3.12", "426174", new VendorIdPayload("Bat"u8.ToArray()) },
        {
            "3.13", "02000000" +
            "07060010" + "00500051" + "0a000000" + "0a0000ff" +                                                             // TS_IPV4_ADDR_RANGE, TCP 80 to 81
            "08000028" + "0000ffff" + "20010db8000000000000000000000000" + "20010db80000000000000000ffffffff",              // TS_IPV6_ADDR_RANGE, all
            new TsPayload(true,
            [
                new TrafficSelector(6, 80, 81, IPAddress.Parse("10.0.0.0"), IPAddress.Parse("10.0.0.255")),
                new TrafficSelector(0, 0, 65_535, IPAddress.Parse("2001:db8::"), IPAddress.Parse("2001:db8::ffff:ffff")),
            ])
        },
        {
            "3.15", "01000000" + "00010000" + "00030004" + "c0000235" + "00080011" + "20010db8000000000000000000000001" + "40",
            new ConfigurationPayload(ConfigurationType.Request,
            [
                new(ConfigurationAttributeType.InternalIp4Address, default),
                new(ConfigurationAttributeType.InternalIp4Dns, new byte[] { 192, 0, 2, 0x35 }),
                new(ConfigurationAttributeType.InternalIp6Address, (byte[])[.. IPAddress.Parse("2001:db8::1").GetAddressBytes(), 64]),
            ])
        },
        { "3.16", "01070005" + "01", new EapPayload(new byte[] { 1, 7, 0, 5, 1 }) },
    };

    [Theory, MemberData(nameof(Layouts))]
    public void LiesAsTheRfcDrawsIt(string section, string body, Payload payload)
    {
        byte[] datagram = IkeMessageWriter.Write(Header, [payload]);
        Assert.Equal($"0000{4 + (body.Length / 2):x4}{body}", Convert.ToHexStringLower(datagram.AsSpan(IkeHeader.Size)));
        Assert.Equal((byte)payload.Type, datagram[16]);
        Assert.Equal(IkeParseVerdict.Parsed, IkeMessage.TryParse(datagram, out IkeMessage? message));
        Assert.True(PayloadText.Of([payload]) == PayloadText.Of(message!.Payloads), section);
    }

    public static TheoryData<string, PayloadType, string, IkeParseVerdict> Malformed => new()
    {
        { "no proposal", PayloadType.SecurityAssociation, "", IkeParseVerdict.MalformedSa },
        { "says more, and ends", PayloadType.SecurityAssociation, "0200000801010000", IkeParseVerdict.MalformedSa },
        { "says last, and goes on", PayloadType.SecurityAssociation, "00000008010100000000000802010000", IkeParseVerdict.MalformedSa },
        { "neither last nor more", PayloadType.SecurityAssociation, "0100000801010000", IkeParseVerdict.MalformedSa },
        { "proposal shorter than its header", PayloadType.SecurityAssociation, "0000000301010000", IkeParseVerdict.MalformedSa },
        { "proposal longer than the payload", PayloadType.SecurityAssociation, "0000000901010000", IkeParseVerdict.MalformedSa },
        { "SPI longer than the proposal", PayloadType.SecurityAssociation, "0000000801010800", IkeParseVerdict.MalformedSa },
        { "ESP without SPI", PayloadType.SecurityAssociation, "0000000801030000", IkeParseVerdict.MalformedSa },
        { "IKE with an SPI of 4", PayloadType.SecurityAssociation, "0000000c0101040001020304", IkeParseVerdict.MalformedSa },
        { "fewer transforms than said", PayloadType.SecurityAssociation, "0000000801010001", IkeParseVerdict.MalformedSa },
        { "more transforms than said", PayloadType.SecurityAssociation, "00000010010100000000000802000005", IkeParseVerdict.MalformedSa },
        { "last transform says more", PayloadType.SecurityAssociation, "00000010010100010300000802000005", IkeParseVerdict.MalformedSa },
        { "transform of 4 bytes", PayloadType.SecurityAssociation, "0000000c0101000100000004", IkeParseVerdict.MalformedSa },
        { "half an attribute", PayloadType.SecurityAssociation, "00000012" + "01010001" + "0000000a" + "0100000c" + "800e", IkeParseVerdict.MalformedSa },
        { "attribute longer than the transform", PayloadType.SecurityAssociation, "00000014010100010000000c0100000c000e0009", IkeParseVerdict.MalformedSa },
        { "group alone", PayloadType.KeyExchange, "00130000", IkeParseVerdict.MalformedKeyExchange },
        { "half a group", PayloadType.KeyExchange, "001300", IkeParseVerdict.MalformedKeyExchange },
        { "15 bytes", PayloadType.Nonce, "000102030405060708090a0b0c0d0e", IkeParseVerdict.MalformedNonce },
        { "257 bytes", PayloadType.Nonce, new string('0', 514), IkeParseVerdict.MalformedNonce },
        { "no type", PayloadType.IdentityInitiator, "010000", IkeParseVerdict.MalformedIdentity },
        { "IPv4 of 5", PayloadType.IdentityResponder, "010000000a00000001", IkeParseVerdict.MalformedIdentity },
        { "IPv6 of 4", PayloadType.IdentityResponder, "050000000a000000", IkeParseVerdict.MalformedIdentity },
        { "encoding alone", PayloadType.Certificate, "04", IkeParseVerdict.MalformedCertificate },
        { "empty", PayloadType.CertificateRequest, "", IkeParseVerdict.MalformedCertificateRequest },
        { "19 bytes of hash", PayloadType.CertificateRequest, "0400000000000000000000000000000000000000", IkeParseVerdict.MalformedCertificateRequest },
        { "three bytes", PayloadType.Authentication, "0e0000", IkeParseVerdict.MalformedAuthentication },
        { "three bytes", PayloadType.Notify, "000040", IkeParseVerdict.MalformedNotify },
        { "SPI longer than the payload", PayloadType.Notify, "03044009010203", IkeParseVerdict.MalformedNotify },
        { "fewer SPIs than said", PayloadType.Delete, "0304000201020304", IkeParseVerdict.MalformedDelete },
        { "more SPIs than said", PayloadType.Delete, "030400010102030401020304", IkeParseVerdict.MalformedDelete },
        { "SPIs of 8", PayloadType.Delete, "030800010102030401020304", IkeParseVerdict.MalformedDelete },
        { "SPIs of 0", PayloadType.Delete, "0300ffff", IkeParseVerdict.MalformedDelete },
        { "an IKE SA by SPI", PayloadType.Delete, "01080001" + "0102030405060708", IkeParseVerdict.MalformedDelete },
        { "no protocol", PayloadType.Delete, "00040000", IkeParseVerdict.MalformedDelete },
        { "no selector", PayloadType.TrafficSelectorInitiator, "00000000", IkeParseVerdict.MalformedTrafficSelectors },
        { "fewer than said", PayloadType.TrafficSelectorInitiator, "0200000007000010" + "0000ffff0a0000000a0000ff", IkeParseVerdict.MalformedTrafficSelectors },
        { "more than said", PayloadType.TrafficSelectorResponder, "0100000007000010" + "0000ffff0a0000000a0000ff" + "00", IkeParseVerdict.MalformedTrafficSelectors },
        { "IPv4 with IPv6's length", PayloadType.TrafficSelectorInitiator, "0100000007000028" + "0000ffff" + new string('0', 64), IkeParseVerdict.MalformedTrafficSelectors },
        { "start above end", PayloadType.TrafficSelectorInitiator, "0100000007000010" + "0000ffff0a0000020a000001", IkeParseVerdict.MalformedTrafficSelectors },
        { "selector of 3", PayloadType.TrafficSelectorInitiator, "0100000007000003", IkeParseVerdict.MalformedTrafficSelectors },
        { "no type", PayloadType.Configuration, "010000", IkeParseVerdict.MalformedConfiguration },
        { "half an attribute", PayloadType.Configuration, "01000000000100", IkeParseVerdict.MalformedConfiguration },
        { "attribute longer than the payload", PayloadType.Configuration, "01000000000700050102", IkeParseVerdict.MalformedConfiguration },
        { "an address of 3", PayloadType.Configuration, "0100000000010003010203", IkeParseVerdict.MalformedConfiguration },
        { "a length that is not its own", PayloadType.Eap, "0107000601", IkeParseVerdict.MalformedEap },
        { "three bytes", PayloadType.Eap, "010700", IkeParseVerdict.MalformedEap },
    };

    [Theory, MemberData(nameof(Malformed))]
    public void MalformedPayloadsHaveTheirVerdict(string what, PayloadType type, string body, IkeParseVerdict expected)
    {
        byte[] datagram = IkeMessageWriter.Write(Header, [new UnknownPayload(type, false, Convert.FromHexString(body))]);
        Assert.True(expected == IkeMessage.TryParse(datagram, out _), what);
    }

    /// <summary>RFC 7296 3.3.6: a transform with an attribute that is not understood must not be chosen, but the proposal stays readable.</summary>
    [Theory]
    [InlineData("0000001c01010001" + "00000014" + "0100000c" + "800e0080" + "000f0004" + "01020304")]   // type, length, value
    [InlineData("0000001801010001" + "00000010" + "0100000c" + "800e0080" + "800f0001")]                // type, value
    [InlineData("0000001801010001" + "00000010" + "0100000c" + "800e0080" + "800e0100")]                // a second key length
    [InlineData("0000001801010001" + "00000010" + "0100000c" + "800e0000" + "800e0080")]                // the first one 0
    [InlineData("0000001401010001" + "0000000c" + "0100000c" + "800e0000", 0)]
    public void UnknownAttributesMarkTheTransform(string body, int bits = 128)
    {
        byte[] datagram = IkeMessageWriter.Write(Header, [new UnknownPayload(PayloadType.SecurityAssociation, false, Convert.FromHexString(body))]);
        Assert.Equal(IkeParseVerdict.Parsed, IkeMessage.TryParse(datagram, out IkeMessage? message));
        Assert.Equal(new Transform(TransformType.Encryption, 12, bits, HasUnknownAttribute: true), message!.Find<SaPayload>()!.Proposals[0].Transforms[0]);
    }

    [Fact]
    public void SelectorsOfAnUnknownTypeAreSkipped()
    {
        byte[] body = Convert.FromHexString("02000000" + "0900000801020304" + "07000010" + "0000ffff0a0000000a0000ff");
        byte[] datagram = IkeMessageWriter.Write(Header, [new UnknownPayload(PayloadType.TrafficSelectorInitiator, false, body)]);
        Assert.Equal(IkeParseVerdict.Parsed, IkeMessage.TryParse(datagram, out IkeMessage? message));
        TsPayload selectors = message!.Find<TsPayload>()!;
        Assert.Equal(1, selectors.Skipped);
        Assert.Equal("10.0.0.0-10.0.0.255", Assert.Single(selectors.Selectors).ToString());
    }

    /// <summary>RFC 7296 2.15: the peer signs its ID payload as it sent it, whatever stands in the reserved bytes.</summary>
    [Fact]
    public void TheRestOfAnIdentityIsWhatCame()
    {
        byte[] body = Convert.FromHexString("0b070809" + "aabb");
        byte[] datagram = IkeMessageWriter.Write(Header, [new UnknownPayload(PayloadType.IdentityInitiator, false, body)]);
        Assert.Equal(IkeParseVerdict.Parsed, IkeMessage.TryParse(datagram, out IkeMessage? message));
        Assert.Equal(body, message!.Find<IdPayload>()!.Rest());
    }

    [Fact]
    public void ProposalsAndTransformsAreCounted()
    {
        Proposal small = new(1, ProtocolId.Ike, default, []);
        Assert.Equal(IkeParseVerdict.Parsed, Parse([.. Enumerable.Repeat(small, SaPayload.MaximumProposals)]));
        Assert.Equal(IkeParseVerdict.MalformedSa, Parse([.. Enumerable.Repeat(small, SaPayload.MaximumProposals + 1)]));
        Proposal large = new(1, ProtocolId.Ike, default, [.. Enumerable.Repeat(new Transform(TransformType.Prf, 5), 128)]);
        Assert.Equal(IkeParseVerdict.Parsed, Parse([.. Enumerable.Repeat(large, SaPayload.MaximumTransforms / 128)]));
        Assert.Equal(IkeParseVerdict.MalformedSa, Parse([.. Enumerable.Repeat(large, (SaPayload.MaximumTransforms / 128) + 1)]));

        static IkeParseVerdict Parse(IReadOnlyList<Proposal> proposals) => IkeMessage.TryParse(IkeMessageWriter.Write(Header, [new SaPayload(proposals)]), out _);
    }

    [Theory]
    [InlineData(TransformType.Encryption, 20, 256, "ENCR_AES_GCM_16_256")]
    [InlineData(TransformType.Encryption, 3, 0, "ENCR_3DES")]
    [InlineData(TransformType.Prf, 5, 0, "PRF_HMAC_SHA2_256")]
    [InlineData(TransformType.Integrity, 12, 0, "AUTH_HMAC_SHA2_256_128")]
    [InlineData(TransformType.KeyExchange, 31, 0, "CURVE25519")]
    [InlineData(TransformType.AdditionalKeyExchange1, 36, 0, "ML_KEM_768")]
    [InlineData(TransformType.ExtendedSequenceNumbers, 1, 0, "ESN")]
    [InlineData(TransformType.Encryption, 999, 0, "Encryption:999")]
    public void TransformsHaveTheRegistrysNames(TransformType type, ushort id, int bits, string name) =>
        Assert.Equal(name, TransformIds.Name(new Transform(type, id, bits)));

    [Theory]
    [InlineData(NotifyType.NoProposalChosen, true)]
    [InlineData((NotifyType)16383, true)]
    [InlineData(NotifyType.InitialContact, false)]
    [InlineData((NotifyType)65_535, false)]
    public void ErrorsAreBelow16384(NotifyType type, bool isError) => Assert.Equal(isError, type.IsError());

    [Fact]
    public void ARequestNamesAuthorities()
    {
        byte[] hashes = [.. Enumerable.Repeat((byte)1, 20), .. Enumerable.Repeat((byte)2, 20)];
        var request = new CertRequestPayload(CertificateEncoding.X509Signature, hashes);
        Assert.True(request.Asks(hashes.AsSpan(0, 20)));
        Assert.True(request.Asks(hashes.AsSpan(20)));
        Assert.False(request.Asks(hashes.AsSpan(10, 20)));
    }
}
