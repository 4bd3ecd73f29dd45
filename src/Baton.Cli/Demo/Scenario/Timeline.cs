namespace Baton.Cli.Demo.Scenario;

/// <summary>Who sent on the call's SA from when to when, and up to which number it could have gone.</summary>
public sealed class Timeline
{
    private readonly List<Stretch> _stretches = [];

    public bool IsEmpty => _stretches.Count == 0;

    public IReadOnlyList<Stretch> Stretches => _stretches;

    public void Begin(string member, ulong term, long atNs) => _stretches.Add(new(member, term, atNs, long.MaxValue, null));

    /// <param name="limit">The last number that the term that ended could use.</param>
    public void Takeover(ulong limit, string member, ulong term, long atNs, ulong endedTerm)
    {
        if (_stretches.Count > 0 && _stretches[^1].Term == endedTerm) _stretches[^1] = _stretches[^1] with { EndNs = atNs, Limit = limit };
        Begin(member, term, atNs);
    }

    public string MemberAt(long ns)
    {
        for (int i = _stretches.Count - 1; i > 0; i--)
        {
            if (ns >= _stretches[i].StartNs) return _stretches[i].Member;
        }

        return _stretches.Count > 0 ? _stretches[0].Member : "?";
    }
}

public sealed record Stretch(string Member, ulong Term, long StartNs, long EndNs, ulong? Limit);
