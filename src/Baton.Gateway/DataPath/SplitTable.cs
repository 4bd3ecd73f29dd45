using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Baton.Gateway.DataPath;

/// <summary>A dictionary in parts, each of which grows alone, so that no single addition to a large one takes long.</summary>
internal sealed class SplitTable<TKey, TValue>
    where TKey : struct, IEquatable<TKey>
{
    private readonly Dictionary<TKey, TValue>[] _parts = new Dictionary<TKey, TValue>[64];

    public SplitTable()
    {
        for (int i = 0; i < _parts.Length; i++)
            _parts[i] = [];
    }

    public bool IsEmpty => Array.TrueForAll(_parts, part => part.Count == 0);

    public bool TryGet(in TKey key, [MaybeNullWhen(false)] out TValue value) => Part(key).TryGetValue(key, out value);

    /// <summary>Where its value stands, which is the default one when the key was not there. Valid until the next change.</summary>
    public ref TValue? Place(in TKey key) => ref CollectionsMarshal.GetValueRefOrAddDefault(Part(key), key, out _);

    public void Remove(in TKey key) => Part(key).Remove(key);

    /// <summary>By the upper bits; the parts themselves look at all of them.</summary>
    private Dictionary<TKey, TValue> Part(in TKey key) => _parts[(uint)key.GetHashCode() >> 26];
}
