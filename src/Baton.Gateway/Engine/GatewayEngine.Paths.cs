using Baton.Linux;
using Baton.Redundancy.Members;
using Baton.Redundancy.Tracking;
using Baton.Wire;
using Microsoft.Extensions.Logging;

namespace Baton.Gateway.Engine;

/// <summary>What the watcher saw goes to the tracker, and what the tracker wants to the core.</summary>
internal sealed partial class GatewayEngine
{
    private readonly List<PathOutput> _pathOutputs = [];

    /// <summary>Null: no path is tracked.</summary>
    public PathTracker? Tracker { get; set; }

    /// <summary>Called on the engine thread when this member must stop in order because its paths are dead; must not block.</summary>
    public Action<string>? OnGiveUp { get; set; }

    /// <summary>Times that this member asked to hand over because a path died.</summary>
    public long PathHandovers { get; private set; }

    public void TakePath(PathInput input)
    {
        if (Tracker is not { } tracker)
            return;
        Instant now = MonotonicClock.Now;
        tracker.Step(input, Core.IsActive, Core.SuccessorPaths(now), now, _pathOutputs);
        foreach (PathOutput output in _pathOutputs)
        {
            switch (output)
            {
                case PathOutput.Health health:
                    _log.Log(health.Now == PathHealth.Dead ? LogLevel.Warning : LogLevel.Information,
                        "paths: {Health}", health.Now == PathHealth.Good ? "good" : health.Why);
                    Feed(new MemberInput.Paths(health.Now));
                    break;
                case PathOutput.HandOver wish:
                    PathHandovers++;
                    _log.LogWarning("handing over because of a path: {Why}", wish.Why);
                    Feed(new MemberInput.BeginSwitchover(null));
                    break;
                case PathOutput.GiveUp end:
                    _log.LogError("giving up because of a path, and no handover came about: {Why}", end.Why);
                    OnGiveUp?.Invoke(end.Why);
                    break;
            }
        }

        _pathOutputs.Clear();
    }
}
