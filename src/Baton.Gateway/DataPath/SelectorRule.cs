using Baton.Cluster.Records;
using Baton.Wire;

namespace Baton.Gateway.DataPath;

/// <summary>One pair of selectors of an SA, and its place among others.</summary>
internal sealed class SelectorRule
{
    private readonly int _source, _destination;
    private readonly long _rank;

    /// <summary>Between the same two prefixes it says nothing more than they do: then they need not be looked at.</summary>
    private readonly bool _isPrefixes;

    /// <param name="source">Which of the SA's selectors of this side.</param>
    /// <param name="destination">Which of the SA's selectors of that side.</param>
    /// <param name="rank">Of equally narrow rules the one with the higher is used.</param>
    public SelectorRule(OutboundEntry entry, int source, int destination, long rank)
    {
        (Entry, _source, _destination, _rank) = (entry, source, destination, rank);
        _isPrefixes = !LooksAtPorts && Source.IsPrefix && Destination.IsPrefix;
        Narrowness = ((Source.FixedBits + Destination.FixedBits) * 4)
            + (Source.Protocol != 0 ? 1 : 0) + (Source.IsAnyPort ? 0 : 1) + (Destination.IsAnyPort ? 0 : 1);
    }

    public OutboundEntry Entry { get; }

    public ref readonly SaSelector Source => ref Entry.Source[_source];

    public ref readonly SaSelector Destination => ref Entry.Destination[_destination];

    /// <summary>Address bits first, then whether protocol and ports are named.</summary>
    public int Narrowness { get; }

    /// <summary>The one under it in its chain.</summary>
    public SelectorRule? Next;

    public bool LooksAtPorts => Source.IsNarrow || Destination.IsNarrow;

    public bool IsOver(SelectorRule other) => Narrowness != other.Narrowness ? Narrowness > other.Narrowness : _rank > other._rank;

    private bool Admits(in IpAddress from, in IpAddress to, in UpperLayer upper) =>
        _isPrefixes || (Source.Contains(from) && Destination.Contains(to) && Selectors.PortsMatch(Source, Destination, upper));

    /// <summary>The first of a chain that admits a packet between its prefixes.</summary>
    public static SelectorRule? Find(SelectorRule? first, in IpAddress from, in IpAddress to, in UpperLayer upper)
    {
        SelectorRule? rule = first;
        while (rule is not null && !rule.Admits(from, to, upper))
            rule = rule.Next;
        return rule;
    }

    public static void Add(ref SelectorRule? place, SelectorRule rule)
    {
        while (place is not null && place.IsOver(rule))
            place = ref place.Next;
        (rule.Next, place) = (place, rule);
    }

    /// <returns>What was taken out; null when it was not there.</returns>
    public static SelectorRule? Remove(ref SelectorRule? place, OutboundEntry entry, in SaSelector source, in SaSelector destination)
    {
        while (place is not null && !(place.Entry == entry && place.Source == source && place.Destination == destination))
            place = ref place.Next;
        SelectorRule? found = place;
        place = place?.Next;
        return found;
    }

    public static bool HasOther(SelectorRule? rule, OutboundEntry entry, in SaSelector source, in SaSelector destination)
    {
        for (; rule is not null; rule = rule.Next)
        {
            if (rule.Entry != entry && rule.Source == source && rule.Destination == destination)
                return true;
        }

        return false;
    }
}
