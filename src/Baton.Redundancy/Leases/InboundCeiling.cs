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

    /// <summary>Hot: what every packet looks at, side by side (<see cref="Fetch"/>).</summary>
    private ulong _epoch = ulong.MaxValue;
    private ulong _floor;
    private ulong _mark;
    private ulong _highest;
    private ulong _admitted;
    private ulong _limit;
    private ulong _startGeneration;

    private ulong _startFloor;
    private ulong _work;

    /// <summary>What only a member that works needs of it: a standby with very many SAs does without. Made with the first packet after a takeover.</summary>
    private sealed class Working
    {
        // Fine: what was asked of the others, and what each slot has confirmed.
        public ulong[] Confirmed = [];
        public ulong Asked;
        public ulong ToldHighest;
        public ulong ToldCame;
        public ulong Wanted;

        /// <summary>Packets that had to wait. One that is asked again raises <see cref="Wanted"/> no more, and counts once.</summary>
        public ulong Waited;
        public ulong LoweredTick;
        public Instant ToldAt;
        public double PerTick;
        public double LastRate;

        // Coarse.
        public ulong CoarseMark;
        public ulong CoarseFrom;
        public ulong CoarseCame;
        public Instant CoarseSince;
        public ulong CoarseLease;

        /// <summary>How much was left of it when it was last looked at.</summary>
        public ulong CoarseSpan;

        // Idle: a lead that nobody uses is taken back.
        public ulong IdleHighest;
        public Instant IdleSince;

        // Handing over: how much had been accepted when the designee was last told, and in which work.
        public ulong ToldWork;
        public ulong ToldAdmitted;

        public bool FineDirty;
        public bool CoarseDirty;
        public bool IsHolding;
        public bool IsLeading;
    }

    private Working? _working;

    private Working W => _working ??= new Working();

    // As a standby: the newest fine ceiling that the active gave.
    private ulong _tableTerm;
    private ulong _tableTick;
    private ulong _tableCeiling;

    // As a designee: the exact window that an active reported before it surrendered.
    private KeptWindow? _report;

    private sealed record KeptWindow(ulong Term, ulong Tick, WindowReport Window);

    /// <summary>Where this term starts with the exact window of a surrender; null above a floor.</summary>
    private WindowReport? _startWindow;

    internal InboundCeiling(WorkScope scope, SaId id) => (_scope, Id) = (scope, id);

    public SaId Id { get; }

    /// <summary>Null while only the active spoke of it and the copy has no record yet.</summary>
    internal SaRecord? Record { get; set; }

    /// <summary>The last snapshot that had it.</summary>
    internal ulong Staging { get; set; }

    /// <summary>Did this incarnation's present work base it on its start?</summary>
    internal bool StartedHere => _startGeneration != 0 && _startGeneration == _scope.ReceiveStart;

    internal bool IsHolding
    {
        get => _working is { IsHolding: true };
        set
        {
            if (value || IsHolding)
                W.IsHolding = value;
        }
    }

    internal bool IsLeading
    {
        get => _working is { IsLeading: true };
        set
        {
            if (value || IsLeading)
                W.IsLeading = value;
        }
    }

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
            return new InboundStart(_startGeneration, _startFloor, _startWindow);
        }
    }

    /// <summary>That of <see cref="Start"/> alone.</summary>
    internal ulong StartGeneration
    {
        get
        {
            if (_epoch != _scope.Admitting && _scope.Admitting != 0)
                BeCurrent();
            return _startGeneration;
        }
    }

    /// <summary>What a packet looks at is on its way to the caches.</summary>
    public void Fetch() => CacheLines.Fetch(this, HotBytes);

    /// <summary>References come first, then the hot numbers.</summary>
    private const int HotBytes = (6 + 7) * 8;

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
    public bool RunsLow => StartedHere && W.CoarseDirty && !HasEnded && Coarse - Math.Min(_highest, Coarse) < Math.Max(W.CoarseSpan, 1) / 4;

    /// <summary>Numbers above the coarse ceiling came, and wait or were dropped.</summary>
    public bool HasEnded => StartedHere && W.CoarseDirty && W.Wanted > Coarse;

    private ulong Coarse => Record?.CoarseCeiling ?? 0;

    private bool IsTracked => _scope.Told != 0;

    /// <summary>Packets so far. One that waited counts again when it is accepted: <see cref="CameSince"/> sees to it.</summary>
    private ulong Came => _admitted + W.Waited;

    /// <summary>What makes a rate: packets, but no more than the numbers they brought. A peer that jumps its counter (RFC 6311), and a talker that jumps its
    /// SEQ, send no more for it, and a lead of a jump's size would shut a successor out for good.</summary>
    private ulong CameSince(ulong number, ulong packets)
    {
        ulong target = Math.Max(_highest, W.Wanted);
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
            if (IsTracked && number > W.ToldHighest)
                TellFine();
            if (number > W.CoarseMark)
                TellCoarse();
            SetMark();
            return Admission.Accept;
        }

        if (number > W.Wanted)
            (W.Wanted, W.Waited) = (number, W.Waited + 1);
        if (IsTracked && number > W.Asked)
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
            (W.Asked, W.LoweredTick, W.Wanted, W.FineDirty, W.CoarseDirty, IsLeading) = (0, 0, 0, false, false, false);
            Array.Clear(W.Confirmed);
        }

        if (_startGeneration != _scope.ReceiveStart)
            Rebase();
        if (_epoch == _scope.Admitting)
            return;
        _epoch = _scope.Admitting;
        SetLimit();
    }

    private void Rebase()
    {
        if (_report is { } kept && _scope.Cluster!.SurrenderedTerm == kept.Term && kept.Term + 1 == _scope.Term)
        {
            _floor = 0;
            _highest = kept.Window.Top;
            (_startGeneration, _startFloor, _startWindow) = (_scope.ReceiveStart, 0, kept.Window);
        }
        else
        {
            _floor = Record!.LimitTerm >= _scope.ReceiveTerm ? 0
                : _scope.StartsFine ? (_tableTerm == _scope.TableTerm ? _tableCeiling : 0) : Record.CoarseCeiling;
            _floor = Math.Max(_floor, Record.First - 1);
            _highest = _floor;
            (_startGeneration, _startFloor, _startWindow) = (_scope.ReceiveStart, _floor, null);
        }

        (W.ToldHighest, W.ToldCame, W.ToldAt, W.PerTick, W.LastRate) = (_highest, Came, _scope.Now, 0, 0);
        (W.CoarseFrom, W.CoarseCame, W.CoarseSince, W.CoarseLease) = (_highest, Came, _scope.Now, 0);
        SetCoarseMark();
    }

    private void SetCoarseMark()
    {
        W.CoarseSpan = Coarse > _highest ? Coarse - _highest : 0;
        W.CoarseMark = Coarse > _highest ? _highest + (W.CoarseSpan / 2) : Coarse;
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
        if (IsTracked && !W.FineDirty)
            _mark = Math.Min(_mark, W.ToldHighest);
        if (!W.CoarseDirty)
            _mark = Math.Min(_mark, W.CoarseMark);
    }

    private void TellFine()
    {
        if (W.FineDirty)
            return;
        W.FineDirty = true;
        _scope.FineDirty.Add(this);
        _scope.HasWork = true;
    }

    private void TellCoarse()
    {
        if (W.CoarseDirty)
            return;
        W.CoarseDirty = true;
        _scope.CoarseDirty.Add(this);
        _scope.HasWork = true;
    }

    // ---- what the active's core does with it ----

    internal ulong Confirmed(int slot) => _working is { } working && slot < working.Confirmed.Length ? working.Confirmed[slot] : 0;

    /// <summary>For a full copy: covers all that was accepted, and all that may be accepted on confirmations still under way (G12).</summary>
    internal ulong Cover(int slot)
    {
        BeCurrent();
        SetConfirmed(slot, 0);
        W.Asked = Math.Max(W.Asked, _highest);
        W.ToldHighest = Math.Max(W.ToldHighest, _highest);
        return W.Asked;
    }

    /// <summary>More was accepted since the full copy than it said: say so with the next tick.</summary>
    internal void CoverMore()
    {
        if (W.Asked < _highest)
            TellFine();
    }

    internal void SetConfirmed(int slot, ulong ceiling)
    {
        if (slot >= W.Confirmed.Length)
            Array.Resize(ref W.Confirmed, slot + 1);
        W.Confirmed[slot] = ceiling;
    }

    /// <summary>A member holds this ceiling as of this tick. Void when older than the last lowering.</summary>
    internal bool Confirm(int slot, ulong ceiling, ulong tick)
    {
        if (_work != _scope.Work || tick < W.LoweredTick || ceiling <= Confirmed(slot))
            return false;
        SetConfirmed(slot, ceiling);
        return _epoch == _scope.Admitting && SetLimit();
    }

    /// <summary>What to ask for now: what came, and a lead of one pace and one round trip of the measured rate (none below one packet a pace, twice that for masses).</summary>
    internal bool PrepareFine(out ulong ceiling)
    {
        BeCurrent();
        W.FineDirty = false;
        ulong target = Math.Max(_highest, W.Wanted);
        double ticks = Math.Max((_scope.Now - W.ToldAt) / _scope.Policy.CeilingTick, 1);
        double rate = CameSince(W.ToldHighest, W.ToldCame) / ticks;

        // Who sends in masses and was slow for a moment catches up in one burst: its lead falls a quarter as fast as it rises.
        double share = rate < W.PerTick && W.PerTick >= Masses ? 0.0625 : 0.25;
        W.PerTick = ticks > 8 ? rate : (W.PerTick * (1 - share)) + (rate * share);

        // Masses that came twice in a row are no burst: a rate that begins is followed at once, else all its first packets wait.
        double twice = Math.Min(rate, W.LastRate);
        if (twice >= Masses)
            W.PerTick = Math.Max(W.PerTick, twice);
        W.LastRate = rate;
        ulong lead = 0;
        if (W.PerTick >= 0.5)  // a packet a pace of two ticks
        {
            double trip = 2 + Math.Min(_scope.RoundTripNanoseconds / _scope.Policy.CeilingTick.TotalNanoseconds, 16);
            if (W.PerTick >= Masses)
                trip *= 2;
            lead = (ulong)Math.Min(Math.Ceiling(W.PerTick * trip), 1 << 14);
        }

        (W.ToldHighest, W.ToldCame, W.ToldAt) = (target, Came, _scope.Now);
        ceiling = Math.Min(target + lead, Slice.LastUsable(Record!.Space));
        bool rises = ceiling > W.Asked;
        if (rises)
            W.Asked = ceiling;
        if (lead > 0 && !IsLeading)
        {
            IsLeading = true;
            (W.IdleHighest, W.IdleSince) = (_highest, _scope.Now);
            _scope.Leading.Add(this);
        }

        SetMark();
        return rises;
    }

    /// <summary>Idle long enough? Then its lead should be taken back.</summary>
    internal bool IsIdle()
    {
        if (_highest == W.IdleHighest)
            return _scope.Now - W.IdleSince >= _scope.Policy.IdleAfter;
        (W.IdleHighest, W.IdleSince) = (_highest, _scope.Now);
        return false;
    }

    /// <summary>The active lowers itself first; then it tells the others, under this tick.</summary>
    internal bool Lower(ulong tick, out ulong ceiling)
    {
        BeCurrent();
        ceiling = _highest;
        if (W.Asked <= _highest || IsHolding)
            return false;
        W.LoweredTick = tick;
        W.Asked = _highest;
        (W.ToldHighest, W.ToldCame, W.PerTick, W.LastRate) = (_highest, Came, 0, 0);
        for (int i = 0; i < W.Confirmed.Length; i++)
            W.Confirmed[i] = Math.Min(W.Confirmed[i], _highest);
        SetLimit();
        return true;
    }

    /// <summary>The next coarse ceiling, about ten minutes ahead.</summary>
    internal bool ProposeCoarse(out ulong ceiling)
    {
        BeCurrent();
        ulong target = Math.Max(_highest, W.Wanted);
        ulong lease = _scope.SizeOfLease(Record!.Space, 0, CameSince(W.CoarseFrom, W.CoarseCame), W.CoarseSince);
        // Nor is a burst a rate: no lead is more than four times the one before.
        lease = Math.Min(lease, Math.Max(W.CoarseLease, _scope.Policy.LeaseMinimum) * 4);
        W.CoarseLease = lease;
        ulong most = Slice.LastUsable(Record.Space);
        ceiling = lease > most - Math.Min(target, most) ? most : target + lease;
        return ceiling > Coarse;
    }

    /// <summary>What stands is farther ahead than what would be asked for: look again half way.</summary>
    internal void CoarseIsEnough()
    {
        W.CoarseDirty = false;
        SetCoarseMark();
        SetMark();
    }

    internal void CoarseAnswered()
    {
        W.CoarseDirty = false;
        SetMark();
    }

    internal bool CoarseChanged()
    {
        if (_scope.Admitting == 0)
            return false;
        (W.CoarseFrom, W.CoarseCame, W.CoarseSince) = (Math.Max(_highest, W.Wanted), Came, _scope.Now);
        W.CoarseDirty = false;
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
        if (_report is { } kept && kept.Term == term && tick < kept.Tick)
            return;
        _report = new KeptWindow(term, tick, window);
    }

    // ---- what an active's core does with it that hands over ----

    /// <summary>The data path's replay window, set by its owner; null while it has none: then the SA goes on by its ceilings.</summary>
    public IExactWindow? Window { get; set; }

    /// <summary>Was a report of this term given that cannot be given anew?</summary>
    internal bool IsReportStuck => Window is null && (_working?.ToldWork ?? 0) == _scope.Work;

    /// <summary>Does the designee have to hear of it (again)? Then it is told now. A window that is not based on this term's start is not exact, but
    /// old: its SA goes by the ceilings (P3).</summary>
    internal bool Report(bool onlyChanged, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out WindowReport? report)
    {
        report = null;
        if (Record is null || Window is null || (onlyChanged && W.ToldWork == _scope.Work && W.ToldAdmitted == _admitted))
            return false;
        BeCurrent();
        if (!StartedHere)
            return false;
        (W.ToldWork, W.ToldAdmitted) = (_scope.Work, _admitted);
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
