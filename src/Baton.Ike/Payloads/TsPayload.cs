using System.Net;
using System.Net.Sockets;
using Baton.Ike.Messages;

namespace Baton.Ike.Payloads;

/// <summary>Traffic Selector payload (RFC 7296 3.13), TSi or TSr.</summary>
/// <param name="Skipped">Selectors of a type that we do not know (Fibre Channel, security labels), left out of the list. Never written.</param>
public sealed record TsPayload(bool IsInitiator, IReadOnlyList<TrafficSelector> Selectors, int Skipped = 0) : Payload
{
    private const byte Ipv4Range = 7, Ipv6Range = 8;

    public override PayloadType Type => IsInitiator ? PayloadType.TrafficSelectorInitiator : PayloadType.TrafficSelectorResponder;

    internal override void WriteBody(WireWriter writer)
    {
        writer.Byte(Selectors.Count);
        writer.Byte(0);
        writer.UInt16(0);
        foreach (TrafficSelector selector in Selectors)
        {
            int start = writer.Length;
            writer.Byte(selector.Start.AddressFamily == AddressFamily.InterNetwork ? Ipv4Range : Ipv6Range);
            writer.Byte(selector.Protocol);
            writer.UInt16(0);
            writer.UInt16(selector.StartPort);
            writer.UInt16(selector.EndPort);
            writer.Bytes(selector.Start.GetAddressBytes());
            writer.Bytes(selector.End.GetAddressBytes());
            writer.FillLength(start + 2, start);
        }
    }

    internal static TsPayload? Parse(ReadOnlyMemory<byte> body, bool isInitiator)
    {
        var reader = new WireReader(body);
        int count = reader.Byte();
        _ = reader.Take(3);
        var selectors = new List<TrafficSelector>();
        for (int i = 0; i < count; i++)
        {
            byte type = reader.Byte();
            byte protocol = reader.Byte();
            ReadOnlyMemory<byte> rest = reader.Take(reader.UInt16() - 4);
            if (reader.IsShort)
                return null;
            if (type is not (Ipv4Range or Ipv6Range))
                continue;
            int address = type == Ipv4Range ? 4 : 16;
            if (rest.Length != 4 + (2 * address))
                return null;
            var fields = new WireReader(rest);
            var selector = new TrafficSelector(
                protocol, fields.UInt16(), fields.UInt16(), new IPAddress(fields.Take(address).Span), new IPAddress(fields.Take(address).Span));
            if (selector.HasReversedAddresses)
                return null;
            selectors.Add(selector);
        }

        return reader.IsShort || reader.Remaining > 0 || count == 0 ? null : new TsPayload(isInitiator, selectors, count - selectors.Count);
    }
}

/// <summary>One range of packets (RFC 7296 3.13.1). Both addresses are of one family, the start not above the end.</summary>
/// <param name="Protocol">IP protocol; 0 is any.</param>
/// <param name="StartPort">Ports 0 to 65535 are any; 65535 to 0 is OPAQUE (RFC 4301 4.4.1.1). For ICMP the type in the high byte, the code in the low.</param>
public readonly record struct TrafficSelector(byte Protocol, ushort StartPort, ushort EndPort, IPAddress Start, IPAddress End)
{
    public bool IsOpaquePorts => StartPort == ushort.MaxValue && EndPort == 0;

    internal bool HasReversedAddresses => Start.GetAddressBytes().AsSpan().SequenceCompareTo(End.GetAddressBytes()) > 0;

    public override string ToString() =>
        $"{(Start.Equals(End) ? $"{Start}" : $"{Start}-{End}")}" +
        (Protocol == 0 && StartPort == 0 && EndPort == ushort.MaxValue ? "" : $"[{Protocol}/{StartPort}-{EndPort}]");
}
