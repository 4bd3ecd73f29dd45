using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using Baton.Wire;

namespace Baton.Gateway.DataPath;

/// <summary>A hash table in parts, each of which grows alone, so that no single addition to a large one takes long. A part is there while something is in it.</summary>
/// <remarks>Of our own because a look-up can be split: <see cref="FetchFirst"/>, <see cref="FetchSecond"/>, then <see cref="TryGet"/>, each over a batch (<see cref="LookAhead"/>).</remarks>
internal sealed class SplitTable<TKey, TValue>
    where TKey : struct, IEquatable<TKey>
{
    private const int PartBits = 6;

    private readonly Part?[] _parts = new Part?[1 << PartBits];

    public bool IsEmpty => Array.TrueForAll(_parts, part => part is null);

    public bool TryGet(in TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        if (PartOf(key) is { } part)
        {
            ref TValue? found = ref part.Find(key);
            if (!Unsafe.IsNullRef(ref found))
            {
                value = found!;
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>Where a look-up of this key looks first is on its way to the caches.</summary>
    public void FetchFirst(in TKey key) => PartOf(key)?.FetchChain(key);

    /// <summary>And what it finds there.</summary>
    public void FetchSecond(in TKey key) => PartOf(key)?.FetchSlot(key);

    /// <summary>Where its value stands, which is the default one when the key was not there. Valid until the next change.</summary>
    public ref TValue? Place(in TKey key) => ref (PartOf(key) ??= new Part()).Place(key);

    public void Remove(in TKey key)
    {
        ref Part? part = ref PartOf(key);
        if (part is not null && part.Remove(key) && part.IsEmpty)
            part = null;
    }

    /// <summary>By the upper bits; the parts themselves look at the lower ones.</summary>
    private ref Part? PartOf(in TKey key) => ref _parts[(uint)key.GetHashCode() >> (32 - PartBits)];

    /// <summary>Chains through one array of slots. What was removed is used again first.</summary>
    private sealed class Part
    {
        private const int None = -1;

        private int[] _chains = NewChains(8);
        private Slot[] _slots = new Slot[8];
        private int _used;
        private int _free = None;
        private int _count;

        private struct Slot
        {
            public TKey Key;
            public TValue? Value;
            public int Next;
        }

        public bool IsEmpty => _count == 0;

        public ref TValue? Find(in TKey key)
        {
            for (int at = Chain(key); at != None; at = _slots[at].Next)
            {
                if (_slots[at].Key.Equals(key))
                    return ref _slots[at].Value;
            }

            return ref Unsafe.NullRef<TValue?>();
        }

        public void FetchChain(in TKey key) => CacheLines.Fetch(ref Unsafe.As<int, byte>(ref Chain(key)), sizeof(int));

        public void FetchSlot(in TKey key)
        {
            if (Chain(key) is >= 0 and var at)
                CacheLines.Fetch(ref Unsafe.As<Slot, byte>(ref _slots[at]), Unsafe.SizeOf<Slot>());
        }

        public ref TValue? Place(in TKey key)
        {
            ref TValue? found = ref Find(key);
            if (!Unsafe.IsNullRef(ref found))
                return ref found;
            if (_free == None && _used == _slots.Length)
                Grow();
            int at = _free;
            if (at != None)
                _free = _slots[at].Next;
            else
                at = _used++;
            ref int chain = ref Chain(key);
            _slots[at] = new Slot { Key = key, Next = chain };
            chain = at;
            _count++;
            return ref _slots[at].Value;
        }

        public bool Remove(in TKey key)
        {
            ref int link = ref Chain(key);
            while (link != None && !_slots[link].Key.Equals(key))
                link = ref _slots[link].Next;
            if (link == None)
                return false;
            int at = link;
            link = _slots[at].Next;
            _slots[at] = new Slot { Next = _free };
            _free = at;
            _count--;
            return true;
        }

        private ref int Chain(in TKey key) => ref _chains[key.GetHashCode() & (_chains.Length - 1)];

        /// <summary>By half: the slots are what weighs. Nothing is free.</summary>
        private void Grow()
        {
            Array.Resize(ref _slots, _slots.Length + (_slots.Length / 2));
            _chains = NewChains((int)BitOperations.RoundUpToPowerOf2((uint)_slots.Length));
            for (int i = 0; i < _used; i++)
            {
                ref int chain = ref Chain(_slots[i].Key);
                (_slots[i].Next, chain) = (chain, i);
            }
        }

        private static int[] NewChains(int length)
        {
            var chains = new int[length];
            Array.Fill(chains, None);
            return chains;
        }
    }
}
