using Baton.Redundancy.Members;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Redundancy.Leases;

/// <summary>How far this incarnation may accept on one inbound SA, and above what (DESIGN: ceilings, mirrored leases).</summary>
/// <remarks>
/// One owner thread. The data path asks with a number whose packet is authenticated, then marks its own replay window.
/// When <see cref="Start"/> changes (a takeover), the data path re-bases its window before the next packet: above the floor, or from the exact window.
/// <code>
///   floor ........ highest ... mark ....... limit = min(coarse, confirmed by all waited for) ... asked
///    replayed      accepted     fast   told        hold
/// </code>
/// </remarks>
public sealed class InboundCeiling
{
    /// <summary>From so many packets a tick on they come in bursts, and the lead is twice as long: a few milliseconds of numbers, fewer than are lost
    /// while a takeover is found out, so that what a successor refuses for it costs nobody a packet.</summary>
    private const double Masses = 16;

    private readonly WorkScope _scope;

    /// <summary>Hot: what every packet looks at.</summary>
    private ulong _epoch = ulong.MaxValue;
    private ulong _floor;
    private ulong _mark;
    private ulong _highest;
    private ulong _admitted;

    private ulong _limit;
    private ulong _work;
    private InboundStart _start;

    // Fine: what was asked of the others, and what each slot has confirmed.
    private ulong[] _confirmed = [];
    private ulong _asked;
    private ulong _toldHighest;
    private ulong _toldCame;
    private ulong _wanted;

    /// <summary>Packets that had to wait. One that is asked again raises <see cref="_wanted"/> no more, and counts once.</summary>
    private ulong _waited;
    private ulong _loweredTick;
    private Instant _toldAt;
    private double _perTick;
    private bool _fineDirty;

    // Coarse.
    private ulong _coarseMark;
    private ulong _coarseFrom;
    private ulong _coarseCame;
    private Instant _coarseSince;
    private ulong _coarseLease;

    /// <summary>How much was left of it when it was last looked at.</summary>
    private ulong _coarseSpan;
    private bool _coarseDirty;

    // Idle: a lead that nobody uses is taken back.
    private ulong _idleHighest;
    private Instant _idleSince;

    // As a standby: the newest fine ceiling that the active gave.
    private ulong _tableTerm;
    private ulong _tableTick;
    private ulong _tableCeiling;

    // As a designee: the exact window that an active reported before it surrendered.
    private ulong _reportTerm;
    private ulong _reportTick;
    private WindowReport? _report;

    // As an active that hands over: how much it had accepted when the designee was last told, and in which work.
    private ulong _toldWork;
    private ulong _toldAdmitted;

    internal InboundCeiling(WorkScope scope, SaId id) => (_scope, Id) = (scope, id);

    public SaId Id { get; }

    /// <summary>Null while only the active spoke of it and the copy has no record yet.</summary>
    internal SaRecord? Record { get; set; }

    /// <summary>The last snapshot that had it.</summary>
    internal ulong Staging { get; set; }

    /// <summary>Did this incarnation's present work base it on its start?</summary>
    internal bool StartedHere => _start.Generation != 0 && _start.Generation == _scope.ReceiveStart;

    internal bool IsHolding { get; set; }

    internal bool IsLeading { get; set; }

    public Admission Admit(ulong number)
    {
        if (_epoch == _scope.Admitting && number <= _mark && number > _floor)
        {
            if (number > _highest)
                _highest = number;
            _admitted++;
            return Admission.Accept;
        }

        return AdmitSlowly(number);
    }

    /// <summary>Changes identity with each term in which this member starts to accept: re-base the replay window when it differs from the last one seen.</summary>
    public InboundStart Start
    {
        get
        {
            if (_epoch != _scope.Admitting && _scope.Admitting != 0)
                BeCurrent();
            return _start;
        }
    }

    /// <summary>The highest number that may be accepted now.</summary>
    public ulong Ceiling
    {
        get
        {
            if (_epoch != _scope.Admitting && _scope.Admitting != 0)
                BeCurrent();
            return _limit;
        }
    }

    /// <summary>The highest number accepted so far, or where this term started.</summary>
    public ulong Highest => _highest;

    /// <summary>
    /// It started at the coarse ceiling, and the peer has not come so far: until it jumps its counter (RFC 6311), or the SA is rekeyed, nothing is accepted.
    /// </summary>
    public bool IsShut => StartedHere && !_scope.StartsFine && _floor > 0 && _highest == _floor;

    /// <summary>Less than a quarter of the coarse ceiling's lead is left: nobody raised it when half was. The early warning, as that of a lease.</summary>
    public bool RunsLow => StartedHere && _coarseDirty && !HasEnded && Coarse - Math.Min(_highest, Coarse) < Math.Max(_coarseSpan, 1) / 4;

    /// <summary>Numbers above the coarse ceiling came, and wait or were dropped.</summary>
    public bool HasEnded => StartedHere && _coarseDirty && _wanted > Coarse;

    private ulong Coarse => Record?.CoarseCeiling ?? 0;

    private bool IsTracked => _scope.Told != 0;

    /// <summary>Packets so far. One that waited counts again when it is accepted: <see cref="CameSince"/> sees to it.</summary>
    private ulong Came => _admitted + _waited;

    /// <summary>What makes a rate: packets, but no more than the numbers they brought. A peer that jumps its counter (RFC 6311), and a talker that jumps its
    /// SEQ, send no more for it, and a lead of a jump's size would shut a successor out for good.</summary>
    private ulong CameSince(ulong number, ulong packets)
    {
        ulong target = Math.Max(_highest, _wanted);
        return target > number ? Math.Min(target - number, Came - packets) : 0;
    }

    private Admission AdmitSlowly(ulong number)
    {
        if (_scope.Admitting == 0 || Record is null)
            return Admission.NotActive;
        BeCurrent();
        if (number <= _floor)
            return Admission.Replayed;
        if (number <= _limit || !_scope.InForce.HasFlag(Guards.G9AcceptBelowBothCeilings)) // (G9)
        {
            if (number > _highest)
                _highest = number;
            _admitted++;
            if (IsTracked && number > _toldHighest)
                TellFine();
            if (number > _coarseMark)
                TellCoarse();
            SetMark();
            return Admission.Accept;
        }

        if (number > _wanted)
            (_wanted, _waited) = (number, _waited + 1);
        if (IsTracked && number > _asked)
            TellFine();
        if (number > Coarse)
            TellCoarse();
        if (!IsHolding)
        {
            IsHolding = true;
            _scope.Holding.Add(this);
            _scope.HasWork = true;  // the pace is another one now
        }

        return Admission.Hold;
    }

    /// <summary>Finds where this term starts and what may be accepted now. Every replacement of the record comes after it.</summary>
    internal void BeCurrent()
    {
        if (_scope.Admitting == 0 || Record is null)
            return;
        if (_work != _scope.Work)
        {
            // A new term: nobody has confirmed anything in it.
            _work = _scope.Work;
            (_asked, _loweredTick, _wanted, _fineDirty, _coarseDirty, IsLeading) = (0, 0, 0, false, false, false);
            Array.Clear(_confirmed);
        }

        if (_start.Generation != _scope.ReceiveStart)
            Rebase();
        if (_epoch == _scope.Admitting)
            return;
        _epoch = _scope.Admitting;
        SetLimit();
    }

    private void Rebase()
    {
        if (_report is { } window && _scope.Cluster!.SurrenderedTerm == _reportTerm && _reportTerm + 1 == _scope.Term)
        {
            _floor = 0;
            _highest = window.Top;
            _start = new InboundStart(_scope.ReceiveStart, 0, window);
        }
        else
        {
            _floor = Record!.LimitTerm >= _scope.ReceiveTerm ? 0
                : _scope.StartsFine ? (_tableTerm == _scope.TableTerm ? _tableCeiling : 0) : Record.CoarseCeiling;
            _floor = Math.Max(_floor, Record.First - 1);
            _highest = _floor;
            _start = new InboundStart(_scope.ReceiveStart, _floor, null);
        }

        (_toldHighest, _toldCame, _toldAt, _perTick) = (_highest, Came, _scope.Now, 0);
        (_coarseFrom, _coarseCame, _coarseSince, _coarseLease) = (_highest, Came, _scope.Now, 0);
        SetCoarseMark();
    }

    private void SetCoarseMark()
    {
        _coarseSpan = Coarse > _highest ? Coarse - _highest : 0;
        _coarseMark = Coarse > _highest ? _highest + (_coarseSpan / 2) : Coarse;
    }

    /// <summary>(G9) At or below the coarse ceiling and what everybody waited for has confirmed.</summary>
    internal bool SetLimit()
    {
        ulong before = _limit;
        ulong limit = Coarse;
        for (uint slots = _scope.WaitedFor; slots != 0; slots &= slots - 1)
            limit = Math.Min(limit, Confirmed(System.Numerics.BitOperations.TrailingZeroCount(slots)));
        _limit = limit;
        SetMark();
        return _limit > before;
    }

    private void SetMark()
    {
        _mark = _limit;
        if (IsTracked && !_fineDirty)
            _mark = Math.Min(_mark, _toldHighest);
        if (!_coarseDirty)
            _mark = Math.Min(_mark, _coarseMark);
    }

    private void TellFine()
    {
        if (_fineDirty)
            return;
        _fineDirty = true;
        _scope.FineDirty.Add(this);
        _scope.HasWork = true;
    }

    private void TellCoarse()
    {
        if (_coarseDirty)
            return;
        _coarseDirty = true;
        _scope.CoarseDirty.Add(this);
        _scope.HasWork = true;
    }

    // ---- what the active's core does with it ----

    internal ulong Confirmed(int slot) => slot < _confirmed.Length ? _confirmed[slot] : 0;

    /// <summary>For a full copy: covers all that was accepted, and all that may be accepted on confirmations still under way (G12).</summary>
    internal ulong Cover(int slot)
    {
        BeCurrent();
        SetConfirmed(slot, 0);
        _asked = Math.Max(_asked, _highest);
        _toldHighest = Math.Max(_toldHighest, _highest);
        return _asked;
    }

    /// <summary>More was accepted since the full copy than it said: say so with the next tick.</summary>
    internal void CoverMore()
    {
        if (_asked < _highest)
            TellFine();
    }

    internal void SetConfirmed(int slot, ulong ceiling)
    {
        if (slot >= _confirmed.Length)
            Array.Resize(ref _confirmed, slot + 1);
        _confirmed[slot] = ceiling;
    }

    /// <summary>A member holds this ceiling as of this tick. Void when older than the last lowering.</summary>
    internal bool Confirm(int slot, ulong ceiling, ulong tick)
    {
        if (_work != _scope.Work || tick < _loweredTick || ceiling <= Confirmed(slot))
            return false;
        SetConfirmed(slot, ceiling);
        return _epoch == _scope.Admitting && SetLimit();
    }

    /// <summary>What to ask for now: what came, and a lead of one pace and one round trip of the measured rate (none below one packet a pace, twice that for masses).</summary>
    internal bool PrepareFine(out ulong ceiling)
    {
        BeCurrent();
        _fineDirty = false;
        ulong target = Math.Max(_highest, _wanted);
        double ticks = Math.Max((_scope.Now - _toldAt) / _scope.Policy.CeilingTick, 1);
        double rate = CameSince(_toldHighest, _toldCame) / ticks;
        _perTick = ticks > 8 ? rate : (_perTick * 0.75) + (rate * 0.25);
        ulong lead = 0;
        if (_perTick >= 0.5)  // a packet a pace of two ticks
        {
            double trip = 2 + Math.Min(_scope.RoundTripNanoseconds / _scope.Policy.CeilingTick.TotalNanoseconds, 16);
            if (_perTick >= Masses)
                trip *= 2;
            lead = (ulong)Math.Min(Math.Ceiling(_perTick * trip), 1 << 14);
        }

        (_toldHighest, _toldCame, _toldAt) = (target, Came, _scope.Now);
        ceiling = Math.Min(target + lead, Slice.LastUsable(Record!.Space));
        bool rises = ceiling > _asked;
        if (rises)
            _asked = ceiling;
        if (lead > 0 && !IsLeading)
        {
            IsLeading = true;
            (_idleHighest, _idleSince) = (_highest, _scope.Now);
            _scope.Leading.Add(this);
        }

        SetMark();
        return rises;
    }

    /// <summary>Idle long enough? Then its lead should be taken back.</summary>
    internal bool IsIdle()
    {
        if (_highest == _idleHighest)
            return _scope.Now - _idleSince >= _scope.Policy.IdleAfter;
        (_idleHighest, _idleSince) = (_highest, _scope.Now);
        return false;
    }

    /// <summary>The active lowers itself first; then it tells the others, under this tick.</summary>
    internal bool Lower(ulong tick, out ulong ceiling)
    {
        BeCurrent();
        ceiling = _highest;
        if (_asked <= _highest || IsHolding)
            return false;
        _loweredTick = tick;
        _asked = _highest;
        (_toldHighest, _toldCame, _perTick) = (_highest, Came, 0);
        for (int i = 0; i < _confirmed.Length; i++)
            _confirmed[i] = Math.Min(_confirmed[i], _highest);
        SetLimit();
        return true;
    }

    /// <summary>The next coarse ceiling, about ten minutes ahead.</summary>
    internal bool ProposeCoarse(out ulong ceiling)
    {
        BeCurrent();
        ulong target = Math.Max(_highest, _wanted);
        ulong lease = _scope.SizeOfLease(Record!.Space, 0, CameSince(_coarseFrom, _coarseCame), _coarseSince);
        // Nor is a burst a rate: no lead is more than four times the one before.
        lease = Math.Min(lease, Math.Max(_coarseLease, _scope.Policy.LeaseMinimum) * 4);
        _coarseLease = lease;
        ulong most = Slice.LastUsable(Record.Space);
        ceiling = lease > most - Math.Min(target, most) ? most : target + lease;
        return ceiling > Coarse;
    }

    /// <summary>What stands is farther ahead than what would be asked for: look again half way.</summary>
    internal void CoarseIsEnough()
    {
        _coarseDirty = false;
        SetCoarseMark();
        SetMark();
    }

    internal void CoarseAnswered()
    {
        _coarseDirty = false;
        SetMark();
    }

    internal bool CoarseChanged()
    {
        if (_scope.Admitting == 0)
            return false;
        (_coarseFrom, _coarseCame, _coarseSince) = (Math.Max(_highest, _wanted), Came, _scope.Now);
        _coarseDirty = false;
        SetCoarseMark();
        return _epoch == _scope.Admitting && SetLimit();
    }

    // ---- what a standby's core does with it ----

    /// <summary>The newest tick of a term wins: messages may be reordered, and a lowering must not be undone by an older raise.</summary>
    internal void Keep(ulong term, ulong tick, ulong ceiling)
    {
        if (_tableTerm == term && tick < _tableTick)
            return;
        (_tableTerm, _tableTick, _tableCeiling) = (term, tick, ceiling);
    }

    /// <summary>As a designee: keeps the newest report of a term; it counts when the record says that this term was surrendered.</summary>
    internal void Keep(ulong term, ulong tick, WindowReport window)
    {
        if (_reportTerm == term && tick < _reportTick)
            return;
        (_reportTerm, _reportTick, _report) = (term, tick, window);
    }

    // ---- what an active's core does with it that hands over ----

    /// <summary>The data path's replay window, set by its owner; null while it has none: then the SA goes on by its ceilings.</summary>
    public IExactWindow? Window { get; set; }

    /// <summary>Was a report of this term given that cannot be given anew?</summary>
    internal bool IsReportStuck => Window is null && _toldWork == _scope.Work;

    /// <summary>Does the designee have to hear of it (again)? Then it is told now. A window that is not based on this term's start is not exact, but
    /// old: its SA goes by the ceilings (P3).</summary>
    internal bool Report(bool onlyChanged, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out WindowReport? report)
    {
        report = null;
        if (Record is null || Window is null || (onlyChanged && _toldWork == _scope.Work && _toldAdmitted == _admitted))
            return false;
        BeCurrent();
        if (!StartedHere)
            return false;
        (_toldWork, _toldAdmitted) = (_scope.Work, _admitted);
        report = Window.Report();
        return true;
    }
}

/// <summary>The replay window that the data path keeps of an inbound SA. Asked on the core's thread, in a step.</summary>
public interface IExactWindow
{
    /// <summary>What was accepted, exactly, after re-basing on <see cref="InboundCeiling.Start"/> if that has changed.</summary>
    WindowReport Report();
}

/// <summary>Where a term's receiving starts: above a floor, or with the exact window of a surrender.</summary>
/// <param name="Generation">Grows by one with each start; 0 is "never".</param>
public readonly record struct InboundStart(ulong Generation, ulong Floor, WindowReport? Window);
