using Baton.Wire;

namespace Baton.Gateway.DataPath;

/// <summary>Which SA protects an inner packet on its way out (RFC 4301 4.4.1): host pairs by hash, then prefixes, the longest pair first.</summary>
internal sealed class SelectorTable
{
    private readonly Dictionary<(IpAddress Source, IpAddress Destination), OutboundEntry> _hosts = [];
    private readonly List<(Selector Source, Selector Destination, OutboundEntry Entry)> _prefixes = [];

    public void Add(Selector source, Selector destination, OutboundEntry entry)
    {
        if (source.IsHost && destination.IsHost)
        {
            _hosts[(source.Prefix, destination.Prefix)] = entry;
            return;
        }

        int length = source.Bits + destination.Bits;
        int at = _prefixes.FindIndex(p => p.Source.Bits + p.Destination.Bits <= length);
        _prefixes.Insert(at < 0 ? _prefixes.Count : at, (source, destination, entry));
    }

    public void Remove(OutboundEntry entry)
    {
        foreach (KeyValuePair<(IpAddress, IpAddress), OutboundEntry> pair in _hosts.Where(p => p.Value == entry).ToArray())
            _hosts.Remove(pair.Key);
        _prefixes.RemoveAll(p => p.Entry == entry);
    }

    public OutboundEntry? Find(in IpAddress source, in IpAddress destination)
    {
        if (_hosts.TryGetValue((source, destination), out OutboundEntry? entry))
            return entry;
        foreach ((Selector from, Selector to, OutboundEntry candidate) in _prefixes)
        {
            if (from.Matches(source) && to.Matches(destination))
                return candidate;
        }

        return null;
    }
}
