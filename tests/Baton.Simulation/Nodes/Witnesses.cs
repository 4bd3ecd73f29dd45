using Baton.Redundancy.Handlers;
using Baton.Redundancy.Records;
using Baton.Simulation.Time;
using Baton.Wire;

namespace Baton.Simulation.Nodes;

/// <summary>What one node thinks of the lives of the members: heartbeats heard, silence, death notices.</summary>
/// <remarks>A witness that just started, or was itself late, has no opinion for one detection time.</remarks>
internal sealed class Witnesses(SimProcess owner, Action<Incarnation, WitnessView> tell)
{
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Detection = Interval * 3;

    private readonly List<(Incarnation Of, Instant Heard, WitnessView View)> _known = [];
    private Instant _graceUntil = owner.Clock.Now + Detection;
    private Instant _lastScan = owner.Clock.Now;

    public void Start() => owner.AfterLocal(Interval.Ticks * 100, Channel.Timer, Scan);

    public void Heard(Incarnation of) => Set(of, WitnessView.Alive, owner.Clock.Now);

    public void HeardDead(Incarnation of) => Set(of, WitnessView.Dead, owner.Clock.Now);

    /// <summary>The records name it: watch it, even if it was never heard.</summary>
    public void Watch(Incarnation of)
    {
        if (Find(of) < 0)
            _known.Add((of, owner.Clock.Now, WitnessView.Unknown));
    }

    private int Find(Incarnation of)
    {
        for (int i = 0; i < _known.Count; i++)
        {
            if (_known[i].Of == of)
                return i;
        }

        return -1;
    }

    private void Set(Incarnation of, WitnessView view, Instant heard)
    {
        int i = Find(of);
        if (i >= 0 && _known[i].View == WitnessView.Dead)
            return;
        WitnessView before = i < 0 ? WitnessView.Unknown : _known[i].View;
        if (i < 0)
            _known.Add((of, heard, view));
        else
            _known[i] = (of, heard, view);
        if (before != view)
            tell(of, view);
    }

    private void Scan()
    {
        Instant now = owner.Clock.Now;
        if (now - _lastScan > Interval * 2 || now < _lastScan)
        {
            _graceUntil = now + Detection;
            for (int i = 0; i < _known.Count; i++)
            {
                // Late ourselves: the silence may be ours.
                if (_known[i].View == WitnessView.Suspected)
                    Set(_known[i].Of, WitnessView.Unknown, now);
                else if (_known[i].View != WitnessView.Dead)
                    _known[i] = _known[i] with { Heard = now };
            }
        }

        _lastScan = now;
        for (int i = 0; i < _known.Count && now >= _graceUntil; i++)
        {
            if (_known[i].View is WitnessView.Alive or WitnessView.Unknown && now - _known[i].Heard > Detection)
                Set(_known[i].Of, WitnessView.Suspected, _known[i].Heard);
        }

        owner.AfterLocal(Interval.Ticks * 100, Channel.Timer, Scan);
    }
}
