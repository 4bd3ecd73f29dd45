using System.Buffers.Binary;
using System.Net;
using Baton.Wire;

namespace Baton.Linux;

/// <summary>An address and a port as a value: compared and kept without allocation. An address with port 0 is a peer of raw ESP (protocol 50).</summary>
public readonly record struct UdpEndpoint(IpAddress Address, ushort Port)
{
    internal const int StorageLength = 28;

    public bool IsNone => Port == 0 && Address == default;

    /// <summary>Raw ESP, without UDP around it.</summary>
    public bool IsRaw => Port == 0 && Address != default;

    public static UdpEndpoint From(IPEndPoint endpoint) => new(IpAddress.From(endpoint.Address), (ushort)endpoint.Port);

    public IPEndPoint ToIPEndPoint() => new(Address.ToIPAddress(), Port);

    public override string ToString() => ToIPEndPoint().ToString();

    /// <summary>Writes a sockaddr_in or sockaddr_in6 (man 7 ip, man 7 ipv6); returns its length.</summary>
    internal unsafe uint Write(byte* storage) => Write(storage, Address.IsV4);

    internal unsafe uint Write(byte* storage, bool asV4)
    {
        var span = new Span<byte>(storage, StorageLength);
        span.Clear();
        *(ushort*)storage = (ushort)(asV4 ? Libc.AF_INET : Libc.AF_INET6);
        BinaryPrimitives.WriteUInt16BigEndian(span[2..], Port);
        if (asV4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(span[4..], (uint)Address.Low);
            return 16;
        }

        BinaryPrimitives.WriteUInt64BigEndian(span[8..], Address.High);
        BinaryPrimitives.WriteUInt64BigEndian(span[16..], Address.Low);
        return 28;
    }

    internal static unsafe UdpEndpoint Read(byte* storage)
    {
        var span = new ReadOnlySpan<byte>(storage, StorageLength);
        ushort port = BinaryPrimitives.ReadUInt16BigEndian(span[2..]);
        return *(ushort*)storage == Libc.AF_INET
            ? new UdpEndpoint(IpAddress.V4(BinaryPrimitives.ReadUInt32BigEndian(span[4..])), port)
            : new UdpEndpoint(IpAddress.V6(span.Slice(8, 16)), port);
    }
}
