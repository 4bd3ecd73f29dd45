using System.Net;
using Baton.Crypto.Ike;
using Baton.Ike.Payloads;
using CsCheck;

namespace Baton.Ike.Tests.Payloads;

/// <summary>Any payload that a sender may write.</summary>
internal static class PayloadGen
{
    private static readonly Gen<ReadOnlyMemory<byte>> Spi4 = Bytes(4, 4), Spi8 = Bytes(8, 8);

    private static readonly Gen<Transform> Transform =
        Gen.Select(Gen.Enum<TransformType>(), Gen.UShort, Gen.Int[0, 512], (type, id, bits) => new Transform(type, id, bits));

    private static readonly Gen<Proposal> Proposal = Gen.Select(
        Gen.Byte,
        Gen.OneOf(
            Gen.Select(Of(ProtocolId.Esp, ProtocolId.Ah), Spi4, (protocol, spi) => (protocol, spi)),
            Gen.Select(Gen.Const(ProtocolId.Ike), Gen.OneOf(Spi8, Bytes(0, 0)), (protocol, spi) => (protocol, spi))),
        Transform.List[0, 12],
        (number, head, transforms) => new Proposal(number, head.protocol, head.spi, transforms));

    private static readonly Gen<TrafficSelector> Selector = Gen.Select(
        Gen.Byte, Gen.UShort, Gen.UShort, Gen.OneOf(Gen.Byte.Array[4], Gen.Byte.Array[16]), Gen.Byte,
        (protocol, start, end, from, more) =>
        {
            byte[] to = [.. from];
            to[^1] = Math.Max(to[^1], more);
            return new TrafficSelector(protocol, start, end, new IPAddress(from), new IPAddress(to));
        });

    private static readonly Gen<ConfigurationAttribute> Attribute = Gen.OneOf(
        Gen.Select(Of(ConfigurationAttributeType.InternalIp4Address, ConfigurationAttributeType.InternalIp4Dns), Gen.OneOf(Bytes(0, 0), Spi4),
            (type, value) => new ConfigurationAttribute(type, value)),
        Gen.Select(Gen.Const(ConfigurationAttributeType.InternalIp6Address), Bytes(17, 17), (type, value) => new ConfigurationAttribute(type, value)),
        Gen.Select(Gen.Const(ConfigurationAttributeType.ApplicationVersion), Bytes(0, 40), (type, value) => new ConfigurationAttribute(type, value)),
        Gen.Select(Gen.Const((ConfigurationAttributeType)0x7000), Bytes(0, 40), (type, value) => new ConfigurationAttribute(type, value)));

    public static Gen<Payload> Payload { get; } = Gen.OneOf<Payload>(
        Proposal.List[1, 5].Select(proposals => (Payload)new SaPayload(proposals)),
        Gen.Select(Gen.UShort, Bytes(1, 400), (group, data) => (Payload)new KePayload(group, data)),
        Bytes(16, 256).Select(data => (Payload)new NoncePayload(data)),
        Gen.Select(Gen.Bool, Bytes(0, 80), (initiator, data) => (Payload)new IdPayload(initiator, IdentityType.KeyId, data)),
        Gen.Select(Gen.Bool, Spi4, (initiator, data) => (Payload)new IdPayload(initiator, IdentityType.Ipv4Address, data)),
        Bytes(1, 900).Select(data => (Payload)new CertPayload(CertificateEncoding.X509Signature, data)),
        Gen.Int[0, 5].SelectMany(count => Bytes(20 * count, 20 * count)).Select(data => (Payload)new CertRequestPayload(CertificateEncoding.X509Signature, data)),
        Gen.Select(Gen.Enum<AuthenticationMethod>(), Bytes(0, 300), (method, data) => (Payload)new AuthPayload(method, data)),
        Gen.Select(Gen.Enum<ProtocolId>(), Gen.OneOf(Bytes(0, 0), Spi4, Spi8), Gen.UShort, Bytes(0, 100),
            (protocol, spi, type, data) => (Payload)new NotifyPayload(protocol, spi, (NotifyType)type, data)),
        Gen.Select(Of(ProtocolId.Ah, ProtocolId.Esp), Gen.UInt.List[0, 20], (protocol, spis) => (Payload)new DeletePayload(protocol, spis)),
        Gen.Const((Payload)DeletePayload.IkeSa),
        Bytes(0, 40).Select(data => (Payload)new VendorIdPayload(data)),
        Gen.Select(Gen.Bool, Selector.List[1, 8], (initiator, selectors) => (Payload)new TsPayload(initiator, selectors)),
        Gen.Select(Gen.Enum<ConfigurationType>(), Attribute.List[0, 8], (type, attributes) => (Payload)new ConfigurationPayload(type, attributes)),
        Bytes(0, 40).Select(data => (Payload)new EapPayload((byte[])[1, 9, 0, (byte)(data.Length + 4), .. data.Span])),
        Gen.Select(Gen.Bool, Bytes(0, 40), (critical, body) => (Payload)new UnknownPayload((PayloadType)200, critical, body)));

    public static Gen<ReadOnlyMemory<byte>> Bytes(int from, int to) => Gen.Byte.Array[from, to].Select(bytes => new ReadOnlyMemory<byte>(bytes));

    private static Gen<T> Of<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);
}
