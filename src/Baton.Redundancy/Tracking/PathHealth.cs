namespace Baton.Redundancy.Tracking;

/// <summary>How well a member could carry the traffic, by its links and next hops. A greater value is better.</summary>
public enum PathHealth
{
    /// <summary>A path is dead: packets would be lost here.</summary>
    Dead,

    /// <summary>All paths work, one of them for too short a time to be relied on.</summary>
    Settling,
    Good,
}
