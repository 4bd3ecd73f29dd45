using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Redundancy.Leases;

/// <summary>The numbers of one outbound SA that this incarnation may assign now.</summary>
/// <remarks>
/// One owner thread. After a takeover the range is computed on first use: a promotion touches no SA (P5).
/// <code>
///   first ........ next ........... mark ............ limit ........ (asked, not yet usable: G5)
///         assigned      free: fast        core is told
/// </code>
/// </remarks>
public sealed class OutboundLease
{
    private readonly WorkScope _scope;

    /// <summary>Hot: the three that every packet looks at.</summary>
    private ulong _generation;
    private ulong _next = 1;
    private ulong _mark;

    private ulong _limit;

    /// <summary>The number to go on with as soon as the limit allows.</summary>
    private ulong _skipTo;
    private ulong _rateFrom;
    private Instant _rateSince;
    private ulong _lease;
    private ulong _authenticated;
    private bool _low;
    private bool _toldLow;
    private bool _toldEnded;
    private bool _toldRekey;

    /// <summary>Nothing may be sent in this term: rekey it.</summary>
    private bool _isShut;

    /// <summary>Registered in this term: its first lease is in the record, and on its way to the designee's copy.</summary>
    private bool _isNew;

    // As a designee: what the active reported, and with which tick.
    private NextReport? _report;
    private ulong _reportTick;

    // As an active that hands over: what the designee was told last, and in which work.
    private ulong _toldWork;
    private ulong _toldNext;

    internal OutboundLease(WorkScope scope, SaRecord record) => (_scope, Record) = (scope, record);

    public SaId Id => Record.Id;

    internal SaRecord Record { get; set; }

    /// <summary>The last snapshot that had it.</summary>
    internal ulong Staging { get; set; }

    /// <summary>What a packet looks at is on its way to the caches.</summary>
    public void Fetch() => CacheLines.Fetch(this, HotBytes);

    /// <summary>Two references come first, then the three hot numbers.</summary>
    private const int HotBytes = (2 + 3) * 8;

    /// <summary>Assigns the next number, or refuses: not active, frozen, the lease is at its end, or the SA must be rekeyed.</summary>
    public bool TryTake(out ulong number)
    {
        if (_generation == _scope.Sending && _next <= _mark)
        {
            number = _next++;
            return true;
        }

        return TakeSlowly(out number);
    }

    /// <summary>The next number that would be assigned (the F of a surrender).</summary>
    public ulong Next
    {
        get
        {
            BeCurrent();
            return _next;
        }
    }

    /// <summary>The last number that may be assigned now.</summary>
    public ulong Limit
    {
        get
        {
            BeCurrent();
            return _limit;
        }
    }

    /// <summary>The base limit as the ledger has it.</summary>
    public ulong RecordLimit => Record.Limit;

    /// <summary>How many numbers are left.</summary>
    public ulong Headroom => Limit >= Next ? Limit - Next + 1 : 0;

    /// <summary>Less than a quarter of the lease is left: the early warning.</summary>
    public bool RunsLow => _generation == _scope.Work && _toldLow;

    /// <summary>A number was refused because the lease is at its end.</summary>
    public bool HasEnded => _generation == _scope.Work && _toldEnded;

    /// <summary>Registered by this member, which works, and its first lease may not be used yet (G5): what is to be sent may wait, nothing has ended.</summary>
    public bool AwaitsFirst => _isNew && _generation == _scope.Work;

    /// <summary>How long <see cref="Headroom"/> lasts at the rate since the lease was last measured; null while nothing was sent since.</summary>
    public TimeSpan? HeadroomTime(Instant now)
    {
        double seconds = (now - _rateSince).TotalSeconds;
        double used = _next - _rateFrom;
        return used > 0 && seconds > 0 ? TimeSpan.FromSeconds(Math.Min(Headroom / (used / seconds), 1e9)) : null;
    }

    /// <summary>Must it be rekeyed: its space nears its end, or a jump would lose the peer?</summary>
    public bool NeedsRekey => _toldRekey;

    /// <summary>
    /// Skips so many numbers: the peer is a cluster whose successor started above what we send (RFC 6311 section 5.2). Never past the limit, nor so near to it that packets
    /// would find the lease at its end before it is extended: where less than half a lease would be left, a higher limit is asked for at once, and the skip done when it is
    /// granted. Where none is to be had (no handler, or none in time) what there is must do. A skip so far that the SA would not last is not done: rekey it.
    /// </summary>
    /// <remarks>What left before and comes to the peer after more packets than its window holds is lost there, as with every jump: the path must not reorder across it.</remarks>
    public void Skip(ulong count)
    {
        if (_scope.Sending == 0)
            return;
        BeCurrent();
        ulong most = Slice.LastUsable(Record.Space) - Reserve;
        ulong from = Math.Max(_next, _skipTo);
        if (count > most || from > most - count || IsFar(from + count))
        {
            NeedRekey($"a skip of {count} from {from} leads too far");
            return;
        }

        _skipTo = from + count;
        SkipOrAsk();
    }

    /// <summary>
    /// The peer showed that it has authenticated this number: a receiver report of SRTP does (RFC 3550 section 6.4.1). It travels with the next extension. Nothing of ESP
    /// does: an IKE answer proves that the peer lives, not that it knows the high half of our numbers. So an ESP SA counts from its first number.
    /// </summary>
    public void PeerAuthenticated(ulong number) => _authenticated = Math.Max(_authenticated, number);

    internal ulong LastAuthenticated => Math.Max(_authenticated, Record.LastAuthenticated);

    private bool TakeSlowly(out ulong number)
    {
        number = 0;
        if (_scope.Sending == 0)
            return false;
        BeCurrent();
        if (_next > _limit)
        {
            if (_isNew)
                return false;
            TellLow();
            if (!_toldEnded)
            {
                _toldEnded = true;
                _scope.Note(_isShut ? RedundancyEventKind.NeedsRekey : RedundancyEventKind.LeaseEnded, $"{Id} at {_limit}");
            }

            return false;
        }

        if (_next > _mark)
            CrossMark();
        number = _next++;
        return true;
    }

    /// <summary>Finds the range of the term worked in. Idempotent; every replacement of the record comes after it.</summary>
    internal void BeCurrent()
    {
        if (_generation == _scope.Work || _scope.Work == 0)
            return;
        _generation = _scope.Work;
        (_low, _toldLow, _toldEnded, _toldRekey, _isShut, _isNew) = (false, false, false, false, false, false);
        Slice slice = Slice.Start(Record, _report, _scope.Cluster!, _scope.Term, _scope.InForce);
        ulong last = Slice.LastUsable(Record.Space);
        if (slice.IsEmpty)
        {
            // Nothing is left: a report of the next number must never point back into numbers of others.
            (_next, _limit, _isShut) = (Math.Max(slice.First, last + 1), last, true);
            NeedRekey("its number space is used up");
        }
        else
        {
            (_next, _limit) = (slice.First, slice.Last);
            if (IsFar(slice.First))
            {
                _limit = _next - 1;
                _isShut = true;
                NeedRekey($"{_next} lies beyond the safe jump from {LastAuthenticated}");
            }

            NeedRekeyInTime(slice.Last);
        }

        Measure();
        SkipOrAsk();
    }

    /// <summary>A record that this very term registered: from the first number on, up to a limit that <see cref="Raise"/> will set.</summary>
    internal void BeginRegistered()
    {
        _generation = _scope.Work;
        (_low, _toldLow, _toldEnded, _toldRekey, _isShut, _isNew) = (false, false, false, false, false, true);
        _next = Record.First;
        _limit = _next - 1;
        Measure();
    }

    /// <summary>A new limit is in the copy and, where there is one, in the designee's (G5): use it.</summary>
    internal void Raise(ulong limit)
    {
        BeCurrent();
        if (limit <= _limit || _isShut)
            return;
        _limit = limit;
        (_low, _toldLow, _toldEnded, _isNew) = (false, false, false, false);
        SkipOrAsk();
        Measure();
    }

    /// <summary>The lease after this one, from the measured rate; false when the space allows no more.</summary>
    internal bool Propose(out ulong limit)
    {
        ulong most = Slice.LastUsable(Record.Space);
        ulong owned = Slice.EndOf(Record, _scope.Term);
        ulong lease = MeasureLease();
        ulong from = Math.Max(_next, _skipTo);
        limit = lease > most - Math.Min(from, most) ? most : from - 1 + lease;
        if (limit > most - Reserve)
        {
            limit = most - Reserve;
            NeedRekey("its number space nears its end");
        }

        NeedRekeyInTime(limit);

        if (_scope.InForce.HasFlag(Guards.G4LimitNotBelowOwned)) // (G4) the handler refuses less
            limit = Math.Max(limit, owned);
        return limit > _limit;
    }

    /// <summary>The rate fell meanwhile, and what is left is more than a lease: look again half way. At the end of the space there is nothing to look for.</summary>
    internal void LimitIsEnough()
    {
        SkipWithin(room: 0);
        if (_next > _limit)
            return;
        _low = false;
        _mark = _next - 1 + ((_limit - _next + 1) / 2);
    }

    /// <summary>What was asked for did not come: the next packet looks, and asks again where the lease runs low or a skip still waits for a higher limit.</summary>
    internal void AskAgain()
    {
        NoHigherLimitNow();
        _low = false;
        _mark = Math.Min(_mark, _next - 1);
    }

    /// <summary>A skip waits no longer for one: until the peer's numbers are reached it refuses everything.</summary>
    internal void NoHigherLimitNow() => SkipWithin(room: 0);

    /// <summary>Is another limit asked for, or should it be?</summary>
    internal bool IsLow => _low;

    internal bool IsBelowQuarter => _generation == _scope.Work && _limit - _next + 1 < _lease / 4;

    /// <summary>Room for some promotions.</summary>
    private ulong Reserve => Math.Min(Record.SliceSize * 4, Slice.LastUsable(Record.Space) / 4);

    /// <summary>Would a peer that heard nothing in between fail to follow there? Where the whole number travels, nobody does.</summary>
    private bool IsFar(ulong number) =>
        Record.Space.WireBits < Record.Space.Bits && number > LastAuthenticated && number - LastAuthenticated > Record.Space.SafeJump;

    /// <summary>A successor some promotions on would find itself too far: while this one can still send there is time for a rekey.</summary>
    private void NeedRekeyInTime(ulong last)
    {
        if (IsFar(last + Reserve))
            NeedRekey($"{last} nears the end of the safe jump from {LastAuthenticated}");
    }

    private void SkipOrAsk()
    {
        if (!SkipWithin(MeasureLease() / 2))
            TellLow();
    }

    /// <summary>If so many numbers are left after it; what is skipped shows no rate.</summary>
    private bool SkipWithin(ulong room)
    {
        if (_skipTo <= _next)
            return true;
        if (_skipTo - 1 + room > _limit)
            return false;
        (_rateFrom, _next) = (_rateFrom + (_skipTo - _next), _skipTo);
        return true;
    }

    private ulong MeasureLease() => _scope.SizeOfLease(Record.Space, Record.SliceSize, _next - _rateFrom, _rateSince);

    private void Measure()
    {
        _lease = MeasureLease();
        (_rateFrom, _rateSince) = (_next, _scope.Now);
        ulong left = _limit >= _next ? _limit - _next + 1 : 0;
        _mark = _next - 1 + (left / 2);
    }

    private void CrossMark()
    {
        ulong left = _limit - _next + 1;
        ulong lease = Math.Max(MeasureLease(), 1);
        _lease = lease;
        if (!_low && _skipTo <= _next && left > lease / 2)
        {
            // A whole slice is more than a lease: look again half way to where it matters.
            _mark = _next + Math.Min(left - (lease / 2), left / 2) - 1;
            if (_mark < _next)
                _mark = _next;
            return;
        }

        TellLow();
        if (left > lease / 4)
        {
            _mark = Math.Max(_next, _limit - (lease / 4));
            return;
        }

        if (!_toldLow)
        {
            _toldLow = true;
            _scope.Note(RedundancyEventKind.LeaseRunningLow, $"{Id}: {left} left");
        }

        _mark = _limit;
    }

    private void TellLow()
    {
        if (_low)
            return;
        _low = true;
        _scope.LowLeases.Add(this);
        _scope.HasWork = true;
    }

    /// <summary>As a designee: keeps the newest report of a term; messages may be reordered.</summary>
    internal void Keep(ulong term, ulong tick, ulong next)
    {
        if (_report is { } known && known.Term == term && tick < _reportTick)
            return;
        (_report, _reportTick) = (new NextReport(term, next), tick);
    }

    /// <summary>Does the designee have to hear of it (again)? Then it is told now.</summary>
    internal bool Report(bool onlyChanged, out ulong next)
    {
        next = Next;
        if (onlyChanged && _toldWork == _scope.Work && _toldNext == next)
            return false;
        (_toldWork, _toldNext) = (_scope.Work, next);
        return true;
    }

    private void NeedRekey(string why)
    {
        if (_toldRekey)
            return;
        _toldRekey = true;
        _scope.Note(RedundancyEventKind.NeedsRekey, $"{Id}: {why}");
    }
}
