using Baton.Linux;

namespace Baton.Gateway.DataPath;

/// <summary>By which router somebody came, for the newest so many who did not come by the usual one. Who floods with invented ones pushes out the old ones, and keeps no new one out.</summary>
internal sealed class NewestWays<TKey>(int most)
    where TKey : notnull
{
    private Dictionary<TKey, UdpEndpoint> _newer = [];
    private Dictionary<TKey, UdpEndpoint> _older = [];

    /// <summary>The way of this one; who is not remembered has <paramref name="otherwise"/>.</summary>
    public UdpEndpoint Of(TKey key, in UdpEndpoint otherwise) =>
        _newer.TryGetValue(key, out UdpEndpoint way) ? way : _older.GetValueOrDefault(key, otherwise);

    /// <param name="usual">Takes no place.</param>
    public void Set(TKey key, in UdpEndpoint way, in UdpEndpoint usual)
    {
        if (way == usual)
        {
            _ = _newer.Remove(key) | _older.Remove(key);
            return;
        }

        if (_newer.Count == most && !_newer.ContainsKey(key))
        {
            (_newer, _older) = (_older, _newer);
            _newer.Clear();
        }

        _newer[key] = way;
    }
}
