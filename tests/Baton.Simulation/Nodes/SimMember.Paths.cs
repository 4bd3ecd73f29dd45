using Baton.Redundancy.Members;
using Baton.Redundancy.Tracking;
using Baton.Simulation.Observing;
using Baton.Simulation.Time;

namespace Baton.Simulation.Nodes;

/// <summary>The machine's link to the outside, the watcher that sees it, and what the tracker wants then.</summary>
internal sealed partial class SimMember
{
    private const string OuterLink = "outer";
    private static readonly TimeSpan Watch = TimeSpan.FromMilliseconds(100);
    private static readonly TrackPolicy Track = new();

    private readonly List<PathOutput> _wishes = [];
    private PathTracker _tracker = new(Track);

    /// <summary>It is the machine's: a process that starts finds it as it is.</summary>
    public bool LinkWorks { get; private set; } = true;

    public void SetLink(bool works)
    {
        if (works == LinkWorks)
            return;
        LinkWorks = works;
        World.Note(TraceKind.Link, Node, works ? 1ul : 0, 0);
        if (works)
        {
            World.Network.Mend(Node, Network.Outside);
            World.Network.Mend(Network.Outside, Node);
        }
        else
        {
            World.Coverage.Count(Covered.LinkDeaths);
            World.Network.Cut(Node, Network.Outside);
            World.Network.Cut(Network.Outside, Node);
        }

        After(World.Random.Between(Network.Ms(0.1), Network.Ms(5)), Channel.Timer, LookAtPaths);
    }

    private void StartPaths()
    {
        _tracker = new PathTracker(Track);
        WatchPaths();
    }

    private void WatchPaths()
    {
        LookAtPaths();
        if (Up)
            AfterLocal(Watch.Ticks * 100, Channel.Timer, WatchPaths);
    }

    private void LookAtPaths()
    {
        _tracker.Step(new PathInput.Link(OuterLink, LinkWorks), Core.IsActive, Core.SuccessorPaths(Clock.Now), Clock.Now, _wishes);
        PathOutput[] wishes = [.. _wishes];
        _wishes.Clear();
        foreach (PathOutput wish in wishes)
        {
            switch (wish)
            {
                case PathOutput.Health health:
                    Feed(new MemberInput.Paths(health.Now));
                    break;
                case PathOutput.HandOver:
                    World.Coverage.Count(_tracker.Health == PathHealth.Dead ? Covered.HandoversFromDeadPaths : Covered.HandoversFromSettlingPaths);
                    Feed(new MemberInput.BeginSwitchover(null));
                    break;
                case PathOutput.GiveUp:
                    World.Coverage.Count(Covered.GivenUpForAPath);
                    End();
                    World.At(World.Now + World.Random.Between(Network.Ms(300), Network.Ms(1_000)), () =>
                    {
                        if (!Up)
                            Start();
                    });
                    return;
            }
        }
    }
}
