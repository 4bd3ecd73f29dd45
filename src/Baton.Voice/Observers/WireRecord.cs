using Baton.Wire;

namespace Baton.Voice.Observers;

/// <summary>One recorded datagram.</summary>
internal readonly record struct RecordedPacket(ReadOnlyMemory<byte> Bytes, WireDirection Direction, Instant At);

/// <summary>Every ESP packet that passed, in order, up to a bound. Grows by blocks: most appends allocate nothing.</summary>
/// <remarks>The caller serialises appends; what was appended never changes, so that a reader needs no lock beyond taking the count.</remarks>
internal sealed class WireRecord(long mostBytes)
{
    private const int BlockBytes = 1 << 20;
    private const int IndexBlock = 1 << 14;

    private readonly List<byte[]> _blocks = [];
    private readonly List<RecordedPacket[]> _index = [];
    private int _used = BlockBytes;

    public int Count { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Something was not recorded for want of room.</summary>
    public bool Full { get; private set; }

    public RecordedPacket this[int at] => _index[at / IndexBlock][at % IndexBlock];

    public void Append(ReadOnlySpan<byte> datagram, WireDirection direction, Instant now)
    {
        // Once full, full for good: a record with holes would be worse than one that ends.
        if (Full || Bytes + datagram.Length > mostBytes)
        {
            Full = true;
            return;
        }

        if (_used + datagram.Length > BlockBytes)
        {
            _blocks.Add(GC.AllocateUninitializedArray<byte>(BlockBytes));
            _used = 0;
        }

        if (Count % IndexBlock == 0)
            _index.Add(new RecordedPacket[IndexBlock]);
        Memory<byte> place = _blocks[^1].AsMemory(_used, datagram.Length);
        datagram.CopyTo(place.Span);
        _used += datagram.Length;
        Bytes += datagram.Length;
        _index[^1][Count % IndexBlock] = new RecordedPacket(place, direction, now);
        Count++;
    }
}
