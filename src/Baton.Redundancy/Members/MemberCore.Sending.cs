using Baton.Redundancy.Leases;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Redundancy.Members;

/// <summary>As the active: leases are extended well before they end, and used when the designee's copy has them (G5).</summary>
public sealed partial class MemberCore
{
    /// <summary>SAs in one request: a batch stays well below a message's limit.</summary>
    private const int BatchSize = 1000;

    /// <summary>Limits that this copy has and the designee's may not have yet, in the order of their revisions.</summary>
    private readonly Queue<(OutboundLease Lease, ulong Limit, ulong Revision, Instant Since)> _unconfirmed = new();

    private readonly List<OutboundLease> _extending = [];
    private readonly List<SaRecord> _toRegister = [];

    /// <summary>SAs of <see cref="MemberInput.RegisterSas"/> to which the ledger has not answered yet. With the role they are forgotten.</summary>
    public int WaitingRegistrations => _toRegister.Count;

    private readonly List<SaId> _toDelete = [];
    private int _registering;

    /// <summary>In one write. Fewer after a refusal, until the one that is to blame stands alone.</summary>
    private int _registeredAtOnce = BatchSize;
    private int _deleting;
    private ulong _designeeRevision;
    private ulong _moveOnAskedIn = ulong.MaxValue;

    private void ForgetSending()
    {
        _unconfirmed.Clear();
        _extending.Clear();
        _registering = _deleting = 0;
        _designeeRevision = 0;
    }

    /// <summary>What the data path of a deposed member wanted is its successor's business.</summary>
    private void ForgetWishes()
    {
        _toRegister.Clear();
        _toDelete.Clear();
    }

    private void AwaitDesignee(OutboundLease lease, ulong limit, ulong revision)
    {
        if (!InForce.HasFlag(Guards.G5DesigneeConfirms)) // (G5)
            lease.Raise(limit);
        else
            _unconfirmed.Enqueue((lease, limit, revision, _scope.Now));
    }

    /// <summary>Uses every limit that the designee has confirmed; all of them where none is named: who is named later has them in its copy.</summary>
    private void UseConfirmedLimits()
    {
        while (_unconfirmed.TryPeek(out var head) && (Copy.Designee is null || head.Revision <= _designeeRevision))
        {
            head.Lease.Raise(head.Limit);
            _unconfirmed.Dequeue();
        }
    }

    private void FlushSending(Instant now, ICollection<MemberOutput> outputs)
    {
        UseConfirmedLimits();
        if (_desk.TimedOut(RequestKind.Extend, now))
            TakeBackExtensions();
        if (_desk.TimedOut(RequestKind.Register, now))
            TakeBackRegistrations();
        if (_desk.TimedOut(RequestKind.Delete, now))
            _deleting = 0;
        if (!HasHandler)
        {
            foreach (OutboundLease lease in _scope.LowLeases)
                lease.NoHigherLimitNow();
            return;
        }

        if (_scope.LowLeases.Count > 0 && _desk.IsFree(RequestKind.Extend, now))
            AskExtension(now, outputs);
        if (_toRegister.Count > 0 && _desk.IsFree(RequestKind.Register, now))
        {
            _registering = Math.Min(_toRegister.Count, _registeredAtOnce);
            var batch = new List<SaRecord>(_registering);
            for (int i = 0; i < _registering; i++)
                batch.Add(WithSizes(_toRegister[i]));
            Ask(RequestKind.Register, new MemberRequest.Register(_scope.Term, batch), now, outputs);
        }

        if (_toDelete.Count > 0 && _desk.IsFree(RequestKind.Delete, now))
        {
            _deleting = Math.Min(_toDelete.Count, BatchSize);
            Ask(RequestKind.Delete, new MemberRequest.Delete(_scope.Term, _toDelete.GetRange(0, _deleting)), now, outputs);
        }
    }

    private void AskExtension(Instant now, ICollection<MemberOutput> outputs)
    {
        int count = Math.Min(_scope.LowLeases.Count, BatchSize);
        var limits = new List<(SaId, ulong, ulong)>(count);
        for (int i = 0; i < count; i++)
        {
            OutboundLease lease = _scope.LowLeases[i];
            if (!_outbound.ContainsKey(lease.Id))
                continue;
            if (!lease.Propose(out ulong limit))
            {
                lease.LimitIsEnough();
                continue;
            }

            limits.Add((lease.Id, limit, lease.LastAuthenticated));
            _extending.Add(lease);
        }

        _scope.LowLeases.RemoveRange(0, count);
        if (limits.Count > 0)
            Ask(RequestKind.Extend, new MemberRequest.Extend(_scope.Term, limits), now, outputs);
    }

    private void OnExtensionAnswered(HandlerReply reply)
    {
        // What was granted is in the copy, now or at the reply's revision. What was not is asked for again at the next packet, where it is still needed.
        if (reply.Verdict != RequestVerdict.Granted)
        {
            _scope.Note(RedundancyEventKind.ExtensionRefused, $"{reply.Verdict} {reply.Detail}");
            TakeBackExtensions();
            return;
        }

        _extending.Clear();
    }

    private void TakeBackExtensions()
    {
        foreach (OutboundLease lease in _extending)
        {
            if (lease.IsLow)
                lease.AskAgain();
        }

        _extending.Clear();
    }

    private void TakeBackRegistrations() => _registering = 0;

    private void OnRegistrationAnswered(HandlerReply reply)
    {
        bool refused = reply.Verdict is RequestVerdict.KeySeenBefore or RequestVerdict.Malformed;
        if (refused && _registering > 1)
        {
            // A write is done whole or not at all, and one SA keeps no other out: half of them, again.
            (_registeredAtOnce, _registering) = (_registering / 2, 0);
            return;
        }

        bool settled = refused || reply.Verdict == RequestVerdict.Granted;
        if (settled)
            _registeredAtOnce = Math.Min(_registeredAtOnce * 2, BatchSize);
        if (settled)
            _toRegister.RemoveRange(0, Math.Min(_registering, _toRegister.Count));
        if (reply.Verdict != RequestVerdict.Granted)
            _scope.Note(RedundancyEventKind.RegistrationRefused, $"{reply.Verdict} {reply.Detail}");
        _registering = 0;
    }

    /// <summary>Sizes that the shell leaves at zero: a slice, a first lease or a first ceiling above where the SA begins.</summary>
    private SaRecord WithSizes(SaRecord sa)
    {
        ulong last = Slice.LastUsable(sa.Space);
        ulong lease = Math.Min(_policy.LeaseMinimum, Math.Max(sa.Space.SafeJump / 32, 1));
        ulong first = Math.Min(sa.First - 1 + lease, last);
        return sa with
        {
            SliceSize = sa.SliceSize != 0 ? sa.SliceSize : sa.Space.SliceSize,
            LimitTerm = _scope.Term,
            Limit = sa.Limit == 0 && sa.Direction == SaDirection.Outbound ? first : sa.Limit,
            CoarseCeiling = sa.CoarseCeiling == 0 && sa.Direction == SaDirection.Inbound ? first : sa.CoarseCeiling,
        };
    }

    private Instant SendingDeadline() =>
        _unconfirmed.TryPeek(out var head) ? head.Since + _policy.DesigneePatience : Instant.Never;
}
