using System.Buffers.Binary;

namespace Baton.Cluster.Sync;

/// <summary>A cursor over a datagram that never throws: the first fault sticks, and reads after it give zeros.</summary>
internal ref struct SyncReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public SyncVerdict Fault { get; private set; } = SyncVerdict.Accepted;

    public readonly bool Ok => Fault == SyncVerdict.Accepted;

    public readonly int Left => _rest.Length;

    public void Fail(SyncVerdict fault)
    {
        if (!Ok) return;
        Fault = fault;
        _rest = default;
    }

    public byte Byte()
    {
        if (_rest.IsEmpty)
        {
            Fail(SyncVerdict.Truncated);
            return 0;
        }

        byte value = _rest[0];
        _rest = _rest[1..];
        return value;
    }

    public ulong Fixed64()
    {
        ReadOnlySpan<byte> eight = Bytes(8);
        return eight.IsEmpty ? 0 : BinaryPrimitives.ReadUInt64BigEndian(eight);
    }

    public ReadOnlySpan<byte> Bytes(int count)
    {
        if (count > _rest.Length)
        {
            Fail(SyncVerdict.Truncated);
            return default;
        }

        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    public ReadOnlySpan<byte> Rest() => Bytes(_rest.Length);

    /// <summary>LEB128, seven bits a byte, low first, as short as it can be.</summary>
    public ulong Varint()
    {
        ulong value = 0;
        for (int i = 0; i < _rest.Length && i < 10; i++)
        {
            byte next = _rest[i];
            if (i == 9 && next > 1) break;
            value |= (ulong)(next & 0x7f) << (7 * i);
            if (next >= 0x80) continue;
            if (next == 0 && i > 0) break;
            _rest = _rest[(i + 1)..];
            return value;
        }

        Fail(_rest.Length < 10 && (_rest.IsEmpty || _rest[^1] >= 0x80) ? SyncVerdict.Truncated : SyncVerdict.BadNumber);
        return 0;
    }

    /// <summary>A value as its signed distance from the one before it.</summary>
    public ulong Delta(ulong previous)
    {
        ulong zigzag = Varint();
        return unchecked(previous + ((zigzag >> 1) ^ (0 - (zigzag & 1))));
    }

    /// <summary>A count of elements of at least <paramref name="least"/> bytes each: never more than the datagram can hold.</summary>
    public int Count(int least)
    {
        ulong count = Varint();
        if (count <= (ulong)(Left / least)) return (int)count;
        Fail(SyncVerdict.Truncated);
        return 0;
    }

    public int Small(int maximum)
    {
        ulong value = Varint();
        if (value <= (ulong)maximum) return (int)value;
        Fail(SyncVerdict.BadNumber);
        return 0;
    }
}
