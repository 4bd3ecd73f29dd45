namespace Baton.Ike.Messages;

/// <summary>Where the IV numbers of one direction of an IKE SA come from: a lease in a cluster, a counter in a lone peer.</summary>
public interface IIvSource
{
    /// <summary>A number that was never given before for these keys, by any member; false when none may be used now.</summary>
    bool TryTake(out ulong number);
}
