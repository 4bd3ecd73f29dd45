using Baton.Redundancy.Records;

namespace Baton.Simulation.Nodes;

/// <summary>One stream between a member and the handler. In order and without gaps while it lives; when a piece is lost, so is all that follows, and
/// each end learns of the end of the stream in its own time.</summary>
internal sealed class Session
{
    private readonly World _world;
    private readonly SimMember _member;
    private readonly SimHandler _handler;
    private readonly int _memberLife;
    private readonly int _handlerLife;
    private long _lastUp;
    private long _lastDown;
    private long _lastAnswer;
    private bool _brokenUp;
    private bool _brokenDown;
    private bool _ending;
    private bool _opened;

    public Session(World world, SimMember member, SimHandler handler)
    {
        (_world, _member, _handler, _memberLife, _handlerLife) = (world, member, handler, member.Life, handler.Life);
        Incarnation = member.Self;
    }

    public Incarnation Incarnation { get; }

    public SimMember Member => _member;

    public bool ClosedAtHandler { get; set; }

    public bool ClosedAtMember { get; set; }

    /// <summary>Changes reach a session only after its snapshot.</summary>
    public bool SnapshotSent { get; set; }

    public void Up(Action atHandler) => Send(_member.Node, Network.Handler, ref _lastUp, _member.RequestLag, up: true, () =>
    {
        if (_handler.Life != _handlerLife)
        {
            EndSlowly(); // it died before it knew of this session
            return;
        }

        _handler.Accept(this);
        _handler.Deliver(Channel.Session, () =>
        {
            // What a dead session left in the handler's buffers may still be read: a write that timed out may happen, and late.
            if (!ClosedAtHandler || (_opened && _world.Random.Chance(0.5)))
                atHandler();
            _opened = true;
        });
    });

    /// <summary>Changes of the ledger, in order; a lagging standby works them off late.</summary>
    public void Down(Action atMember) => Down(ref _lastDown, _member.CopyLag, atMember);

    /// <summary>Answers only tell the outcome: nothing may depend on what of the copy has come before them.</summary>
    public void Answer(Action atMember) => Down(ref _lastAnswer, _member.AnswerLag, atMember);

    private void Down(ref long last, long lag, Action atMember) => Send(Network.Handler, _member.Node, ref last, lag, up: false, () =>
    {
        if (!ClosedAtMember && _member.Life == _memberLife)
            _member.Deliver(Channel.Session, () =>
            {
                if (!ClosedAtMember)
                    atMember();
            });
    });

    /// <summary>The far end is gone, or the path is: each end notices by itself.</summary>
    public void End(long memberNoticesAfter, long handlerNoticesAfter)
    {
        if (_ending)
            return;
        _ending = true;
        _world.At(_world.Now + memberNoticesAfter, () =>
        {
            if (_member.Life == _memberLife)
                _member.Deliver(Channel.Session, () => _member.SessionClosed(this));
        });
        _world.At(_world.Now + handlerNoticesAfter, () =>
        {
            if (_handler.Life == _handlerLife)
                _handler.Deliver(Channel.Session, () => _handler.SessionClosed(this));
        });
    }

    /// <summary>One end's machine vanished, or the path was cut: nothing goes through any more.</summary>
    public void Break()
    {
        (_brokenUp, _brokenDown) = (true, true);
        EndSlowly();
    }

    private void EndSlowly() => End(_world.Random.Between(Network.Ms(20), Network.Ms(600)), _world.Random.Between(Network.Ms(20), Network.Ms(600)));

    private void Send(int from, int to, ref long last, long lag, bool up, Action arrive)
    {
        if (up ? _brokenUp : _brokenDown)
            return;
        if (_world.Network.IsCut(from, to))
        {
            (_brokenUp, _brokenDown) = (_brokenUp | up, _brokenDown | !up);
            EndSlowly();
            return;
        }

        last = Math.Max(last + 1, _world.Now + _world.Random.Between(Network.Ms(0.1), Network.Ms(1)) + lag);
        _world.At(last, () =>
        {
            if ((up ? _brokenUp : _brokenDown) && (!up || _world.Random.Chance(0.5)))
                return;
            if (_world.Network.IsCut(from, to) && _world.Random.Chance(0.7))
            {
                (_brokenUp, _brokenDown) = (_brokenUp | up, _brokenDown | !up);
                EndSlowly();
                return;
            }

            arrive();
        });
    }
}
