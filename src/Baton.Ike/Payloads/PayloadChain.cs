using Baton.Ike.Messages;

namespace Baton.Ike.Payloads;

/// <summary>Payloads one behind another, each naming the type of the next (RFC 7296 3.2).</summary>
public static class PayloadChain
{
    /// <summary>Payloads of a message that we take; the largest real ones have about forty.</summary>
    public const int MaximumPayloads = 128;

    private const byte Critical = 0x80;

    public static PayloadType FirstType(IReadOnlyList<Payload> payloads) => payloads.Count == 0 ? PayloadType.None : payloads[0].Type;

    internal static void Write(WireWriter writer, IReadOnlyList<Payload> payloads)
    {
        for (int i = 0; i < payloads.Count; i++)
        {
            int start = writer.Length;
            writer.Byte(i + 1 < payloads.Count ? (int)payloads[i + 1].Type : 0);
            writer.Byte(payloads[i] is UnknownPayload { IsCritical: true } ? Critical : 0);   // 0 for all that the RFC defines (3.2)
            writer.UInt16(0);
            payloads[i].WriteBody(writer);
            writer.FillLength(start + 2, start);
        }
    }

    /// <summary>Reads a whole chain; no Encrypted payload may be in it, and nothing behind it.</summary>
    internal static IkeParseVerdict TryParse(PayloadType first, ReadOnlyMemory<byte> bytes, out List<Payload> payloads) =>
        Parse(first, bytes, stopAtEnd: false, out payloads);

    /// <summary>Reads what stands in front of an Encrypted payload, whose start is the end of <paramref name="bytes"/>.</summary>
    internal static IkeParseVerdict TryParseUntil(PayloadType first, ReadOnlyMemory<byte> bytes, out List<Payload> payloads) =>
        Parse(first, bytes, stopAtEnd: true, out payloads);

    private static IkeParseVerdict Parse(PayloadType type, ReadOnlyMemory<byte> bytes, bool stopAtEnd, out List<Payload> payloads)
    {
        payloads = [];
        var reader = new WireReader(bytes);
        while (type != PayloadType.None && !(stopAtEnd && reader.Remaining == 0))
        {
            if (type is PayloadType.Encrypted or PayloadType.EncryptedFragment)
                return IkeParseVerdict.UnexpectedEncrypted;
            if (payloads.Count == MaximumPayloads)
                return IkeParseVerdict.TooManyPayloads;
            var next = (PayloadType)reader.Byte();
            bool isCritical = (reader.Byte() & Critical) != 0;
            int length = reader.UInt16();
            ReadOnlyMemory<byte> body = reader.Take(length - 4);
            if (reader.IsShort)
                return IkeParseVerdict.PayloadLength;
            IkeParseVerdict verdict = ParseBody(type, isCritical, body, out Payload? payload);
            if (payload is null)
                return verdict;
            payloads.Add(payload);
            type = next;
        }

        return reader.Remaining == 0 ? IkeParseVerdict.Parsed : IkeParseVerdict.TrailingBytes;
    }

    /// <summary>The critical bit of a type that we know is not looked at (RFC 7296 3.2).</summary>
    private static IkeParseVerdict ParseBody(PayloadType type, bool isCritical, ReadOnlyMemory<byte> body, out Payload? payload)
    {
        payload = null;
        switch (type)
        {
            case PayloadType.SecurityAssociation:
                payload = SaPayload.Parse(body);
                return IkeParseVerdict.MalformedSa;
            case PayloadType.KeyExchange:
                payload = KePayload.Parse(body);
                return IkeParseVerdict.MalformedKeyExchange;
            case PayloadType.IdentityInitiator or PayloadType.IdentityResponder:
                payload = IdPayload.Parse(body, type == PayloadType.IdentityInitiator);
                return IkeParseVerdict.MalformedIdentity;
            case PayloadType.Certificate:
                payload = CertPayload.Parse(body);
                return IkeParseVerdict.MalformedCertificate;
            case PayloadType.CertificateRequest:
                payload = CertRequestPayload.Parse(body);
                return IkeParseVerdict.MalformedCertificateRequest;
            case PayloadType.Authentication:
                payload = AuthPayload.Parse(body);
                return IkeParseVerdict.MalformedAuthentication;
            case PayloadType.Nonce:
                payload = NoncePayload.Parse(body);
                return IkeParseVerdict.MalformedNonce;
            case PayloadType.Notify:
                payload = NotifyPayload.Parse(body);
                return IkeParseVerdict.MalformedNotify;
            case PayloadType.Delete:
                payload = DeletePayload.Parse(body);
                return IkeParseVerdict.MalformedDelete;
            case PayloadType.VendorId:
                payload = new VendorIdPayload(body);
                return IkeParseVerdict.Parsed;
            case PayloadType.TrafficSelectorInitiator or PayloadType.TrafficSelectorResponder:
                payload = TsPayload.Parse(body, type == PayloadType.TrafficSelectorInitiator);
                return IkeParseVerdict.MalformedTrafficSelectors;
            case PayloadType.Configuration:
                payload = ConfigurationPayload.Parse(body);
                return IkeParseVerdict.MalformedConfiguration;
            case PayloadType.Eap:
                payload = EapPayload.Parse(body);
                return IkeParseVerdict.MalformedEap;
            default:
                payload = new UnknownPayload(type, isCritical, body);
                return IkeParseVerdict.Parsed;
        }
    }
}
