using System.Numerics;
using Baton.Cluster.Records;
using Baton.Wire;

namespace Baton.Gateway.DataPath;

/// <summary>The rules between the same two prefixes: a chain, the narrowest first; by their ports when they are many.</summary>
internal struct RuleSet
{
    private const int LongestChain = 8;

    private SelectorRule? _first;
    private PortRules? _byPorts;
    private int _count;

    public readonly bool IsEmpty => _count == 0;

    public readonly void Fetch() => CacheLines.Fetch(_first, 56);

    public void Add(SelectorRule rule)
    {
        _count++;
        if (_byPorts is null && _count > LongestChain)
        {
            _byPorts = new PortRules();
            while (_first is { } moved)
            {
                _first = moved.Next;
                _byPorts.Add(moved);
            }
        }

        if (_byPorts is not null)
            _byPorts.Add(rule);
        else
            SelectorRule.Add(ref _first, rule);
    }

    public SelectorRule? Remove(OutboundEntry entry, in SaSelector source, in SaSelector destination)
    {
        SelectorRule? removed = _byPorts is not null
            ? _byPorts.Remove(entry, source, destination) : SelectorRule.Remove(ref _first, entry, source, destination);
        _count -= removed is null ? 0 : 1;
        if (_count == 0)
            _byPorts = null;
        return removed;
    }

    public readonly bool HasOther(OutboundEntry entry, in SaSelector source, in SaSelector destination) =>
        SelectorRule.HasOther(_byPorts is not null ? _byPorts.FirstLike(source, destination) : _first, entry, source, destination);

    public readonly SelectorRule? Find(in IpAddress from, in IpAddress to, in UpperLayer upper) =>
        _byPorts is not null ? _byPorts.Find(from, to, upper) : SelectorRule.Find(_first, from, to, upper);
}

/// <summary>Many rules between the same two prefixes, by what they fix of protocol and ports: the way of <see cref="SelectorTable"/> once more.</summary>
internal sealed class PortRules
{
    private readonly SplitTable<PortKey, SelectorRule> _rules = new();

    /// <summary>In use, in no order: there are at most 17 x 17 x 2, and hardly ever more than two.</summary>
    private readonly List<(PortLengths Lengths, int Rules)> _lengths = [];

    /// <summary>How many leading bits are fixed; a range counts by the smallest power of two around it.</summary>
    private readonly record struct PortLengths(bool HasProtocol, byte From, byte To)
    {
        public static PortLengths Of(in SaSelector source, in SaSelector destination) =>
            new(source.Protocol != 0 || destination.Protocol != 0, Bits(source), Bits(destination));

        private static byte Bits(in SaSelector selector) => (byte)(BitOperations.LeadingZeroCount((uint)(selector.FirstPort ^ selector.LastPort)) - 16);
    }

    private readonly record struct PortKey(PortLengths Lengths, byte Protocol, uint Ports)
    {
        public static PortKey Of(in PortLengths lengths, byte protocol, ushort from, ushort to) =>
            new(lengths, lengths.HasProtocol ? protocol : (byte)0, (Leading(from, lengths.From) << 16) | Leading(to, lengths.To));

        public static PortKey Of(in SaSelector source, in SaSelector destination) =>
            Of(PortLengths.Of(source, destination), source.Protocol != 0 ? source.Protocol : destination.Protocol, source.FirstPort, destination.FirstPort);

        public override int GetHashCode() => HashCode.Combine(Ports, Protocol, Lengths.From, Lengths.To);

        private static uint Leading(ushort port, int bits) => port & (0xFFFF0000u >> bits) & 0xFFFF;
    }

    public void Add(SelectorRule rule)
    {
        PortKey key = PortKey.Of(rule.Source, rule.Destination);
        int at = IndexOf(key.Lengths);
        if (at < 0)
            _lengths.Add((key.Lengths, 1));
        else
            _lengths[at] = (key.Lengths, _lengths[at].Rules + 1);
        SelectorRule.Add(ref _rules.Place(key), rule);
    }

    public SelectorRule? Remove(OutboundEntry entry, in SaSelector source, in SaSelector destination)
    {
        PortKey key = PortKey.Of(source, destination);
        if (!_rules.TryGet(key, out SelectorRule? first) || SelectorRule.Remove(ref first, entry, source, destination) is not { } removed)
            return null;
        if (first is null)
            _rules.Remove(key);
        else
            _rules.Place(key) = first;
        int at = IndexOf(key.Lengths);
        if (_lengths[at].Rules == 1)
            _lengths.RemoveAt(at);
        else
            _lengths[at] = (key.Lengths, _lengths[at].Rules - 1);
        return removed;
    }

    /// <summary>The chain in which rules with these selectors are.</summary>
    public SelectorRule? FirstLike(in SaSelector source, in SaSelector destination) =>
        _rules.TryGet(PortKey.Of(source, destination), out SelectorRule? first) ? first : null;

    public SelectorRule? Find(in IpAddress from, in IpAddress to, in UpperLayer upper)
    {
        SelectorRule? best = null;
        foreach ((PortLengths lengths, _) in _lengths)
        {
            if (_rules.TryGet(PortKey.Of(lengths, upper.Protocol, upper.From, upper.To), out SelectorRule? first)
                && SelectorRule.Find(first, from, to, upper) is { } rule && (best is null || rule.IsOver(best)))
                best = rule;
        }

        return best;
    }

    private int IndexOf(PortLengths lengths) => _lengths.FindIndex(use => use.Lengths == lengths);
}
