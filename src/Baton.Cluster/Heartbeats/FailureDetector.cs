using Baton.Redundancy.Handlers;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Cluster.Heartbeats;

/// <summary>What one witness knows of each other member, from its sentinel's frames. Sans-IO; one owner.</summary>
/// <remarks>
/// <code>
///              frame                     silence > interval x multiplier, Hung, closed
///   Unknown ----------> Alive ------------------------------------------------> Suspected
///                         ^  \                     frame Alive                   /   |
///                         |   +------------------------------------------------- +   |
///                         |                                                          | frame Dead or Stopped
///                         +-- a newer incarnation           Dead  &lt;------------------+   (final for that incarnation)
/// </code>
/// A witness that was itself late (its own ticks came apart) knows nothing about the silence meanwhile: everyone gets one whole detection time
/// anew. The same holds at its start.
/// </remarks>
public sealed class FailureDetector(TimeSpan interval, int multiplier)
{
    private readonly Dictionary<string, Watched> _watched = new(StringComparer.Ordinal);
    private Instant _lastTick = new(long.MinValue / 2);

    /// <summary>Own lateness that voids what silence says: more than one interval between two ticks.</summary>
    public long TimesLate { get; private set; }

    /// <summary>Suspicions that ended with a frame of the same incarnation, by cause silent or hung.</summary>
    public long FalseSuspicions { get; private set; }

    /// <summary>Frames of an earlier life of a member that is alive: replayed, and refused.</summary>
    public long EarlierLives { get; private set; }

    public TimeSpan DetectionTime => interval * multiplier;

    /// <summary>The view of an incarnation now; Unknown for one never heard.</summary>
    public WitnessView View(Incarnation of) =>
        _watched.TryGetValue(of.Member, out Watched? watched) && watched.Incarnation == of ? watched.View : WitnessView.Unknown;

    /// <summary>Takes an authentic frame; appends the views that changed.</summary>
    public void Heard(in HeartbeatFrame frame, Instant now, ICollection<(Incarnation Of, WitnessView View)> changes)
    {
        if (!_watched.TryGetValue(frame.From.Member, out Watched? watched))
            _watched[frame.From.Member] = watched = new Watched();
        if (watched.Incarnation != frame.From)
        {
            // The old life's notices may still be on their way when the new one speaks; a nonce that was replaced never comes back.
            if (watched.Replaced.Contains(frame.From.Nonce))
                return;

            // A life begins its numbers with the time of its start. Frames of an earlier one, recorded and sent again to a witness that never heard
            // it, must not speak for the dead. With nobody alive to contradict, it may be a machine whose clock went back: then it is heard.
            bool earlier = watched.Incarnation.Member is not null && frame.Sequence <= watched.Sequence;
            if (earlier && watched.View == WitnessView.Alive)
            {
                EarlierLives++;
                return;
            }

            if (watched.Incarnation.Member is not null && (!earlier || watched.View == WitnessView.Dead))
            {
                watched.Replaced.Add(watched.Incarnation.Nonce);
                if (watched.View != WitnessView.Dead)
                    changes.Add((watched.Incarnation, WitnessView.Dead));
            }

            watched.Incarnation = frame.From;
            watched.View = WitnessView.Unknown;
            watched.Sequence = 0;
        }

        if (watched.View == WitnessView.Dead || (frame.Sequence <= watched.Sequence && frame.Kind == HeartbeatKind.Alive))
            return;
        watched.Sequence = Math.Max(watched.Sequence, frame.Sequence);
        watched.Deadline = now + DetectionTime;
        WitnessView view = frame.Kind switch
        {
            HeartbeatKind.Alive => WitnessView.Alive,
            HeartbeatKind.Hung => WitnessView.Suspected,
            _ => WitnessView.Dead,
        };
        if (watched.View == WitnessView.Suspected && view == WitnessView.Alive)
            FalseSuspicions++;
        Set(watched, view, changes);
    }

    /// <summary>A connection of this incarnation closed: a suspicion.</summary>
    public void Closed(Incarnation of, ICollection<(Incarnation Of, WitnessView View)> changes)
    {
        if (_watched.TryGetValue(of.Member, out Watched? watched) && watched.Incarnation == of && watched.View == WitnessView.Alive)
            Set(watched, WitnessView.Suspected, changes);
    }

    /// <summary>Call at least once an interval.</summary>
    /// <returns>When silence could next matter.</returns>
    public Instant Tick(Instant now, ICollection<(Incarnation Of, WitnessView View)> changes)
    {
        bool late = now - _lastTick > interval + interval;
        if (late)
            TimesLate++;
        _lastTick = now;
        Instant next = Instant.Never;
        foreach (Watched watched in _watched.Values)
        {
            if (watched.View != WitnessView.Alive)
                continue;
            if (late)
                watched.Deadline = Instant.Max(watched.Deadline, now + DetectionTime);
            if (watched.Deadline <= now)
                Set(watched, WitnessView.Suspected, changes);
            else
                next = Instant.Min(next, watched.Deadline);
        }

        return next;
    }

    private static void Set(Watched watched, WitnessView view, ICollection<(Incarnation Of, WitnessView View)> changes)
    {
        if (watched.View == view)
            return;
        watched.View = view;
        changes.Add((watched.Incarnation, view));
    }

    private sealed class Watched
    {
        public Incarnation Incarnation;
        public WitnessView View;
        public Instant Deadline;
        public ulong Sequence;

        /// <summary>Grows by one a restart of that member: bounded by how often a process can start.</summary>
        public readonly HashSet<ulong> Replaced = [];
    }
}
