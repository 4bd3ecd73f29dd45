using Baton.Simulation.Nodes;

namespace Baton.Simulation.Observing;

/// <summary>Where the handler is there and the members see each other, the role goes to a path that works: settling holds back nobody whom the traffic needs.</summary>
internal sealed partial class Observer
{
    /// <summary>Detection, damping, a newcomer's copy and two moves of the term; less than one time to settle.</summary>
    private static readonly long RoleMayBeLost = Network.Ms(1_900);

    private long? _lostSince;

    public void WatchRole()
    {
        world.At(world.Now + Network.Ms(20), WatchRole);
        bool works = world.Active() is { LinkWorks: true };
        bool could = world.Handler is { Up: true, Paused: false } && Array.Exists(world.Members, member => member is { Up: true, Paused: false, LinkWorks: true } && Durable?.InSync.Contains(member.Self) == true);
        if (works || !could)
        {
            _lostSince = null;
            return;
        }

        _lostSince ??= world.Now;
        if (world.Now - _lostSince > RoleMayBeLost)
        {
            throw new ViolationException(Promise.RoleFollowsPaths,
                $"since {_lostSince / 1e6:F0} ms {world.Active()?.Self.ToString() ?? "nobody"} is active without a path, while one in sync has one");
        }
    }
}
