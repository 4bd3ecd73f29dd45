using System.Buffers.Binary;
using System.Net;
using Baton.Wire;

namespace Baton.Linux;

/// <summary>An address and a port as a value: compared and kept without allocation. An address with port 0 is a peer of raw ESP (protocol 50).</summary>
public readonly record struct UdpEndpoint(IpAddress Address, ushort Port)
{
    internal const int StorageLength = 28;

    /// <summary>sizeof(struct sockaddr_un).</summary>
    internal const int UnixStorageLength = 110;

    public bool IsNone => Port == 0 && Address == default;

    /// <summary>Raw ESP, without UDP around it.</summary>
    public bool IsRaw => Port == 0 && Address != default;

    /// <summary>A place on a backplane, by its label (<see cref="BackplaneEndPoint"/>).</summary>
    public bool IsBackplane => Address.High == BackplaneEndPoint.Prefix;

    public static UdpEndpoint From(IPEndPoint endpoint) => new(IpAddress.From(endpoint.Address), (ushort)endpoint.Port);

    public IPEndPoint ToIPEndPoint() => BackplaneEndPoint.Find(Address) ?? new IPEndPoint(Address.ToIPAddress(), Port);

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

    /// <summary>The sockaddr_un of a place on a backplane; returns its length. Of one whose path is not known here the family alone, which the kernel refuses.</summary>
    internal unsafe uint WriteUnix(byte* storage)
    {
        ReadOnlySpan<byte> name = (BackplaneEndPoint.Find(Address) ?? BackplaneEndPoint.Unnamed).Name;
        name.CopyTo(new Span<byte>(storage, UnixStorageLength));
        return (uint)name.Length;
    }

    /// <summary>The sender of a datagram at a Unix socket. The family must have been cleared before: the kernel writes nothing for a sender without a name.</summary>
    internal static unsafe UdpEndpoint ReadUnix(byte* storage)
    {
        var path = new ReadOnlySpan<byte>(storage + 2, UnixStorageLength - 2);
        int end = path.IndexOf((byte)0);
        bool isNamed = *(ushort*)storage == Libc.AF_UNIX;
        BackplaneEndPoint sender = isNamed ? BackplaneEndPoint.Sender(end < 0 ? path : path[..end]) : BackplaneEndPoint.Unnamed;
        return new UdpEndpoint(sender.Label, (ushort)sender.Port);
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
