using Baton.Ike.Messages;

namespace Baton.Ike.Payloads;

/// <summary>CFG Type (RFC 7296 3.15).</summary>
public enum ConfigurationType : byte
{
    /// <summary>CFG_REQUEST</summary>
    Request = 1,

    /// <summary>CFG_REPLY</summary>
    Reply = 2,

    /// <summary>CFG_SET</summary>
    Set = 3,

    /// <summary>CFG_ACK</summary>
    Ack = 4,
}

/// <summary>Attribute Type (RFC 7296 3.15.1 and the registry).</summary>
public enum ConfigurationAttributeType : ushort
{
    /// <summary>INTERNAL_IP4_ADDRESS: 0 or 4 bytes.</summary>
    InternalIp4Address = 1,

    /// <summary>INTERNAL_IP4_NETMASK: 0 or 4 bytes.</summary>
    InternalIp4Netmask = 2,

    /// <summary>INTERNAL_IP4_DNS: 0 or 4 bytes.</summary>
    InternalIp4Dns = 3,

    /// <summary>INTERNAL_IP4_NBNS: 0 or 4 bytes.</summary>
    InternalIp4Nbns = 4,

    /// <summary>INTERNAL_IP4_DHCP: 0 or 4 bytes.</summary>
    InternalIp4Dhcp = 6,

    /// <summary>APPLICATION_VERSION: text.</summary>
    ApplicationVersion = 7,

    /// <summary>INTERNAL_IP6_ADDRESS: 0 or 17 bytes, the last one the prefix length.</summary>
    InternalIp6Address = 8,

    /// <summary>INTERNAL_IP6_DNS: 0 or 16 bytes.</summary>
    InternalIp6Dns = 10,

    /// <summary>INTERNAL_IP6_DHCP: 0 or 16 bytes.</summary>
    InternalIp6Dhcp = 12,

    /// <summary>INTERNAL_IP4_SUBNET: 0 or 8 bytes, address and mask.</summary>
    InternalIp4Subnet = 13,

    /// <summary>SUPPORTED_ATTRIBUTES: a multiple of 2 bytes.</summary>
    SupportedAttributes = 14,

    /// <summary>INTERNAL_IP6_SUBNET: 17 bytes.</summary>
    InternalIp6Subnet = 15,

    /// <summary>INTERNAL_DNS_DOMAIN (RFC 8598)</summary>
    InternalDnsDomain = 25,

    /// <summary>INTERNAL_DNSSEC_TA (RFC 8598)</summary>
    InternalDnssecTa = 26,
}

/// <summary>Configuration payload (RFC 7296 3.15).</summary>
public sealed record ConfigurationPayload(ConfigurationType ConfigurationType, IReadOnlyList<ConfigurationAttribute> Attributes) : Payload
{
    /// <summary>Attributes that we take.</summary>
    public const int MaximumAttributes = 256;

    private const int TypeBits = 0x7FFF;                // the first bit is reserved, and ignored

    public override PayloadType Type => PayloadType.Configuration;

    internal override void WriteBody(WireWriter writer)
    {
        writer.Byte((int)ConfigurationType);
        writer.Byte(0);
        writer.UInt16(0);
        foreach (ConfigurationAttribute attribute in Attributes)
        {
            writer.UInt16((int)attribute.Type & TypeBits);
            writer.UInt16(attribute.Value.Length);
            writer.Bytes(attribute.Value.Span);
        }
    }

    internal static ConfigurationPayload? Parse(ReadOnlyMemory<byte> body)
    {
        var reader = new WireReader(body);
        var type = (ConfigurationType)reader.Byte();
        _ = reader.Take(3);
        var attributes = new List<ConfigurationAttribute>();
        while (reader.Remaining > 0)
        {
            var attribute = (ConfigurationAttributeType)(reader.UInt16() & TypeBits);
            ReadOnlyMemory<byte> value = reader.Take(reader.UInt16());
            if (reader.IsShort || attributes.Count == MaximumAttributes || !HasLength(attribute, value.Length))
                return null;
            attributes.Add(new ConfigurationAttribute(attribute, value));
        }

        return reader.IsShort ? null : new ConfigurationPayload(type, attributes);
    }

    /// <summary>The lengths of RFC 7296 3.15.1. An address of IPv6 with 16 bytes is taken too: real peers leave the prefix out.</summary>
    private static bool HasLength(ConfigurationAttributeType type, int length) => type switch
    {
        ConfigurationAttributeType.InternalIp4Address or ConfigurationAttributeType.InternalIp4Netmask or ConfigurationAttributeType.InternalIp4Dns
            or ConfigurationAttributeType.InternalIp4Nbns or ConfigurationAttributeType.InternalIp4Dhcp => length is 0 or 4,
        ConfigurationAttributeType.InternalIp6Address => length is 0 or 16 or 17,
        ConfigurationAttributeType.InternalIp6Dns or ConfigurationAttributeType.InternalIp6Dhcp => length is 0 or 16,
        ConfigurationAttributeType.InternalIp4Subnet => length is 0 or 8,
        ConfigurationAttributeType.InternalIp6Subnet => length is 0 or 17,
        ConfigurationAttributeType.SupportedAttributes => length % 2 == 0,
        _ => true,
    };
}

/// <summary>One attribute of a <see cref="ConfigurationPayload"/>.</summary>
public readonly record struct ConfigurationAttribute(ConfigurationAttributeType Type, ReadOnlyMemory<byte> Value);
