namespace Baton.Ike;

/// <summary>Where the states of the IKE SAs are that an endpoint follows (<see cref="IkeInput.Follow"/>): it asks for one when that wakes.</summary>
public interface ISnapshotSource
{
    /// <summary>
    /// Calls <paramref name="use"/> with its newest committed state, whose bytes are valid until that returns; not at all if it cannot be had. Called within
    /// <see cref="IkeEndpoint.Step"/>; must not block.
    /// </summary>
    void Read(IkeSaId id, Action<RestoredIkeSa> use);
}
