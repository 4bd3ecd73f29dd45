using Baton.Wire;

namespace Baton.Redundancy.Tracking;

/// <summary>How long a path must work before it counts, and what is tried when it does not.</summary>
public sealed record TrackPolicy
{
    /// <summary>So many probes without an answer, one behind the other, and the next hop is dead.</summary>
    public int Misses { get; init; } = 3;

    /// <summary>A path that came back must work so long before it is good again and not only settling; twice as long with each death, up to
    /// <see cref="SettleAtMost"/>.</summary>
    public TimeSpan Settle { get; init; } = TimeSpan.FromSeconds(2);

    public TimeSpan SettleAtMost { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Good for so long, and its deaths are forgotten.</summary>
    public TimeSpan ForgetAfter { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>A wish to hand over that came to nothing is made again.</summary>
    public TimeSpan AskAgain { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Handing over from a dead path failed for so long while a standby with better ones is there: give the address up.</summary>
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromSeconds(3);
}

/// <summary>What the tracker is told.</summary>
public abstract record PathInput
{
    /// <summary>The link's state: administratively up, with a carrier.</summary>
    public sealed record Link(string Path, bool Works) : PathInput;

    /// <summary>A probe of the next hop was answered, or not in its time.</summary>
    public sealed record Probe(string Path, bool Answered) : PathInput;

    public sealed record Tick : PathInput;
}

/// <summary>What must be done, in order.</summary>
public abstract record PathOutput
{
    /// <summary>This member's health, to be told to the others (<see cref="Members.MemberInput.Paths"/>).</summary>
    public sealed record Health(PathHealth Now, string Why) : PathOutput;

    /// <summary>Hand over by surrender (<see cref="Members.MemberInput.BeginSwitchover"/>).</summary>
    public sealed record HandOver(string Why) : PathOutput;

    /// <summary>Stop in order: somebody better is there and cannot be handed over to.</summary>
    public sealed record GiveUp(string Why) : PathOutput;
}

/// <summary>Are this member's paths good, and must it hand over because they are not? (DESIGN: a path died.) Sans-IO.</summary>
/// <remarks>
/// <code>
///            dead: at once                         works
///   good ────────────────────► dead ──────────────────────────► settling ──works for Settle * 2^deaths──► good
///    ▲                          ▲                                   │
///    └── unknown, at the start  └───────────── dead ────────────────┘
/// </code>
/// A member is as healthy as the worst of its paths, and the active hands over to a successor that is healthier, only to such a one:
/// <code>
///   active \ successor   dead   settling   good
///   dead                  -      at once    at once
///   settling              -      -          at once (nothing is lost by it)
///   good                  -      -          -
/// </code>
/// So settling holds back only what need not be: nobody hands a working path over to one that has just come back, and a path that flaps makes its
/// member settle for longer each time, so the role does not flap with it. Where the alternative is a dead path, one that works is good enough.
/// </remarks>
public sealed class PathTracker(TrackPolicy policy)
{
    private enum State
    {
        Good,
        Dead,
        Settling,
    }

    private sealed class Path
    {
        public State State;
        public Instant Since;
        public int Deaths;
        public int Misses;
        public bool IsLink;
    }

    private readonly SortedDictionary<string, Path> _paths = new(StringComparer.Ordinal);
    private Instant? _askedFirst;
    private Instant _askedLast;
    private bool _gaveUp;

    /// <summary>As last told.</summary>
    public PathHealth Health { get; private set; } = PathHealth.Good;

    /// <summary>Takes one input, appends what must be done, returns when to tick again.</summary>
    /// <param name="active">This member has the role now.</param>
    /// <param name="successor">What the designated successor says of its paths; null: there is none, or it is not there.</param>
    public Instant Step(PathInput input, bool active, PathHealth? successor, Instant now, ICollection<PathOutput> outputs)
    {
        switch (input)
        {
            case PathInput.Link link:
                Observe(link.Path, link.Works, now).IsLink = true;
                break;
            case PathInput.Probe probe:
                OnProbe(probe, now);
                break;
        }

        foreach (Path path in _paths.Values)
        {
            if (path.State == State.Settling && now >= path.Since + SettleTime(path))
                (path.State, path.Since) = (State.Good, now);
            if (path.State == State.Good && path.Deaths > 0 && now >= path.Since + policy.ForgetAfter)
                path.Deaths = 0;
        }

        TellHealth(outputs);
        bool wish = active && successor > Health;
        Decide(wish, now, outputs);
        return Deadline(now, wish);
    }

    private Path Observe(string name, bool works, Instant now)
    {
        if (!_paths.TryGetValue(name, out Path? path))
            _paths[name] = path = new Path { State = State.Good, Since = now };
        switch (path.State, works)
        {
            case (State.Good, false):
                path.Deaths++;
                (path.State, path.Since) = (State.Dead, now);
                break;
            case (State.Settling, false):
                (path.State, path.Since) = (State.Dead, now);
                break;
            case (State.Dead, true):
                (path.State, path.Since) = (State.Settling, now);
                break;
        }

        return path;
    }

    private void OnProbe(PathInput.Probe probe, Instant now)
    {
        if (probe.Answered)
        {
            Observe(probe.Path, works: true, now).Misses = 0;
            return;
        }

        if (!_paths.TryGetValue(probe.Path, out Path? path))
            _paths[probe.Path] = path = new Path { State = State.Good, Since = now };
        if (++path.Misses >= policy.Misses)
            Observe(probe.Path, works: false, now);
    }

    private TimeSpan SettleTime(Path path)
    {
        TimeSpan time = policy.Settle * Math.Pow(2, Math.Min(path.Deaths - 1, 16));
        return time < policy.SettleAtMost ? time : policy.SettleAtMost;
    }

    private void TellHealth(ICollection<PathOutput> outputs)
    {
        PathHealth health = PathHealth.Good;
        foreach (Path path in _paths.Values)
        {
            if (path.State == State.Dead)
                health = PathHealth.Dead;
            else if (path.State == State.Settling && health == PathHealth.Good)
                health = PathHealth.Settling;
        }

        if (health == Health)
            return;
        Health = health;
        outputs.Add(new PathOutput.Health(health, Why()));
    }

    private void Decide(bool wish, Instant now, ICollection<PathOutput> outputs)
    {
        if (!wish)
        {
            (_askedFirst, _gaveUp) = (null, false);
            return;
        }

        if (_gaveUp)
            return;
        if (Health == PathHealth.Dead && _askedFirst is { } first && now >= first + policy.GiveUpAfter)
        {
            _gaveUp = true;
            outputs.Add(new PathOutput.GiveUp(Why()));
        }
        else if (_askedFirst is null || now >= _askedLast + policy.AskAgain)
        {
            _askedFirst ??= now;
            _askedLast = now;
            outputs.Add(new PathOutput.HandOver(Why()));
        }
    }

    private string Why() => string.Join(", ", _paths.Where(p => p.Value.State != State.Good)
        .Select(p => $"{p.Key} {(p.Value.State == State.Settling ? "has just come back" : p.Value.IsLink ? "has no link" : "does not answer")}"));

    private Instant Deadline(Instant now, bool wish)
    {
        Instant next = Instant.Never;
        foreach (Path path in _paths.Values)
        {
            if (path.State == State.Settling)
                next = Instant.Min(next, path.Since + SettleTime(path));
        }

        if (wish && !_gaveUp)
            next = Instant.Min(next, now + policy.AskAgain);
        return next;
    }
}
