using System.Buffers.Binary;

namespace Baton.Ike.Messages;

/// <summary>Bytes that grow; numbers in network order; lengths filled in afterwards.</summary>
internal sealed class WireWriter
{
    private byte[] _bytes = new byte[512];

    internal int Length { get; private set; }

    internal Span<byte> Written => _bytes.AsSpan(0, Length);

    /// <summary>Room for bytes that are written later; zero until then.</summary>
    internal int Reserve(int count)
    {
        int at = Length;
        if (_bytes.Length - Length < count)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + count));
        Length += count;
        return at;
    }

    internal void Byte(int value)
    {
        int at = Reserve(1);                            // first: it may move the bytes
        _bytes[at] = (byte)value;
    }

    internal void UInt16(int value)
    {
        int at = Reserve(2);
        BinaryPrimitives.WriteUInt16BigEndian(_bytes.AsSpan(at), (ushort)value);
    }

    internal void UInt32(uint value)
    {
        int at = Reserve(4);
        BinaryPrimitives.WriteUInt32BigEndian(_bytes.AsSpan(at), value);
    }

    internal void Bytes(ReadOnlySpan<byte> value)
    {
        int at = Reserve(value.Length);
        value.CopyTo(_bytes.AsSpan(at));
    }

    /// <summary>Writes the bytes since <paramref name="start"/> as a length into the 16 bits at <paramref name="field"/>.</summary>
    internal void FillLength(int field, int start)
    {
        int length = Length - start;
        if (length > ushort.MaxValue)
            throw new InvalidOperationException($"{length} bytes are more than a 16-bit length can say.");
        BinaryPrimitives.WriteUInt16BigEndian(_bytes.AsSpan(field), (ushort)length);
    }
}
