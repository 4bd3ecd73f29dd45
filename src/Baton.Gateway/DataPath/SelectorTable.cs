using System.Runtime.InteropServices;
using Baton.Cluster.Records;
using Baton.Wire;

namespace Baton.Gateway.DataPath;

/// <summary>Which SA protects an inner packet on its way out (RFC 4301 4.4.1): of all pairs of selectors that admit it the narrowest.</summary>
/// <remarks>
/// Of pairs that are equally narrow that of the newest SA which is not to be used later is used (a rekey is make before break); when it goes, the one before it is
/// again. The time of a look-up grows with the <see cref="PrefixLengths"/> that are in use, not with the selectors; that of a change with neither.
/// <code>
/// lengths, the narrowest first     rules by prefixes, in their order
///   /32 -> /32                       10.1.0.1 -> 10.2.0.1    [SA 7: udp 5060] -> [SA 4]
///   /16 -> /24                       10.1.0.0 -> 10.2.9.0    [SA 9]
/// </code>
/// One owner. Looking up allocates nothing.
/// </remarks>
internal sealed class SelectorTable
{
    /// <summary>With more lengths than this it pays to ask first which prefixes of the two addresses occur at all.</summary>
    internal const int FewLengths = 4;

    private readonly SplitTable<PrefixPair, RuleSet> _rules = new();

    /// <summary>Which prefixes the rules have on each side.</summary>
    private readonly PrefixCounts _sources = new(), _destinations = new();

    /// <summary>In use; that of the narrowest rule first.</summary>
    private readonly List<LengthsUse> _lengths = [];

    private long _newest;

    /// <summary>What was found last: packets come in runs of one flow. Kept only while no rule looks at protocol or ports.</summary>
    private (IpAddress Source, IpAddress Destination, OutboundEntry? Entry) _last;
    private bool _hasLast;
    private int _rulesWithPorts;

    /// <param name="Narrowest">No rule of these lengths is narrower; one that was may have gone.</param>
    private readonly record struct LengthsUse(PrefixLengths Lengths, int Rules, int Narrowest);

    public bool IsEmpty => _lengths.Count == 0 && _rules.IsEmpty && _sources.IsEmpty && _destinations.IsEmpty && _rulesWithPorts == 0;

    public void Add(OutboundEntry entry)
    {
        _hasLast = false;
        _newest++;
        long rank = entry.IsLater ? -_newest : _newest;
        for (int source = 0; source < entry.Source.Length; source++)
        {
            for (int destination = 0; destination < entry.Destination.Length; destination++)
                Add(new SelectorRule(entry, source, destination, rank));
        }
    }

    private void Add(SelectorRule rule)
    {
        PrefixLengths lengths = PrefixLengths.Of(rule.Source, rule.Destination);
        Use(lengths, rule.Narrowness);
        _rulesWithPorts += rule.LooksAtPorts ? 1 : 0;
        _sources.Add(rule.Source.First, lengths.Source);
        _destinations.Add(rule.Destination.First, lengths.Destination);
        _rules.Place(new PrefixPair(rule.Source.First, rule.Destination.First, lengths)).Add(rule);
    }

    private void Use(in PrefixLengths lengths, int narrowness)
    {
        int at = IndexOf(lengths);
        LengthsUse use = at < 0 ? new LengthsUse(lengths, 0, -1) : _lengths[at];
        use = use with { Rules = use.Rules + 1, Narrowest = Math.Max(use.Narrowest, narrowness) };
        if (at >= 0 && use.Narrowest == _lengths[at].Narrowest)
        {
            _lengths[at] = use;
            return;
        }

        if (at >= 0)
            _lengths.RemoveAt(at);
        int before = _lengths.FindIndex(other => other.Narrowest < use.Narrowest);
        _lengths.Insert(before < 0 ? _lengths.Count : before, use);
    }

    private int IndexOf(PrefixLengths lengths) => _lengths.FindIndex(use => use.Lengths == lengths);

    /// <summary>Is there another with one of the same pairs of selectors?</summary>
    public bool HasOther(OutboundEntry entry)
    {
        foreach (SaSelector source in entry.Source)
        {
            foreach (SaSelector destination in entry.Destination)
            {
                var key = new PrefixPair(source.First, destination.First, PrefixLengths.Of(source, destination));
                if (_rules.TryGet(key, out RuleSet rules) && rules.HasOther(entry, source, destination))
                    return true;
            }
        }

        return false;
    }

    public void Remove(OutboundEntry entry)
    {
        _hasLast = false;
        foreach (SaSelector source in entry.Source)
        {
            foreach (SaSelector destination in entry.Destination)
                Remove(entry, source, destination);
        }
    }

    private void Remove(OutboundEntry entry, in SaSelector source, in SaSelector destination)
    {
        PrefixLengths lengths = PrefixLengths.Of(source, destination);
        var key = new PrefixPair(source.First, destination.First, lengths);
        if (!_rules.TryGet(key, out RuleSet rules) || rules.Remove(entry, source, destination) is not { } rule)
            return;
        if (rules.IsEmpty)
            _rules.Remove(key);
        else
            _rules.Place(key) = rules;
        _rulesWithPorts -= rule.LooksAtPorts ? 1 : 0;
        _sources.Remove(source.First, lengths.Source);
        _destinations.Remove(destination.First, lengths.Destination);
        int at = IndexOf(lengths);
        if (_lengths[at].Rules == 1)
            _lengths.RemoveAt(at);
        else
            _lengths[at] = _lengths[at] with { Rules = _lengths[at].Rules - 1 };
    }

    /// <summary>A look-up in steps: the first asks for memory, the others come when it is there (<see cref="LookAhead"/>). Nothing may change between them.</summary>
    public void Ask(ref SelectorQuestion question, in IpPacket packet)
    {
        (question.Source, question.Destination, question.Count) = (packet.Source, packet.Destination, 0);
        question.Upper = _rulesWithPorts > 0 ? UpperLayer.Of(packet) : default;
        question.IsAsked = true;
        if (_lengths.Count > FewLengths)
            return;
        foreach (ref readonly LengthsUse use in CollectionsMarshal.AsSpan(_lengths))
        {
            if (question.Source.IsV4 != use.Lengths.IsV4)
                continue;
            ref PrefixPair key = ref question.Keys[question.Count++];
            key = new PrefixPair(question.Source, question.Destination, use.Lengths);
            _rules.FetchFirst(key);
        }
    }

    /// <inheritdoc cref="Ask"/>
    public void FetchSecond(in SelectorQuestion question)
    {
        for (int i = 0; i < question.Count; i++)
            _rules.FetchSecond(question.Keys[i]);
    }

    /// <inheritdoc cref="Ask"/>
    public void FetchThird(in SelectorQuestion question)
    {
        for (int i = 0; i < question.Count; i++)
        {
            if (_rules.TryGet(question.Keys[i], out RuleSet rules))
                rules.Fetch();
        }
    }

    /// <inheritdoc cref="Ask"/>
    public OutboundEntry? Find(in SelectorQuestion question)
    {
        if (_lengths.Count > FewLengths)
            return question.IsAsked ? Find(question.Source, question.Destination, question.Upper) : null;
        SelectorRule? best = null;
        for (int i = 0; i < question.Count; i++)
        {
            if (_rules.TryGet(question.Keys[i], out RuleSet rules)
                && rules.Find(question.Source, question.Destination, question.Upper) is { } rule && (best is null || rule.IsOver(best)))
                best = rule;
        }

        return best?.Entry;
    }

    public OutboundEntry? Find(in IpPacket packet)
    {
        (IpAddress source, IpAddress destination) = (packet.Source, packet.Destination);
        if (_hasLast && _last.Source == source && _last.Destination == destination)
            return _last.Entry;
        UpperLayer upper = _rulesWithPorts > 0 ? UpperLayer.Of(packet) : default;
        OutboundEntry? found = Find(source, destination, upper);
        (_last, _hasLast) = ((source, destination, found), _rulesWithPorts == 0);
        return found;
    }

    private OutboundEntry? Find(in IpAddress source, in IpAddress destination, in UpperLayer upper)
    {
        bool isV4 = source.IsV4, many = _lengths.Count > FewLengths;
        if (many)
        {
            _sources.Ask(source);
            _destinations.Ask(destination);
        }

        SelectorRule? best = null;
        foreach (ref readonly LengthsUse use in CollectionsMarshal.AsSpan(_lengths))
        {
            if (best is not null && use.Narrowest < best.Narrowness)
                break;
            PrefixLengths lengths = use.Lengths;
            if (lengths.IsV4 != isV4 || (many && !(_sources.Occurs(lengths.Source) && _destinations.Occurs(lengths.Destination))))
                continue;
            if (_rules.TryGet(new PrefixPair(source, destination, lengths), out RuleSet rules)
                && rules.Find(source, destination, upper) is { } rule && (best is null || rule.IsOver(best)))
                best = rule;
        }

        return best?.Entry;
    }
}

/// <summary>What is kept of a look-up between its steps.</summary>
internal struct SelectorQuestion
{
    public IpAddress Source, Destination;
    public UpperLayer Upper;
    public bool IsAsked;
    public int Count;
    public PrefixPairs Keys;

    [System.Runtime.CompilerServices.InlineArray(SelectorTable.FewLengths)]
    internal struct PrefixPairs
    {
        private PrefixPair _first;
    }
}
