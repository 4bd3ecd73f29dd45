using System.Net;
using System.Net.Sockets;
using System.Text;
using Baton.Crypto.Ike;
using Baton.Ike.Payloads;

namespace Baton.Ike.Authentication;

/// <summary>Who somebody is (RFC 7296 section 3.5). Equal when type and bytes are.</summary>
public sealed class Identity(IdentityType type, ReadOnlyMemory<byte> data) : IEquatable<Identity>
{
    public IdentityType Type { get; } = type;

    public ReadOnlyMemory<byte> Data { get; } = data;

    public static Identity Fqdn(string name) => new(IdentityType.Fqdn, Encoding.ASCII.GetBytes(name));

    public static Identity Mail(string address) => new(IdentityType.Rfc822Address, Encoding.ASCII.GetBytes(address));

    public static Identity KeyId(ReadOnlyMemory<byte> id) => new(IdentityType.KeyId, id);

    public static Identity Address(IPAddress address) =>
        new(address.AddressFamily == AddressFamily.InterNetwork ? IdentityType.Ipv4Address : IdentityType.Ipv6Address, address.GetAddressBytes());

    /// <param name="name">DER of the name.</param>
    public static Identity DistinguishedName(ReadOnlyMemory<byte> name) => new(IdentityType.DerAsn1Dn, name);

    /// <summary>What people write: an address, name@domain, or a domain name.</summary>
    public static Identity Parse(string text) =>
        IPAddress.TryParse(text, out IPAddress? address) ? Address(address) : text.Contains('@', StringComparison.Ordinal) ? Mail(text) : Fqdn(text);

    public static Identity Of(IdPayload payload) => new(payload.IdentityType, payload.Data);

    public IdPayload ToPayload(bool isInitiator) => new(isInitiator, Type, Data);

    public bool Equals(Identity? other) => other is not null && Type == other.Type && Data.Span.SequenceEqual(other.Data.Span);

    public override bool Equals(object? obj) => Equals(obj as Identity);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Type);
        hash.AddBytes(Data.Span);
        return hash.ToHashCode();
    }

    public override string ToString() => Type switch
    {
        IdentityType.Fqdn or IdentityType.Rfc822Address => Printable(Data.Span),
        IdentityType.Ipv4Address or IdentityType.Ipv6Address when Data.Length is 4 or 16 => new IPAddress(Data.Span).ToString(),
        _ => $"{Type}:{Convert.ToHexStringLower(Data.Span)}",
    };

    private static string Printable(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        foreach (byte each in bytes) text.Append(each is > 32 and < 127 ? (char)each : '?');
        return text.ToString();
    }
}
