namespace Baton.Redundancy.Members;

/// <summary>The timers and sizes of a member. Defaults are the product's.</summary>
public sealed record MemberPolicy
{
    /// <summary>Shortest time between two fine-ceiling messages to one standby. One message and one confirm a tick at most.</summary>
    public TimeSpan CeilingTick { get; init; } = TimeSpan.FromMilliseconds(1);

    /// <summary>How long a lease lasts at the measured rate.</summary>
    public TimeSpan LeaseTime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Least headroom of a lease or a coarse ceiling, in numbers, whatever the rate.</summary>
    public ulong LeaseMinimum { get; init; } = 1 << 16;

    /// <summary>How long the active waits for its designee's confirmation before it moves on (t+2). Longer than the copying of a large ledger takes: an
    /// extension is asked for with half a lease left, so there is time.</summary>
    public TimeSpan DesigneePatience { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Commits that may wait at once, for the handler or for the designee.</summary>
    public int WaitingCommits { get; init; } = 16_384;

    /// <summary>Ceilings unconfirmed for so long, with a set that cannot be changed: give up the address.</summary>
    public TimeSpan CeilingPatience { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>An unanswered request is repeated from the record after so long.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromMilliseconds(150);

    /// <summary>The handler's answer is missing for so long: a designee that holds its suspicion acts alone.</summary>
    public TimeSpan HandlerPatience { get; init; } = TimeSpan.FromMilliseconds(150);

    /// <summary>An SA without traffic for so long is idle: its fine ceiling falls back to what was accepted.</summary>
    public TimeSpan IdleAfter { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>A standby shows its presence to the active so often.</summary>
    public TimeSpan PresenceInterval { get; init; } = TimeSpan.FromMilliseconds(100);
}
