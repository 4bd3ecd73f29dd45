using System.Buffers.Binary;

namespace Baton.Ike.Messages;

/// <summary>Reads forward and never beyond the end: once short, it stays short and gives zeros.</summary>
internal struct WireReader(ReadOnlyMemory<byte> bytes)
{
    private ReadOnlyMemory<byte> _rest = bytes;

    internal readonly int Remaining => _rest.Length;

    /// <summary>Something was read beyond the end.</summary>
    internal bool IsShort { get; private set; }

    internal byte Byte() => Take(1) is { IsEmpty: false } taken ? taken.Span[0] : (byte)0;

    internal ushort UInt16() => Take(2) is { IsEmpty: false } taken ? BinaryPrimitives.ReadUInt16BigEndian(taken.Span) : (ushort)0;

    internal uint UInt32() => Take(4) is { IsEmpty: false } taken ? BinaryPrimitives.ReadUInt32BigEndian(taken.Span) : 0;

    internal ReadOnlyMemory<byte> Take(int count)
    {
        if (count < 0 || count > _rest.Length)
        {
            IsShort = true;
            _rest = default;
            return default;
        }

        ReadOnlyMemory<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    internal ReadOnlyMemory<byte> TakeRest() => Take(_rest.Length);
}
