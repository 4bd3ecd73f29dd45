using Baton.Gateway.Ports;
using Baton.Wire;

namespace Baton.Gateway.DataPath;

/// <summary>Packets that are authentic and wait for a ceiling, in order, in slots of their own. Bounded: overflow is dropped and counted.</summary>
/// <remarks>A slot keeps the packet as it came too: in a planned switchover the successor gets that, and judges it itself (P6).</remarks>
internal sealed class HeldQueue(int capacity, int packetBytes)
{
    private readonly Slot[] _slots = [.. Enumerable.Range(0, capacity).Select(_ => new Slot(packetBytes))];
    private readonly int[] _order = new int[capacity];
    private readonly Stack<int> _free = new(Enumerable.Range(0, capacity));

    public int Count { get; private set; }

    /// <summary>Null when full. Fill it, then <see cref="Commit"/>.</summary>
    public Slot? Reserve() => _free.TryPeek(out int slot) ? _slots[slot] : null;

    public void Commit() => _order[Count++] = _free.Pop();

    public Slot this[int i] => _slots[_order[i]];

    /// <summary>Frees every slot whose <see cref="Slot.Entry"/> was set to null; the rest keep their order.</summary>
    public void Compact()
    {
        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            if (_slots[_order[i]].Entry is null)
                _free.Push(_order[i]);
            else
                _order[kept++] = _order[i];
        }

        Count = kept;
    }

    internal sealed class Slot(int packetBytes)
    {
        public readonly byte[] Original = new byte[packetBytes];
        public readonly byte[] Payload = new byte[packetBytes];
        public int OriginalLength;
        public int PayloadLength;
        public byte NextHeader;
        public bool IsDummy;
        public ulong Sequence;
        public Arrival Arrival;
        public Instant Since;
        public InboundEntry? Entry;

        /// <summary>Keeps the packet as it came.</summary>
        public void Keep(ReadOnlySpan<byte> packet)
        {
            packet.CopyTo(Original);
            OriginalLength = packet.Length;
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
