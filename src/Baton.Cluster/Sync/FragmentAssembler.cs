using System.Buffers.Binary;

namespace Baton.Cluster.Sync;

/// <summary>Puts fragments together again; bounded, whatever arrives.</summary>
/// <remarks>A few messages at a time: senders write one after the other, so an older incomplete one has lost a fragment.</remarks>
internal sealed class FragmentAssembler
{
    private const int Slots = 4;
    private const int LargestMessage = 16 << 20;

    private readonly Slot[] _slots = [.. Enumerable.Range(0, Slots).Select(_ => new Slot())];
    private int _oldest;

    public static void WriteHeader(Span<byte> fragment, uint id, int index, int count)
    {
        fragment[0] = SyncCodec.Version;
        fragment[1] = 0;
        BinaryPrimitives.WriteUInt32BigEndian(fragment[2..], id);
        BinaryPrimitives.WriteUInt16BigEndian(fragment[6..], checked((ushort)index));
        BinaryPrimitives.WriteUInt16BigEndian(fragment[8..], checked((ushort)count));
    }

    /// <param name="fragment">After version and kind.</param>
    /// <param name="whole">"kind | body" of the message when this fragment completes it; valid until the next call.</param>
    public SyncVerdict Add(ReadOnlySpan<byte> fragment, out ReadOnlySpan<byte> whole)
    {
        whole = default;
        if (fragment.Length <= 8) return SyncVerdict.Truncated;
        uint id = BinaryPrimitives.ReadUInt32BigEndian(fragment);
        int index = BinaryPrimitives.ReadUInt16BigEndian(fragment[4..]);
        int count = BinaryPrimitives.ReadUInt16BigEndian(fragment[6..]);
        if (count < 2 || index >= count) return SyncVerdict.BadFragment;

        Slot? slot = Array.Find(_slots, s => s.Id == id && s.Pieces.Length == count);
        if (slot is null)
        {
            slot = _slots[_oldest];
            _oldest = (_oldest + 1) % Slots;
            slot.Begin(id, count);
        }

        if (slot.Bytes + fragment.Length > LargestMessage)
        {
            slot.Begin(0, 0);
            return SyncVerdict.BadFragment;
        }

        if (!slot.Put(index, fragment[8..])) return SyncVerdict.Incomplete;
        whole = slot.Join();
        slot.Begin(0, 0);
        return whole[0] == 0 ? SyncVerdict.BadFragment : SyncVerdict.Accepted;   // no fragments of fragments
    }

    private sealed class Slot
    {
        private int _missing;

        public uint Id { get; private set; }

        public byte[]?[] Pieces { get; private set; } = [];

        public int Bytes { get; private set; }

        public void Begin(uint id, int count) => (Id, Pieces, Bytes, _missing) = (id, new byte[count][], 0, count);

        public bool Put(int index, ReadOnlySpan<byte> piece)
        {
            if (Pieces[index] is not null) return false;
            Pieces[index] = piece.ToArray();
            Bytes += piece.Length;
            return --_missing == 0;
        }

        public byte[] Join()
        {
            var whole = new byte[Bytes];
            int at = 0;
            foreach (byte[]? piece in Pieces)
            {
                piece!.CopyTo(whole, at);
                at += piece.Length;
            }

            return whole;
        }
    }
}
