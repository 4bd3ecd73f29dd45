using System.Collections.Immutable;
using Baton.Redundancy.Handlers;
using Baton.Redundancy.Leases;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Baton.Redundancy.Tracking;
using Baton.Wire;

namespace Baton.Redundancy.Members;

/// <summary>As the active: who stands by with our ceilings.</summary>
/// <remarks>
/// <code>
///   Present ──► copying: told of every ceiling, all SAs in parts (G12)
///           ──► waited for: nothing is accepted beyond what it has confirmed
///           ──► when all that was accepted is covered: asked for (G11), then recorded, then named designee (G6)
///   gone, or silent for CeilingPatience ──► asked to be removed; waited for until the removal is known
/// </code>
/// A member is waited for while it is recorded, or asked for by a request that may still come about: that is, made on the set's present revision.
/// </remarks>
public sealed partial class MemberCore
{
    private const int SlotCount = 8;

    /// <summary>Parts of a full copy that are not confirmed yet.</summary>
    private const int PartsUnderWay = 4;

    private sealed class Join(Incarnation member, int slot, Instant since)
    {
        public Incarnation Member { get; } = member;
        public int Slot { get; } = slot;
        public Instant Since { get; } = since;
        public ulong FullCopy;

        /// <summary>All inbound SAs as the join began, and how far they have been told.</summary>
        public List<InboundCeiling> ToCopy = [];
        public int Copied;
        public int Part;
        public bool IsCopied;
        public bool IsWaitedFor;

        /// <summary>SAs on which more was accepted during the copying than the newcomer has confirmed.</summary>
        public List<InboundCeiling> Behind = [];
        public bool IsReady;
    }

    private sealed class Neighbour
    {
        public Instant LastSeen;
        public ulong Revision;
        public ulong Term;
        public bool HasHandler;
        public PathHealth Paths;
        public Instant PathsSince;
        public Instant JoinNotBefore;
    }

    private readonly Incarnation?[] _slots = new Incarnation?[SlotCount];
    private readonly Instant[] _lastConfirm = new Instant[SlotCount];
    private readonly Dictionary<Incarnation, Neighbour> _neighbours = [];

    /// <summary>The newest life of each name that showed itself: a designee of an older life is gone for certain.</summary>
    private readonly Dictionary<string, Incarnation> _newestLife = [];

    private readonly List<(ulong Expected, ImmutableArray<Incarnation> Set)> _askedSets = [];
    private readonly HashSet<Incarnation> _removing = [];
    private Instant _removalSince = Instant.Never;
    private Join? _join;

    private void ForgetInSyncSet()
    {
        Array.Clear(_slots);
        _askedSets.Clear();
        _removing.Clear();
        _removalSince = Instant.Never;
        _join = null;
        (_scope.WaitedFor, _scope.Told) = (0, 0);
        foreach (Neighbour neighbour in _neighbours.Values)
            neighbour.JoinNotBefore = default;
    }

    private int? SlotOf(Incarnation member)
    {
        for (int i = 0; i < SlotCount; i++)
        {
            if (Same(_slots[i], member))
                return i;
        }

        return null;
    }

    private bool IsGone(Incarnation member) => ViewOf(member) == WitnessView.Dead
        || (_newestLife.TryGetValue(member.Member, out Incarnation newest) && newest != member);

    private void OnPresent(MemberMessage.Present present, Instant now)
    {
        Incarnation member = present.From;
        _newestLife[member.Member] = member;
        if (!_neighbours.TryGetValue(member, out Neighbour? neighbour))
        {
            foreach (Incarnation other in new List<Incarnation>(_neighbours.Keys))
            {
                if (other.Member == member.Member)
                    _neighbours.Remove(other);
            }

            _neighbours[member] = neighbour = new Neighbour { Paths = present.Paths, PathsSince = now };
        }

        if (neighbour.Paths != present.Paths)
            (neighbour.Paths, neighbour.PathsSince) = (present.Paths, now);
        (neighbour.LastSeen, neighbour.Revision, neighbour.Term, neighbour.HasHandler) = (now, present.Revision, present.Term, present.HasHandler);
    }

    private bool IsPresent(Incarnation member, Instant now) => _neighbours.TryGetValue(member, out Neighbour? neighbour)
        && now - neighbour.LastSeen < _policy.PresenceInterval * 4 && !IsGone(member) && ViewOf(member) != WitnessView.Suspected;

    private void TendInSyncSet(Instant now, ICollection<MemberOutput> outputs)
    {
        if (_scope.Admitting == 0)
            return;
        SettleAskedSets();
        WatchConfirmations(now, outputs);
        if (_state != MemberState.Active)
            return;
        AdvanceJoin(now, outputs);
        SetSlots(outputs);
        // Who is about to hand over brings nobody in, unless it has nobody to hand over to.
        if (_join is null && HasHandler && (_pendingSwitchover is null || Copy.Designee is null))
            StartJoin(now, outputs);
        if (_desk.TimedOut(RequestKind.InSync, now) || _desk.IsFree(RequestKind.InSync, now))
            AskInSyncSet(now, outputs);
    }

    /// <summary>The set's revision moved: everything asked on an older one is void, and the record says what holds.</summary>
    private void SettleAskedSets()
    {
        ulong revision = Copy.InSyncRevision;
        if (_askedSets.Count > 0 && _askedSets.RemoveAll(asked => asked.Expected < revision) > 0)
            _desk.Drop(RequestKind.InSync);
        if (_join is { IsReady: true } && Copy.InSync.Contains(_join.Member))
        {
            if (!InForce.HasFlag(Guards.G12FullCopyFirst))
            {
                foreach (InboundCeiling sa in _inbound.Values)
                    sa.SetConfirmed(_join.Slot, sa.Highest);
            }

            _scope.Note(RedundancyEventKind.InSyncChanged, $"{_join.Member} is in sync");
            _join = null;
        }

        if (_removing.Count > 0)
        {
            _removing.RemoveWhere(member => !Copy.InSync.Contains(member) && !IsAskedFor(member));
            if (_removing.Count == 0)
                _removalSince = Instant.Never;
        }
    }

    private bool IsAskedFor(Incarnation member)
    {
        foreach ((_, ImmutableArray<Incarnation> set) in _askedSets)
        {
            if (set.Contains(member))
                return true;
        }

        return false;
    }

    /// <summary>Recorded, asked for, or not yet known to be removed: all these are waited for (G12).</summary>
    private void SetSlots(ICollection<MemberOutput> outputs)
    {
        uint waited = 0, told = 0;
        for (int i = 0; i < SlotCount; i++)
        {
            if (_slots[i] is not { } member)
                continue;
            bool joining = _join is { } join && join.Slot == i;
            bool needed = Copy.InSync.Contains(member) || (InForce.HasFlag(Guards.G12FullCopyFirst) && (IsAskedFor(member) || (joining && _join!.IsWaitedFor))); // (G12)
            if (needed)
                waited |= 1u << i;
            if (needed || joining)
                told |= 1u << i;
            else
                _slots[i] = null;
        }

        foreach (Incarnation member in Copy.InSync)
        {
            // Recorded without having been brought in here: wait for it all the same, until it confirms or is taken out.
            if (SlotOf(member) is null && FreeSlot() is { } slot)
            {
                TakeSlot(slot, member);
                waited |= 1u << slot;
                told |= 1u << slot;
            }
        }

        if (waited == _scope.WaitedFor && told == _scope.Told)
            return;
        bool looser = (_scope.WaitedFor & ~waited) != 0;
        (_scope.WaitedFor, _scope.Told) = (waited, told);
        NewLimits();
        for (int i = _outstanding.Count - 1; i >= 0; i--)
        {
            _outstanding[i].Slots &= told;
            if (_outstanding[i].Slots == 0)
                _outstanding.RemoveAt(i);
        }

        if (looser)
            TellAllRose(outputs);
    }

    private int? FreeSlot()
    {
        for (int i = 0; i < SlotCount; i++)
        {
            if (_slots[i] is null)
                return i;
        }

        return null;
    }

    private void TakeSlot(int slot, Incarnation member)
    {
        _slots[slot] = member;
        foreach (InboundCeiling sa in _inbound.Values)
            sa.SetConfirmed(slot, 0);
        foreach (Outstanding one in _outstanding)
            one.Slots &= ~(1u << slot);
    }

    private void StartJoin(Instant now, ICollection<MemberOutput> outputs)
    {
        Incarnation? newcomer = null;
        foreach ((Incarnation member, Neighbour neighbour) in _neighbours)
        {
            if (neighbour.Term == _scope.Term && now >= neighbour.JoinNotBefore && SlotOf(member) is null && member.Member != Self.Member
                && IsPresent(member, now) && (newcomer is not { } other || neighbour.Paths > PathsOf(other)))
                newcomer = member;
        }

        if (newcomer is not { } joining || FreeSlot() is not { } slot)
            return;
        TakeSlot(slot, joining);
        _join = new Join(joining, slot, now) { FullCopy = ++_lastFullCopy };
        if (!InForce.HasFlag(Guards.G12FullCopyFirst)) // (G12)
        {
            _join.IsReady = true;
            SetSlots(outputs);
            return;
        }

        SetSlots(outputs);
        _join.ToCopy = [.. _inbound.Values];
        SendFullCopy(_join, 0, now, outputs);
    }

    /// <summary>All inbound SAs, idle ones included, in parts, a few of them under way at a time: however many there are, no step is long.</summary>
    private void SendFullCopy(Join join, int underWay, Instant now, ICollection<MemberOutput> outputs)
    {
        int parts = Math.Max(1, (join.ToCopy.Count + PartSize - 1) / PartSize);
        for (; join.Part < parts && underWay < PartsUnderWay; underWay++, join.Part++)
        {
            List<InboundCeiling> some = join.ToCopy.GetRange(join.Copied, Math.Min(PartSize, join.ToCopy.Count - join.Copied));
            join.Copied += some.Count;
            some.RemoveAll(static sa => sa.Record is null);
            var ceilings = new List<(SaId, ulong)>(some.Count);
            foreach (InboundCeiling sa in some)
                ceilings.Add((sa.Id, sa.Cover(join.Slot)));
            Track(new MemberMessage.FineCeilings(Self, _scope.Term, ++_tick, join.FullCopy, join.Part, parts, ceilings), some, 1u << join.Slot, now, outputs);
        }

        join.IsCopied = join.Part == parts;
    }

    private void AdvanceJoin(Instant now, ICollection<MemberOutput> outputs)
    {
        if (_join is not { IsReady: false } join)
            return;
        if (!join.IsWaitedFor)
        {
            int underWay = 0;
            foreach (Outstanding one in _outstanding)
            {
                if (one.Message.FullCopy == join.FullCopy && (one.Slots & (1u << join.Slot)) != 0)
                    underWay++;
            }

            SendFullCopy(join, underWay, now, outputs);
            if (underWay > 0 || !join.IsCopied)
                return;

            // The copy is there. From now on nothing passes the newcomer; what passed it meanwhile must reach it before it is asked for.
            join.IsWaitedFor = true;
            foreach (InboundCeiling sa in _inbound.Values)
            {
                sa.BeCurrent();
                if (sa.Record is not null && sa.Highest > sa.Confirmed(join.Slot))
                {
                    join.Behind.Add(sa);
                    sa.CoverMore();
                }
            }
        }

        for (int i = join.Behind.Count; i > 0; i--)
        {
            InboundCeiling sa = join.Behind[i - 1];
            if (sa.Record is not null && sa.Highest > sa.Confirmed(join.Slot))
                return;
            join.Behind.RemoveAt(i - 1);
        }

        join.IsReady = true;
    }

    /// <summary>Who is gone, or silent while we wait for it, is taken out: it would stop the traffic.</summary>
    private void WatchConfirmations(Instant now, ICollection<MemberOutput> outputs)
    {
        for (int i = 0; i < SlotCount; i++)
        {
            if (_slots[i] is not { } member)
                continue;
            Instant waitsSince = Instant.Never;
            foreach (Outstanding one in _outstanding)
            {
                if ((one.Slots & (1u << i)) != 0)
                    waitsSince = Instant.Min(waitsSince, one.FirstSentAt);
            }

            bool waits = waitsSince != Instant.Never;
            bool silent = waits && now >= waitsSince + _policy.CeilingPatience;
            bool suspected = waits && ViewOf(member) == WitnessView.Suspected && now >= waitsSince + (_policy.CeilingTick * 3);
            if (!silent && !suspected && !IsGone(member))
                continue;
            if (_join?.Slot == i)
            {
                if (_neighbours.TryGetValue(member, out Neighbour? neighbour))
                    neighbour.JoinNotBefore = now + (_policy.PresenceInterval * 10);
                _join = null;
            }

            if ((Copy.InSync.Contains(member) || IsAskedFor(member)) && _removing.Add(member))
            {
                if (_removalSince == Instant.Never)
                    _removalSince = now;
            }

            // It could only queue and drop: better a member that can (DESIGN: gives up its address).
            bool unchangeable = !HasHandler || (_removalSince != Instant.Never && now >= _removalSince + _policy.RequestTimeout + _policy.CeilingPatience);
            if (silent && unchangeable && _scope.Holding.Count > 0 && (_scope.WaitedFor & (1u << i)) != 0)
            {
                GiveUpAddress($"{member} does not confirm, and the set cannot be changed", outputs);
                return;
            }
        }
    }

    private void GiveUpAddress(string why, ICollection<MemberOutput> outputs)
    {
        Stop();
        _state = MemberState.Ended;
        ForgetWork();
        ForgetCommits(outputs);
        _scope.Note(RedundancyEventKind.GaveUpAddress, why);
        outputs.Add(new MemberOutput.BecameStandby(HighestTerm));
    }

    private void AskInSyncSet(Instant now, ICollection<MemberOutput> outputs)
    {
        if (!HasHandler)
            return;
        ImmutableArray<Incarnation>.Builder set = ImmutableArray.CreateBuilder<Incarnation>();
        foreach (Incarnation member in Copy.InSync)
        {
            if (!_removing.Contains(member))
                set.Add(member);
        }

        if (_join is { IsReady: true } && !set.Contains(_join.Member))
            set.Add(_join.Member);
        else if (_removing.Count == 0)
            return;

        _askedSets.Add((Copy.InSyncRevision, set.ToImmutable()));
        SetSlots(outputs);
        Ask(RequestKind.InSync, new MemberRequest.ChangeInSync(_scope.Term, Copy.InSyncRevision, set.ToImmutable()), now, outputs);
    }
}
