using Baton.Wire;

namespace Baton.Voice.Observers;

/// <summary>One recorded datagram.</summary>
internal readonly record struct RecordedPacket(ReadOnlyMemory<byte> Bytes, WireDirection Direction, Instant At);

/// <summary>Every ESP packet that passed, in order, up to a bound.</summary>
/// <remarks>
/// All its room is reserved at the start, untouched, so that it costs memory only as it fills; and neither array holds a
/// reference. Growing would start a collection now and then, and the tap would add its pause to the path that is measured.
/// The caller serialises appends and reads; what was appended never changes.
/// </remarks>
internal sealed class WireRecord
{
    /// <summary>Shorter than any ESP packet that we take for one, so the index never fills first by much.</summary>
    private const int LeastPacketBytes = 32;

    private readonly byte[] _bytes;
    private readonly Entry[] _index;
    private int _used;

    public WireRecord(int mostBytes)
    {
        _bytes = GC.AllocateUninitializedArray<byte>(mostBytes);
        _index = GC.AllocateUninitializedArray<Entry>((mostBytes / LeastPacketBytes) + 1);
    }

    public int Count { get; private set; }

    public long Bytes => _used;

    /// <summary>Something was not recorded for want of room.</summary>
    public bool Full { get; private set; }

    public RecordedPacket this[int at]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(at, Count);
            Entry entry = _index[at];
            return new RecordedPacket(_bytes.AsMemory(entry.Offset, entry.Length), entry.Direction, entry.At);
        }
    }

    public void Append(ReadOnlySpan<byte> datagram, WireDirection direction, Instant now)
    {
        // Once full, full for good: a record with holes would be worse than one that ends.
        if (Full || datagram.Length > _bytes.Length - _used || Count == _index.Length)
        {
            Full = true;
            return;
        }

        datagram.CopyTo(_bytes.AsSpan(_used));
        _index[Count++] = new Entry(_used, (ushort)datagram.Length, direction, now);
        _used += datagram.Length;
    }

    private readonly record struct Entry(int Offset, ushort Length, WireDirection Direction, Instant At);
}
