using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Baton.Gateway.DataPath;

/// <summary>A dictionary in parts, each of which grows alone, so that no single addition to a large one takes long. A part is there while something is in it.</summary>
internal sealed class SplitTable<TKey, TValue>
    where TKey : struct, IEquatable<TKey>
{
    private readonly Dictionary<TKey, TValue>?[] _parts = new Dictionary<TKey, TValue>?[64];

    public bool IsEmpty => Array.TrueForAll(_parts, part => part is null);

    public bool TryGet(in TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        if (Part(key) is { } part)
            return part.TryGetValue(key, out value);
        value = default;
        return false;
    }

    /// <summary>Where its value stands, which is the default one when the key was not there. Valid until the next change.</summary>
    public ref TValue? Place(in TKey key) => ref CollectionsMarshal.GetValueRefOrAddDefault(Part(key) ??= [], key, out _);

    public void Remove(in TKey key)
    {
        ref Dictionary<TKey, TValue>? part = ref Part(key);
        if (part is not null && part.Remove(key) && part.Count == 0)
            part = null;
    }

    /// <summary>By the upper bits; the parts themselves look at all of them.</summary>
    private ref Dictionary<TKey, TValue>? Part(in TKey key) => ref _parts[(uint)key.GetHashCode() >> 26];
}
