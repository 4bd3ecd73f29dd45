using Baton.Redundancy.Leases;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Redundancy.Members;

/// <summary>As the active: fine ceilings to the standbys, at most one message a tick; coarse ones to the handler.</summary>
public sealed partial class MemberCore
{
    /// <summary>SAs in one message to a standby: a datagram that no path has to cut too often.</summary>
    private const int PartSize = 500;

    /// <summary>One message of ceilings, until every slot that it went to has confirmed it.</summary>
    private sealed class Outstanding(MemberMessage.FineCeilings message, List<InboundCeiling> sas, uint slots, Instant now)
    {
        public MemberMessage.FineCeilings Message { get; } = message;
        public List<InboundCeiling> Sas { get; } = sas;
        public uint Slots { get; set; } = slots;
        public Instant FirstSentAt { get; } = now;
        public Instant SentAt { get; set; } = now;
        public int Sent { get; set; } = 1;
    }

    private readonly List<Outstanding> _outstanding = [];
    private readonly List<InboundCeiling> _raisingCoarse = [];
    private readonly List<SaId> _rose = [];
    private ulong _tick;
    private ulong _lastFullCopy;
    private Instant _lastCeilingsAt = new(long.MinValue / 2);
    private Instant _nextIdleScan;

    private void ForgetReceiving()
    {
        _outstanding.Clear();
        _raisingCoarse.Clear();
    }

    private void BeginReceiving(bool wasInSync)
    {
        // In the set means: of the term before this one, whose holder's ceilings this member confirmed. Anything else starts coarse.
        ulong age = _scope.Term - _tableTerm;
        _scope.StartsFine = wasInSync && _tableTerm != 0 && age is 1 or 2;
        _scope.TableTerm = _tableTerm;
        _scope.ReceiveTerm = _scope.Term;
        _scope.ReceiveStart++;
        NewLimits(open: true);
    }

    /// <summary>The same life goes on in a higher term: what it accepted it knows, so nothing starts anew.</summary>
    private void ResumeReceiving(ICollection<MemberOutput> outputs)
    {
        NewLimits(open: true);
        TellAllRose(outputs);
    }

    /// <summary>Every ceiling computes its limit anew when it is next asked.</summary>
    private void NewLimits(bool open = false)
    {
        _scope.Epoch++;
        if (open || _scope.Admitting != 0)
            _scope.Admitting = _scope.Epoch;
    }

    private void FlushReceiving(Instant now, ICollection<MemberOutput> outputs)
    {
        if (_scope.Admitting == 0)
            return;
        if (_scope.Told != 0)
        {
            if (now >= _nextIdleScan)
                LowerIdle(now, outputs);
            if (_scope.FineDirty.Count > 0 && now >= _lastCeilingsAt + CeilingPace)
                SendCeilings(now, outputs);
            Repeat(now, outputs);
        }
        else
        {
            // Nobody to tell: they say so again when somebody is.
            foreach (InboundCeiling sa in _scope.FineDirty)
                sa.PrepareFine(out _);
            _scope.FineDirty.Clear();
        }

        if (_desk.TimedOut(RequestKind.Coarse, now))
            TakeBackCoarse();
        if (HasHandler && _scope.CoarseDirty.Count > 0 && _desk.IsFree(RequestKind.Coarse, now))
            AskCoarse(now, outputs);
    }

    /// <summary>A tick where a packet waits, two where ceilings only keep ahead: so a busy SA costs the same messages at any rate (P7).</summary>
    private TimeSpan CeilingPace => _scope.Holding.Count > 0 ? _policy.CeilingTick : _policy.CeilingTick * 2;

    private void SendCeilings(Instant now, ICollection<MemberOutput> outputs)
    {
        List<InboundCeiling>? sas = null;
        List<(SaId, ulong)>? ceilings = null;
        foreach (InboundCeiling sa in _scope.FineDirty)
        {
            if (sa.Record is null || !sa.PrepareFine(out ulong ceiling))
                continue;
            sas ??= [];
            ceilings ??= [];
            sas.Add(sa);
            ceilings.Add((sa.Id, ceiling));
            if (sas.Count == PartSize)
            {
                SendToAll(sas, ceilings, now, outputs);
                (sas, ceilings) = (null, null);
            }
        }

        _scope.FineDirty.Clear();
        if (sas is not null)
            SendToAll(sas, ceilings!, now, outputs);
    }

    private void SendToAll(List<InboundCeiling> sas, List<(SaId, ulong)> ceilings, Instant now, ICollection<MemberOutput> outputs)
    {
        var message = new MemberMessage.FineCeilings(Self, _scope.Term, ++_tick, 0, 0, 0, ceilings);
        Track(message, sas, _scope.Told, now, outputs);
        _lastCeilingsAt = now;
    }

    private void Track(MemberMessage.FineCeilings message, List<InboundCeiling> sas, uint slots, Instant now, ICollection<MemberOutput> outputs)
    {
        var outstanding = new Outstanding(message, sas, slots, now);
        _outstanding.Add(outstanding);
        SendTo(slots, message, outputs);
    }

    private void SendTo(uint slots, MemberMessage message, ICollection<MemberOutput> outputs)
    {
        for (; slots != 0; slots &= slots - 1)
        {
            if (_slots[System.Numerics.BitOperations.TrailingZeroCount(slots)] is { } member)
                Send(member, message, outputs);
        }
    }

    /// <summary>Unconfirmed ceilings are sent again, as they were: the same tick, so that a repetition is one.</summary>
    private void Repeat(Instant now, ICollection<MemberOutput> outputs)
    {
        foreach (Outstanding one in _outstanding)
        {
            if (now < RepeatAt(one))
                continue;
            (one.SentAt, one.Sent) = (now, one.Sent + 1);
            _counters.Repeats++;
            SendTo(one.Slots, one.Message, outputs);
        }
    }

    /// <summary>Two round trips, then twice that, and so on up to eight times.</summary>
    private Instant RepeatAt(Outstanding one) => RepeatAt(one.SentAt, one.Sent);

    private Instant RepeatAt(Instant sentAt, int sent)
    {
        double trip = Math.Clamp(_scope.RoundTripNanoseconds, _policy.CeilingTick.TotalNanoseconds, _policy.CeilingPatience.TotalNanoseconds / 8);
        return new Instant(sentAt.Nanoseconds + (long)(trip * 2 * (1 << Math.Min(sent - 1, 3))));
    }

    private void LowerIdle(Instant now, ICollection<MemberOutput> outputs)
    {
        _nextIdleScan = now + (_policy.IdleAfter / 2);
        List<InboundCeiling>? sas = null;
        List<(SaId, ulong)>? ceilings = null;
        List<InboundCeiling> leading = _scope.Leading;
        for (int i = leading.Count - 1; i >= 0; i--)
        {
            InboundCeiling sa = leading[i];
            bool gone = sa.Record is null;
            if (!gone && !sa.IsIdle())
                continue;
            leading[i] = leading[^1];
            leading.RemoveAt(leading.Count - 1);
            sa.IsLeading = false;
            if (gone || !sa.Lower(_tick + 1, out ulong ceiling))
                continue;
            sas ??= [];
            ceilings ??= [];
            sas.Add(sa);
            ceilings.Add((sa.Id, ceiling));
            if (sas.Count == PartSize)
            {
                SendToAll(sas, ceilings, now, outputs);
                (sas, ceilings) = (null, null);
            }
        }

        if (sas is not null)
            SendToAll(sas, ceilings!, now, outputs);
    }

    private void OnConfirm(MemberMessage.Confirm confirm, Instant now, ICollection<MemberOutput> outputs)
    {
        if (!IsWorking || confirm.Term != _scope.Term)
            return;
        if (Same(Copy.Designee, confirm.From))
            _designeeRevision = Math.Max(_designeeRevision, confirm.Revision);
        if (OnReportConfirmed(confirm, now))
            return;
        if (SlotOf(confirm.From) is not { } slot || _scope.Admitting == 0)
            return;
        _lastConfirm[slot] = now;
        for (int i = 0; i < _outstanding.Count; i++)
        {
            Outstanding one = _outstanding[i];
            if (one.Message.Tick != confirm.Tick)
                continue;
            NoteTrip(now - one.FirstSentAt);
            for (int j = 0; j < one.Sas.Count; j++)
            {
                InboundCeiling sa = one.Sas[j];
                if (sa.Confirm(slot, one.Message.Ceilings[j].Ceiling, one.Message.Tick))
                    NoteRose(sa);
            }

            one.Slots &= ~(1u << slot);
            if (one.Slots == 0)
                _outstanding.RemoveAt(i);
            break;
        }

        TellRose(outputs);
    }

    /// <summary>Repeated ones tell too, from when they were first sent: that is how long the packets waited. Without them a standby that has become slower than two
    /// round trips would never be seen to be, since all that it confirms was repeated. One confirmation counts for so much at most: it may have been frozen.</summary>
    private void NoteTrip(TimeSpan trip) =>
        _scope.RoundTripNanoseconds = (_scope.RoundTripNanoseconds * 0.875) + (Math.Min(trip.TotalNanoseconds, _policy.CeilingPatience.TotalNanoseconds / 8) * 0.125);

    /// <summary>Some held packets may go on. Who still waits asks again, and is told again.</summary>
    private void TellRose(ICollection<MemberOutput> outputs)
    {
        if (_rose.Count == 0)
            return;
        _scope.Holding.RemoveAll(static sa => !sa.IsHolding);
        outputs.Add(new MemberOutput.CeilingsRose([.. _rose]));
        _rose.Clear();
    }

    private void NoteRose(InboundCeiling sa)
    {
        if (!sa.IsHolding)
            return;
        sa.IsHolding = false;
        _rose.Add(sa.Id);
    }

    private void TellAllRose(ICollection<MemberOutput> outputs)
    {
        foreach (InboundCeiling sa in _scope.Holding)
            NoteRose(sa);
        TellRose(outputs);
    }

    private void AskCoarse(Instant now, ICollection<MemberOutput> outputs)
    {
        int count = Math.Min(_scope.CoarseDirty.Count, BatchSize);
        var ceilings = new List<(SaId, ulong)>(count);
        for (int i = 0; i < count; i++)
        {
            InboundCeiling sa = _scope.CoarseDirty[i];
            if (sa.Record is null)
                continue;
            if (!sa.ProposeCoarse(out ulong ceiling))
            {
                sa.CoarseIsEnough();
                continue;
            }

            ceilings.Add((sa.Id, ceiling));
            _raisingCoarse.Add(sa);
        }

        _scope.CoarseDirty.RemoveRange(0, count);
        if (ceilings.Count > 0)
            Ask(RequestKind.Coarse, new MemberRequest.RaiseCoarse(_scope.Term, ceilings), now, outputs);
    }

    private void TakeBackCoarse()
    {
        foreach (InboundCeiling sa in _raisingCoarse)
            sa.CoarseAnswered();
        _raisingCoarse.Clear();
    }

    private Instant ReceivingDeadline(Instant now)
    {
        Instant next = Instant.Never;
        if (_scope.Admitting == 0 || _scope.Told == 0)
            return next;
        if (_scope.FineDirty.Count > 0)
            next = Instant.Max(_lastCeilingsAt + CeilingPace, now + (_policy.CeilingTick / 4));
        foreach (Outstanding one in _outstanding)
            next = Sooner(Sooner(next, RepeatAt(one), now), one.FirstSentAt + _policy.CeilingPatience, now);
        if (_scope.Leading.Count > 0)
            next = Sooner(next, _nextIdleScan, now);
        return next;
    }
}
