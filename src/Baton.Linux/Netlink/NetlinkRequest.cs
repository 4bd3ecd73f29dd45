using System.Net;
using System.Runtime.InteropServices;

namespace Baton.Linux.Netlink;

/// <summary>One request as bytes: header, a fixed part, attributes each padded to four (man 7 netlink, man 3 rtnetlink).</summary>
internal sealed class NetlinkRequest
{
    public const ushort Request = 1;
    public const ushort Acknowledge = 4;
    public const ushort Replace = 0x100;
    public const ushort Exclusive = 0x200;
    public const ushort Create = 0x400;
    public const ushort Dump = 0x300;

    private readonly byte[] _bytes = new byte[1_024];
    private int _length;

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    public NetlinkRequest Begin<T>(ushort type, ushort flags, uint sequence, in T body)
        where T : unmanaged
    {
        Array.Clear(_bytes);
        var header = new Libc.NetlinkHeader { Type = type, Flags = flags, Sequence = sequence };
        MemoryMarshal.Write(_bytes, header);
        MemoryMarshal.Write(_bytes.AsSpan(16), body);
        _length = 16 + Pad(Marshal.SizeOf<T>());
        return Finish();
    }

    /// <summary>Asks for an acknowledgement too: one that answers with a message sends it after that.</summary>
    public void DemandAcknowledgement() => MemoryMarshal.Write(_bytes.AsSpan(6), (ushort)(MemoryMarshal.Read<ushort>(_bytes.AsSpan(6)) | Acknowledge));

    public NetlinkRequest With(ushort type, uint value) => With(type, MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in value)));

    public NetlinkRequest With(ushort type, IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int length);
        return With(type, bytes[..length]);
    }

    public NetlinkRequest With(ushort type, ReadOnlySpan<byte> value)
    {
        MemoryMarshal.Write(_bytes.AsSpan(_length), (ushort)(4 + value.Length));
        MemoryMarshal.Write(_bytes.AsSpan(_length + 2), type);
        value.CopyTo(_bytes.AsSpan(_length + 4));
        _length += Pad(4 + value.Length);
        return Finish();
    }

    private static int Pad(int length) => (length + 3) & ~3;

    private NetlinkRequest Finish()
    {
        MemoryMarshal.Write(_bytes, (uint)_length);
        return this;
    }
}

/// <summary>Walks the attributes behind the fixed part of a message. A view; what does not fit ends the walk.</summary>
internal ref struct NetlinkAttributes(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public ushort Type { get; private set; }

    public ReadOnlySpan<byte> Value { get; private set; }

    public readonly uint Number => Value.Length >= 4 ? MemoryMarshal.Read<uint>(Value) : 0;

    public readonly IPAddress? Address => Value.Length is 4 or 16 ? new IPAddress(Value) : null;

    public bool Next()
    {
        if (_rest.Length < 4)
            return false;
        int length = MemoryMarshal.Read<ushort>(_rest);
        if (length < 4 || length > _rest.Length)
            return false;
        Type = (ushort)(MemoryMarshal.Read<ushort>(_rest[2..]) & 0x3FFF);
        Value = _rest[4..length];
        _rest = _rest[Math.Min(_rest.Length, (length + 3) & ~3)..];
        return true;
    }
}
