namespace Baton.Simulation.Faults;

/// <summary>What a seed likes to break. The seed chooses it (seed modulo the number of profiles); each draws from all faults, with a bias.</summary>
internal enum Profile
{
    Mixed,

    /// <summary>Nothing but planned switchovers and stops: P6 must hold to the packet.</summary>
    PlannedOnly,

    /// <summary>The handler is away when the active fails.</summary>
    WithoutHandler,

    /// <summary>Restarts within a name: standbys that lose their memory.</summary>
    LostMemory,

    /// <summary>A lagging designee while limits move.</summary>
    LaggingDesignee,

    /// <summary>Everything that can go wrong around a switchover.</summary>
    BrokenSwitchovers,

    /// <summary>Members lose and find each other: the in-sync set changes all the time.</summary>
    ChangingSet,

    /// <summary>Pauses, stale steering, late messages: zombies.</summary>
    Zombies,

    /// <summary>Links to the outside come and go, while members die: the role must follow the paths.</summary>
    FlappingLinks,
}
