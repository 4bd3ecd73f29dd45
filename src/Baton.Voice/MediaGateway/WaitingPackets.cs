using Baton.Linux;
using Baton.Srtp;
using Baton.Wire;

namespace Baton.Voice.MediaGateway;

/// <summary>Packets that wait for an SA or a ceiling, as they came and in their order. Bounded: overflow is dropped and counted.</summary>
internal sealed class WaitingPackets(int capacity)
{
    internal sealed class Slot
    {
        public byte[] Bytes = new byte[MediaEngine.MostBytes];
        public int Length;
        public MediaSource? Owner;
        public Instant Since;
        public MediaLeg? Leg;
        public SrtpHalf Port;
        public UdpEndpoint Source;
    }

    private readonly Slot?[] _slots = new Slot?[capacity];
    private int _first;
    private bool _kept;

    public int Count { get; private set; }

    /// <summary>Keeps a packet in the slot that is next, for a <see cref="Commit"/> that may follow. Nothing when full.</summary>
    public void Keep(ReadOnlySpan<byte> packet)
    {
        _kept = Count < capacity;
        if (!_kept)
            return;
        Slot slot = _slots[(_first + Count) % capacity] ??= new Slot();
        packet.CopyTo(slot.Bytes);
        slot.Length = packet.Length;
    }

    /// <summary>What was kept last waits. False: it was not, or there is no room.</summary>
    public bool Commit(MediaSource owner, MediaLeg leg, SrtpHalf port, in UdpEndpoint source, Instant since)
    {
        if (!_kept)
            return false;
        owner.Held++;
        Slot slot = _slots[(_first + Count) % capacity]!;
        (slot.Owner, slot.Leg, slot.Port, slot.Source, slot.Since) = (owner, leg, port, source, since);
        Count++;
        _kept = false;
        return true;
    }

    /// <summary>Takes the oldest out, into <paramref name="buffer"/>: its slot is free for others.</summary>
    public Slot Take(Span<byte> buffer)
    {
        Slot slot = _slots[_first]!;
        slot.Bytes.AsSpan(0, slot.Length).CopyTo(buffer);
        Drop(slot);
        return slot;
    }

    /// <summary>Lets the oldest go if it has waited since then.</summary>
    public bool TryDrop(Instant since)
    {
        if (Count == 0 || _slots[_first]! is not { } slot || slot.Since > since)
            return false;
        Drop(slot);
        return true;
    }

    private void Drop(Slot slot)
    {
        slot.Owner!.Held--;
        slot.Owner = null;
        _first = (_first + 1) % capacity;
        Count--;
    }
}
