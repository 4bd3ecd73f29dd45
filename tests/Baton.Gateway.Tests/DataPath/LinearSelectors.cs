using Baton.Cluster.Records;
using Baton.Gateway.DataPath;
using Baton.Wire;

namespace Baton.Gateway.Tests.DataPath;

/// <summary>What a <see cref="SelectorTable"/> must find, said as plainly as can be: all pairs of selectors in one ordered list (RFC 4301 4.4.1).</summary>
internal sealed class LinearSelectors
{
    private readonly List<(SaSelector Source, SaSelector Destination, OutboundEntry Entry)> _pairs = [];

    public void Add(OutboundEntry entry)
    {
        foreach (SaSelector source in entry.Source)
        {
            foreach (SaSelector destination in entry.Destination)
            {
                int narrowness = Narrowness(source, destination);
                int at = _pairs.FindIndex(p => Narrowness(p.Source, p.Destination) is var other && (other < narrowness || (other == narrowness && !entry.IsLater)));
                _pairs.Insert(at < 0 ? _pairs.Count : at, (source, destination, entry));
            }
        }
    }

    public void Remove(OutboundEntry entry) => _pairs.RemoveAll(p => p.Entry == entry);

    public bool HasOther(OutboundEntry entry) =>
        _pairs.Exists(p => p.Entry != entry && entry.Source.Contains(p.Source) && entry.Destination.Contains(p.Destination));

    public OutboundEntry? Find(in IpPacket packet)
    {
        foreach ((SaSelector source, SaSelector destination, OutboundEntry entry) in _pairs)
        {
            if (Selectors.Admit([source], [destination], packet))
                return entry;
        }

        return null;
    }

    /// <summary>Address bits first, then whether protocol and ports are named.</summary>
    private static int Narrowness(SaSelector source, SaSelector destination) =>
        ((source.FixedBits + destination.FixedBits) * 4) + (source.Protocol != 0 ? 1 : 0) + (source.IsAnyPort ? 0 : 1) + (destination.IsAnyPort ? 0 : 1);
}
