using Baton.Redundancy;
using Baton.Redundancy.Handlers;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Baton.Simulation.Observing;
using Baton.Simulation.Time;
using Baton.Wire;

namespace Baton.Simulation.Nodes;

/// <summary>What the next write of the disk does, besides taking time.</summary>
internal enum DiskFault
{
    None,
    Fails,

    /// <summary>Reported as failed, and it happened.</summary>
    FailsButHappened,
    Slow,
}

/// <summary>The handler's process around its core: sessions, witness, and a disk that commits in groups and later.</summary>
internal sealed class SimHandler(World world, NodeClock clock) : SimProcess(world, Network.Handler, clock)
{
    private static readonly HandlerPolicy Policy = new()
    {
        WitnessPatience = TimeSpan.FromMilliseconds(150),
        DampingWindow = TimeSpan.FromSeconds(1),
        DampingMaximum = TimeSpan.FromSeconds(1),
    };

    private readonly List<Session> _sessions = [];

    /// <summary>Streams that reached this process, also those that it has not read from yet: they end with it.</summary>
    private readonly List<Session> _accepted = [];
    private readonly Queue<HandlerOutput> _waiting = [];
    private HandlerCore? _core;
    private Witnesses? _witnesses;
    private int _groupSize;
    private int _group;
    private int _tickGeneration;

    public Disk Disk { get; set; } = new(new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));

    public DiskFault NextFault { get; set; }

    public void Start()
    {
        ComeUp();
        World.Note(TraceKind.Started, Node, Disk.Revision, 0);
        _sessions.Clear();
        NewCore();
        _witnesses = new Witnesses(this, (of, view) => Feed(new HandlerInput.Witness(of, view)));
        _witnesses.Start();
        WatchRecords();
        Feed(new HandlerInput.Tick());
    }

    public void Crash(bool machine)
    {
        if (!Up)
            return;
        World.Note(TraceKind.Crashed, Node, machine ? 1ul : 0, 0);
        World.Coverage.Count(Covered.HandlerCrashes);
        if (_groupSize > 0)
        {
            // A write is under way: it may have happened.
            if (World.Random.Chance(0.5))
            {
                World.Coverage.Count(Covered.WriteTimedOutButHappened);
                MakeDurable(1 + World.Random.Below(_groupSize));
            }
            else
            {
                World.Coverage.Count(Covered.WritesLostInCrash);
            }
        }

        foreach (Session session in _accepted)
        {
            if (machine)
                session.Break();
            else
                session.End(World.Random.Between(Network.Ms(0.5), Network.Ms(30)), 0);
        }

        GoDown();
        _accepted.Clear();
        _sessions.Clear();
        _waiting.Clear();
        (_core, _groupSize) = (null, 0);
    }

    public override void Pause()
    {
        if (!Paused)
            World.Coverage.Count(Covered.HandlerPauses);
        World.Note(TraceKind.Paused, Node, 0, 0);
        base.Pause();
    }

    public override void Resume()
    {
        World.Note(TraceKind.Resumed, Node, 0, 0);
        base.Resume();
    }

    // ---- sessions ----

    public void Accept(Session session)
    {
        if (!session.ClosedAtHandler && !_accepted.Contains(session))
            _accepted.Add(session);
    }

    public void Open(Session session)
    {
        CloseSessionsOf(session.Incarnation);
        _sessions.Add(session);
        Feed(new HandlerInput.Connected(session.Incarnation));
    }

    public void SessionClosed(Session session)
    {
        if (session.ClosedAtHandler)
            return;
        session.ClosedAtHandler = true;
        _accepted.Remove(session);
        if (_sessions.Remove(session))
            Feed(new HandlerInput.Disconnected(session.Incarnation));
    }

    private void CloseSessionsOf(Incarnation member)
    {
        for (int i = _sessions.Count - 1; i >= 0; i--)
        {
            if (_sessions[i].Incarnation == member)
                SessionClosed(_sessions[i]);
        }
    }

    public void Request(Baton.Redundancy.Members.MemberOutput.ToHandler request) =>
        Feed(new HandlerInput.Request(request.RequestId, request.Header, request.Body));

    public void Heartbeat(Incarnation of) => _witnesses?.Heard(of);

    public void DeathNotice(Incarnation of) => _witnesses?.HeardDead(of);

    public void Suspect(Incarnation of) => Feed(new HandlerInput.Witness(of, WitnessView.Suspected));

    // ---- core ----

    private void NewCore()
    {
        _core = new HandlerCore(Policy, Disk.Snapshot, Disk.KeyTags, Disk.NextSaId, World.Guards);
        _groupSize = 0;
    }

    public void Feed(HandlerInput input)
    {
        if (_core is null)
            return;
        World.Note(TraceKind.HandlerInput, Node, 0, 0, input);
        var outputs = new List<HandlerOutput>();
        Instant next = _core.Step(input, Clock.Now, outputs);
        foreach (HandlerOutput output in outputs)
        {
            World.Note(TraceKind.HandlerOutput, Node, 0, 0, output);
            _waiting.Enqueue(output);
        }

        PerformWaiting();
        ScheduleTick(next);
    }

    private void ScheduleTick(Instant next)
    {
        int generation = ++_tickGeneration;
        if (next == Instant.Never)
            return;
        After(Math.Max(Clock.WhenItShows(next) - World.Now, Network.Ms(0.05)), Channel.Timer, () =>
        {
            if (generation == _tickGeneration)
                Feed(new HandlerInput.Tick());
        });
    }

    public void ClockJumped(long by)
    {
        Clock.Jump(by);
        if (Up)
            After(Network.Ms(1), Channel.Timer, () => Feed(new HandlerInput.Tick()));
    }

    private void PerformWaiting()
    {
        while (_groupSize == 0 && _waiting.TryPeek(out HandlerOutput? output))
        {
            if (output is HandlerOutput.Commit)
            {
                StartWrite();
                return;
            }

            _waiting.Dequeue();
            Perform(output);
        }
    }

    /// <summary>All commits that wait now become durable together.</summary>
    private void StartWrite()
    {
        foreach (HandlerOutput output in _waiting)
            _groupSize += output is HandlerOutput.Commit ? 1 : 0;
        int group = ++_group;
        DiskFault fault = NextFault;
        NextFault = DiskFault.None;
        long delay = World.Random.Between(Network.Ms(0.3), Network.Ms(3)) + (fault == DiskFault.None ? 0 : World.Random.Between(0, Network.Ms(400)));
        After(delay, Channel.Timer, () =>
        {
            if (group == _group && _groupSize > 0)
                WriteEnded(fault);
        });
    }

    private void WriteEnded(DiskFault fault)
    {
        if (fault is DiskFault.Fails or DiskFault.FailsButHappened)
        {
            World.Coverage.Count(fault == DiskFault.Fails ? Covered.WriteFailed : Covered.WriteTimedOutButHappened);
            if (fault == DiskFault.FailsButHappened)
                MakeDurable(_groupSize);
            FailAll();
            return;
        }

        int size = _groupSize;
        _groupSize = 0;
        Queue<HandlerOutput> all = new(_waiting);
        _waiting.Clear();
        while (all.TryDequeue(out HandlerOutput? output))
        {
            if (output is HandlerOutput.Commit commit && size > 0)
            {
                size--;
                Apply(commit);
            }
            else if (size > 0 || (output is not HandlerOutput.Commit && _waiting.Count == 0))
            {
                Perform(output);
            }
            else
            {
                _waiting.Enqueue(output);
            }
        }

        PerformWaiting();
    }

    private void MakeDurable(int count)
    {
        foreach (HandlerOutput output in _waiting)
        {
            if (output is HandlerOutput.Commit commit && count-- > 0)
                Apply(commit);
        }
    }

    private void Apply(HandlerOutput.Commit commit)
    {
        Disk.Apply(commit);
        if (Disk.IsOld)
            throw new RunAbandonedException(); // granted to one that knew nothing: outside what the protocol promises
        World.Note(TraceKind.Durable, Node, commit.Change.Cluster.Revision, commit.Change.Cluster.Term);
        World.Observer.Committed(commit.Change);
        World.CountChange(commit.Change);
    }

    /// <summary>The contract: answer all that waits with StorageFailed, forget the core, start from what is on disk.</summary>
    private void FailAll()
    {
        HandlerOutput[] all = [.. _waiting];
        _waiting.Clear();
        foreach (HandlerOutput output in all)
        {
            if (output is HandlerOutput.Reply reply)
                Perform(reply with { Answer = new HandlerReply(RequestVerdict.StorageFailed, 0) });
        }

        NewCore();
        foreach (Session session in _sessions.ToArray())
        {
            session.SnapshotSent = false;
            Feed(new HandlerInput.Connected(session.Incarnation));
        }
    }

    private void Perform(HandlerOutput output)
    {
        switch (output)
        {
            case HandlerOutput.Reply reply:
                World.Coverage.Verdicts[(int)reply.Answer.Verdict]++;
                if (Find(reply.To) is { } asker)
                    asker.Answer(() => asker.Member.Replied(reply.RequestId, reply.Answer));
                break;

            case HandlerOutput.Publish publish:
                WatchRecords();
                foreach (Session session in _sessions)
                {
                    if (session.SnapshotSent)
                        session.Down(() => session.Member.Changed(publish.Change));
                }

                break;

            case HandlerOutput.SendSnapshot snapshot:
                if (Find(snapshot.To) is { } opened)
                {
                    opened.SnapshotSent = true;
                    DownInParts(opened, snapshot.Snapshot);
                }

                break;

            case HandlerOutput.AskSwitchover ask:
                if (Find(ask.Holder) is { } holder)
                    holder.Down(() => holder.Member.Switchover(ask.To));
                break;

            case HandlerOutput.Note note:
                World.Coverage.Events[(int)note.Event.Kind]++;
                break;
        }
    }

    private Session? Find(Incarnation member) => _sessions.Find(s => s.Incarnation == member);

    private void WatchRecords()
    {
        if (_core?.Cluster.Holder is { } holder)
            _witnesses?.Watch(holder);
    }

    /// <summary>As the product's session does with many records: some come before the change whose last part they are.</summary>
    private void DownInParts(Session session, LedgerChange snapshot)
    {
        int at = 0;
        while (at < snapshot.Upserts.Count && World.Random.Chance(0.7))
        {
            List<SaRecord> part = [.. snapshot.Upserts.Skip(at).Take(1 + World.Random.Below(snapshot.Upserts.Count - at))];
            at += part.Count;
            session.Down(() => session.Member.SnapshotPart(snapshot.Cluster, part));
        }

        LedgerChange rest = snapshot with { Upserts = [.. snapshot.Upserts.Skip(at)] };
        session.Down(() => session.Member.Changed(rest));
    }
}
