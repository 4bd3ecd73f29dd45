using System.Buffers.Binary;

namespace Baton.Cluster.Sync;

/// <summary>A buffer that grows to the largest message and is used again for every one.</summary>
internal sealed class SyncWriter
{
    private byte[] _buffer = new byte[65_536];
    private int _length;

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    public void Reset() => _length = 0;

    public void Byte(byte value) => Room(1)[0] = value;

    public void Fixed64(ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Room(8), value);

    public void Bytes(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Room(bytes.Length));

    public void Varint(ulong value)
    {
        while (value >= 0x80)
        {
            Byte((byte)(value | 0x80));
            value >>= 7;
        }

        Byte((byte)value);
    }

    public void Delta(ulong previous, ulong value)
    {
        long distance = unchecked((long)(value - previous));
        Varint(unchecked((ulong)((distance << 1) ^ (distance >> 63))));
    }

    private Span<byte> Room(int count)
    {
        if (_length + count > _buffer.Length) Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + count));
        Span<byte> room = _buffer.AsSpan(_length, count);
        _length += count;
        return room;
    }
}
