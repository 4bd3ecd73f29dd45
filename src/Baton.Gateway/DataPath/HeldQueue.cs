using Baton.Gateway.Ports;
using Baton.Wire;

namespace Baton.Gateway.DataPath;

/// <summary>Packets that are authentic and wait for a ceiling, in order, in slots of their own. Bounded: overflow is dropped and counted.</summary>
/// <remarks>
/// A slot keeps the packet as it came too: in a planned switchover the successor gets that, and judges it itself (P6).
/// Of small packets more come in the time that a confirmation takes: they have slots of their own, four for each of the large, in five eighths of the
/// memory; when those are taken they use the large.
/// </remarks>
internal sealed class HeldQueue
{
    /// <summary>A call's packets, and others of 200 bytes, with ESP around them and a shim before.</summary>
    public const int SmallBytes = 320;

    private const int SmallForEachLarge = 4;

    private readonly Stack<Slot> _large;
    private readonly Stack<Slot> _small;
    private readonly Slot[] _order;

    /// <param name="capacity">Packets of up to <paramref name="packetBytes"/>.</param>
    public HeldQueue(int capacity, int packetBytes)
    {
        _large = Make(capacity, packetBytes);
        _small = Make(capacity * SmallForEachLarge, SmallBytes);
        _order = new Slot[_large.Count + _small.Count];
    }

    public int Count { get; private set; }

    /// <summary>For a packet of so many bytes; null when full. Fill it, then <see cref="Commit"/>.</summary>
    public Slot? Reserve(int length) =>
        length <= SmallBytes && _small.TryPeek(out Slot? small) ? small : _large.TryPeek(out Slot? large) && length <= large.Bytes ? large : null;

    /// <param name="slot">The one that was reserved last.</param>
    public void Commit(Slot slot) => _order[Count++] = FreeOf(slot).Pop();

    public Slot this[int i] => _order[i];

    /// <summary>Frees every slot whose <see cref="Slot.Entry"/> was set to null; the rest keep their order.</summary>
    public void Compact()
    {
        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            if (_order[i].Entry is null)
                FreeOf(_order[i]).Push(_order[i]);
            else
                _order[kept++] = _order[i];
        }

        Count = kept;
    }

    private Stack<Slot> FreeOf(Slot slot) => slot.Bytes == SmallBytes ? _small : _large;

    /// <summary>All in one piece: they are as many as they are, and none is ever moved.</summary>
    private static Stack<Slot> Make(int count, int packetBytes)
    {
        byte[] bytes = GC.AllocateUninitializedArray<byte>(count * packetBytes * 2);
        return new Stack<Slot>(Enumerable.Range(0, count).Select(i => new Slot(bytes, i * packetBytes * 2, packetBytes)));
    }

    internal sealed class Slot(byte[] bytes, int at, int packetBytes)
    {
        private int _originalLength;
        private int _payloadLength;

        public byte NextHeader;
        public bool IsDummy;
        public ulong Sequence;
        public Arrival Arrival;
        public Instant Since;
        public InboundEntry? Entry;

        /// <summary>Of the longest packet that it can keep.</summary>
        public int Bytes => packetBytes;

        /// <summary>The packet as it came.</summary>
        public ReadOnlySpan<byte> Original => bytes.AsSpan(at, _originalLength);

        /// <summary>What was in it.</summary>
        public Span<byte> Payload => bytes.AsSpan(at + packetBytes, _payloadLength);

        public void KeepOriginal(ReadOnlySpan<byte> packet)
        {
            packet.CopyTo(bytes.AsSpan(at, packetBytes));
            _originalLength = packet.Length;
        }

        public void KeepPayload(ReadOnlySpan<byte> payload)
        {
            payload.CopyTo(bytes.AsSpan(at + packetBytes, packetBytes));
            _payloadLength = payload.Length;
        }
    }
}

/// <summary>How long packets were held: a count a 50 microseconds, up to 20 ms. One writer.</summary>
internal sealed class HoldTimes
{
    private readonly long[] _counts = new long[401];

    public void Add(TimeSpan span) => _counts[Math.Clamp((int)(span.Ticks / 500), 0, 400)]++;

    public long Total => _counts.Sum();

    /// <summary>Microseconds, rounded up to 50; the last bucket is "20 ms or more".</summary>
    public long Percentile(double share)
    {
        long left = (long)Math.Ceiling(Total * share);
        for (int i = 0; i < _counts.Length; i++)
        {
            left -= _counts[i];
            if (left <= 0)
                return (i + 1) * 50;
        }

        return 0;
    }
}
