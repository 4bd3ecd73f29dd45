using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Redundancy.Members;

/// <summary>As the active: commits of IKE state, numbered, in order, many in one request; done when the designee's copy has them.</summary>
/// <remarks>
/// <code>
///   waiting ──asked──► in the ledger (Copy.Commits) ──the designee confirms that revision, or none is named──► Committed
///      ▲ │ refused by itself: its number stays, empty
///      └─┘ no answer, session lost: built again from what the copy does not have
/// </code>
/// Numbers never change hands while one holder holds, moves to Term + 2 included: a repetition that comes late is known by its number.
/// </remarks>
public sealed partial class MemberCore
{
    /// <summary>Commits and bytes of one request: well below a message's limit.</summary>
    private const int CommitsAtOnce = 512;
    private const long CommitBytesAtOnce = 4 << 20;

    private sealed class PendingCommit(ulong number, ulong token, LedgerCommit what)
    {
        public ulong Number { get; } = number;
        public ulong Token { get; } = token;

        /// <summary>Empty once it was refused: its number is spent all the same.</summary>
        public LedgerCommit What = what;
        public bool IsVoid;

        /// <summary>A revision of the copy that has it; 0 while the copy has it not.</summary>
        public ulong Revision;
        public Instant Since;
    }

    private readonly Queue<PendingCommit> _commits = new();

    /// <summary>Those behind this one the copy has not; the queue's tail begins here.</summary>
    private readonly Queue<PendingCommit> _uncommitted = new();

    private ulong _lastCommit;

    /// <summary>The last one of the request under way, or of the last one granted.</summary>
    private ulong _askedTo;
    private ulong _grantedTo;
    private HandlerReply? _commitRefused;

    /// <summary>Commits that wait for the handler or the designee.</summary>
    public int WaitingCommits => _commits.Count + _uncommitted.Count;

    private static bool IsAboutOneCommit(RequestVerdict verdict) => verdict is RequestVerdict.KeySeenBefore or RequestVerdict.Malformed;

    private void OnCommit(MemberInput.Commit input, ICollection<MemberOutput> outputs)
    {
        CommitFailure? failure = null;
        if (!IsWorking || _state == MemberState.Ended)
            failure = CommitFailure.NotActive;
        else if (WaitingCommits >= _policy.WaitingCommits)
            failure = CommitFailure.TooManyWait;
        else if (input.What.Entries > LedgerCommit.MaximumEntries || input.What.SealedBytes > CommitBytesAtOnce || HasLongRecord(input.What))
            failure = CommitFailure.TooLarge;
        if (failure is { } why)
            outputs.Add(new MemberOutput.CommitFailed(input.Token, why, ""));
        else
            _uncommitted.Enqueue(new PendingCommit(++_lastCommit, input.Token, input.What));
    }

    private static bool HasLongRecord(LedgerCommit commit)
    {
        foreach (IkeRecord record in commit.Ike)
        {
            if (record.Sealed.Length > IkeRecord.MaximumSealedBytes)
                return true;
        }

        return false;
    }

    /// <summary>A tenure begins: the record counts a new holder's commits from 1, and goes on with those of one that holds again.</summary>
    private void BeginCommits()
    {
        _lastCommit = Same(Copy.Holder, Self) && Copy.Term == _scope.Term ? Copy.Commits : 0;
        (_askedTo, _grantedTo, _commitRefused) = (0, 0, null);
    }

    /// <summary>Whether those under way happened is the records' business from now on.</summary>
    private void ForgetCommits(ICollection<MemberOutput> outputs)
    {
        foreach (Queue<PendingCommit> queue in new[] { _commits, _uncommitted })
        {
            while (queue.TryDequeue(out PendingCommit? one))
            {
                if (!one.IsVoid)
                    outputs.Add(new MemberOutput.CommitFailed(one.Token, CommitFailure.NotActive, "this member is not active any more"));
            }
        }

        _commitRefused = null;
    }

    private void TakeBackCommits() => (_askedTo, _grantedTo, _commitRefused) = (0, 0, null);

    private void FlushCommits(Instant now, ICollection<MemberOutput> outputs)
    {
        SettleCommits(outputs);
        if (_desk.TimedOut(RequestKind.Commit, now))
            TakeBackCommits();
        if (_uncommitted.Count > 0 && HasHandler && _commitRefused is null && _desk.IsFree(RequestKind.Commit, now))
            AskCommit(now, outputs);
    }

    /// <summary>What the copy has is granted; what the designee has confirmed is done.</summary>
    private void SettleCommits(ICollection<MemberOutput> outputs)
    {
        while (_uncommitted.TryPeek(out PendingCommit? one) && one.Number <= Copy.Commits)
        {
            _uncommitted.Dequeue();
            (one.Revision, one.Since) = (Copy.Revision, _scope.Now);
            _commits.Enqueue(one);
        }

        if (_commitRefused is { } refused && Copy.Revision >= refused.Revision)
        {
            _commitRefused = null;
            if (_uncommitted.TryPeek(out PendingCommit? one) && !one.IsVoid)
            {
                (one.IsVoid, one.What) = (true, LedgerCommit.Nothing);
                CommitFailure why = refused.Verdict == RequestVerdict.KeySeenBefore ? CommitFailure.KeySeenBefore : CommitFailure.Malformed;
                outputs.Add(new MemberOutput.CommitFailed(one.Token, why, refused.Detail ?? ""));
                _scope.Note(RedundancyEventKind.RegistrationRefused, $"{refused.Verdict} {refused.Detail}");
            }
        }

        while (_commits.TryPeek(out PendingCommit? one)
            && (Copy.Designee is null || one.Revision <= _designeeRevision || !InForce.HasFlag(Guards.G5DesigneeConfirms))) // (G5)
        {
            _commits.Dequeue();
            if (!one.IsVoid)
                outputs.Add(new MemberOutput.Committed(one.Token));
        }
    }

    private void AskCommit(Instant now, ICollection<MemberOutput> outputs)
    {
        ulong first = 0;
        long bytes = 0;
        var batch = new List<LedgerCommit>();
        foreach (PendingCommit one in _uncommitted)
        {
            if (one.Number <= _grantedTo)
                continue; // the copy will have it in a moment
            bytes += one.What.SealedBytes;
            if (batch.Count == CommitsAtOnce || (batch.Count > 0 && bytes > CommitBytesAtOnce))
                break;
            if (batch.Count == 0)
                first = one.Number;
            batch.Add(WithSizes(one.What));
            _askedTo = one.Number;
        }

        if (batch.Count > 0)
            Ask(RequestKind.Commit, new MemberRequest.Commit(_scope.Term, first, batch), now, outputs);
    }

    private LedgerCommit WithSizes(LedgerCommit commit)
    {
        if (commit.Sas.Count == 0)
            return commit;
        var sized = new SaRecord[commit.Sas.Count];
        for (int i = 0; i < sized.Length; i++)
            sized[i] = WithSizes(commit.Sas[i]);
        return commit with { Sas = sized };
    }

    private void OnCommitAnswered(HandlerReply reply)
    {
        if (reply.Verdict == RequestVerdict.Granted)
            _grantedTo = Math.Max(_grantedTo, _askedTo);
        else if (IsAboutOneCommit(reply.Verdict))
            _commitRefused = reply;
        _askedTo = 0;
    }

    /// <summary>The designee should have confirmed the oldest by then.</summary>
    private Instant CommitDeadline() =>
        _commits.TryPeek(out PendingCommit? head) ? head.Since + _policy.DesigneePatience : Instant.Never;
}
