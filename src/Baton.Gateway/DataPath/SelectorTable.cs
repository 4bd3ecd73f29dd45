using Baton.Cluster.Records;
using Baton.Wire;

namespace Baton.Gateway.DataPath;

/// <summary>Which SA protects an inner packet on its way out (RFC 4301 4.4.1): host pairs by hash, then ranges, the narrowest pair first.</summary>
/// <remarks>Of SAs with the same selectors the newest that is not to be used later is used (a rekey is make before break); when it goes, the one before it is again.</remarks>
internal sealed class SelectorTable
{
    private readonly Dictionary<(IpAddress Source, IpAddress Destination), List<OutboundEntry>> _hosts = [];
    private readonly List<Pair> _pairs = [];

    /// <summary>Pairs of hosts among <see cref="_pairs"/>.</summary>
    private int _narrowHosts;

    /// <summary>What was found last: packets come in runs of one flow. Kept only where no pair looks at ports.</summary>
    private (IpAddress Source, IpAddress Destination, OutboundEntry? Entry) _last;
    private bool _hasLast;
    private bool _looksAtPorts;

    private readonly record struct Pair(SaSelector Source, SaSelector Destination, int Narrowness, OutboundEntry Entry);

    public void Add(OutboundEntry entry)
    {
        _hasLast = false;
        foreach (SaSelector source in entry.Source)
        {
            foreach (SaSelector destination in entry.Destination)
            {
                if (IsHostPair(source, destination))
                {
                    if (!_hosts.TryGetValue((source.First, destination.First), out List<OutboundEntry>? entries))
                        _hosts[(source.First, destination.First)] = entries = new List<OutboundEntry>(1);
                    entries.Insert(entry.IsLater && entries.Count > 0 ? entries.Count - 1 : entries.Count, entry);
                    continue;
                }

                int narrowness = (source.FixedBits + destination.FixedBits) * 4;
                narrowness += (source.Protocol != 0 ? 1 : 0) + (source.IsAnyPort ? 0 : 1) + (destination.IsAnyPort ? 0 : 1);
                _narrowHosts += source.IsHost && destination.IsHost ? 1 : 0;
                int at = _pairs.FindIndex(p => p.Narrowness < narrowness || (p.Narrowness == narrowness && !entry.IsLater));
                _looksAtPorts |= source.IsNarrow || destination.IsNarrow;
                _pairs.Insert(at < 0 ? _pairs.Count : at, new Pair(source, destination, narrowness, entry));
            }
        }
    }

    /// <summary>Is there another with one of the same pairs of selectors?</summary>
    public bool HasOther(OutboundEntry entry)
    {
        foreach (SaSelector source in entry.Source)
        {
            foreach (SaSelector destination in entry.Destination)
            {
                if (IsHostPair(source, destination) ? _hosts.ContainsKey((source.First, destination.First))
                    : _pairs.Exists(p => p.Entry != entry && p.Source == source && p.Destination == destination))
                    return true;
            }
        }

        return false;
    }

    public void Remove(OutboundEntry entry)
    {
        _hasLast = false;
        bool pairs = false;
        foreach (SaSelector source in entry.Source)
        {
            foreach (SaSelector destination in entry.Destination)
            {
                if (!IsHostPair(source, destination))
                    pairs = true;
                else if (_hosts.TryGetValue((source.First, destination.First), out List<OutboundEntry>? entries) && entries.Remove(entry) && entries.Count == 0)
                    _hosts.Remove((source.First, destination.First));
            }
        }

        if (!pairs)
            return;
        _narrowHosts -= _pairs.RemoveAll(p => p.Entry == entry && p.Source.IsHost && p.Destination.IsHost);
        _pairs.RemoveAll(p => p.Entry == entry);
        _looksAtPorts = _pairs.Exists(p => p.Source.IsNarrow || p.Destination.IsNarrow);
    }

    public OutboundEntry? Find(in IpPacket packet)
    {
        (IpAddress source, IpAddress destination) = (packet.Source, packet.Destination);
        if (_hasLast && _last.Source == source && _last.Destination == destination)
            return _last.Entry;
        OutboundEntry? found = Find(packet, source, destination);
        (_last, _hasLast) = ((source, destination, found), !_looksAtPorts);
        return found;
    }

    private OutboundEntry? Find(in IpPacket packet, in IpAddress source, in IpAddress destination)
    {
        OutboundEntry? host = _hosts.TryGetValue((source, destination), out List<OutboundEntry>? entries) ? entries[^1] : null;

        // Between the same two hosts a pair that names ports is narrower than one that does not.
        if (host is not null && _narrowHosts == 0)
            return host;
        foreach (Pair pair in _pairs)
        {
            if (host is not null && !(pair.Source.IsHost && pair.Destination.IsHost))
                continue;
            if (pair.Source.Contains(source) && pair.Destination.Contains(destination) && Selectors.PortsMatch(pair.Source, pair.Destination, packet))
                return pair.Entry;
        }

        return host;
    }

    private static bool IsHostPair(in SaSelector source, in SaSelector destination) =>
        source.IsHost && destination.IsHost && !source.IsNarrow && !destination.IsNarrow;
}

/// <summary>Does a packet lie within what an SA protects?</summary>
internal static class Selectors
{
    /// <summary>Some pair of the two sides' selectors admits it (RFC 7296 2.9).</summary>
    public static bool Admit(SaSelector[] source, SaSelector[] destination, in IpPacket packet)
    {
        (IpAddress from, IpAddress to) = (packet.Source, packet.Destination);
        foreach (ref readonly SaSelector one in source.AsSpan())
        {
            if (!one.Contains(from))
                continue;
            foreach (ref readonly SaSelector other in destination.AsSpan())
            {
                if (other.Contains(to) && PortsMatch(one, other, packet))
                    return true;
            }
        }

        return false;
    }

    /// <summary>Ports that cannot be seen match any-port selectors only (RFC 4301 4.4.1.1, 7).</summary>
    public static bool PortsMatch(in SaSelector source, in SaSelector destination, in IpPacket packet)
    {
        if (!source.IsNarrow && !destination.IsNarrow)
            return true;
        bool seen = packet.TryUpper(out byte protocol, out ushort from, out ushort to);
        return Matches(source, protocol, seen, from) && Matches(destination, protocol, seen, to);
    }

    private static bool Matches(in SaSelector selector, byte protocol, bool seen, ushort port) =>
        (selector.Protocol == 0 || selector.Protocol == protocol) && (selector.IsAnyPort || (seen && port >= selector.FirstPort && port <= selector.LastPort));
}
