using System.Net;
using Baton.Ike.Exchanges;
using Baton.Ike.Sas;
using Baton.Wire;

namespace Baton.Ike;

/// <summary>Replicate before send: what a step changed goes into one commit, and what must not be seen before it waits for it.</summary>
public sealed partial class IkeEndpoint
{
    // The step's own; empty between steps.
    private readonly List<IkeSa> _changed = [];
    private readonly List<(IkeSaId Id, string Connection)> _gone = [];
    private readonly List<IkeSa> _touched = [];
    private readonly List<ChildSaPair> _created = [];
    private readonly List<ChildSaId> _deleted = [];
    private readonly List<IkeOutput> _outputs = [];

    private readonly Dictionary<ulong, List<IkeSaId>> _pending = [];

    /// <summary>Forgotten after a failed commit, with the addresses they had given; they come back when no commit of theirs is under way any more.</summary>
    private readonly Dictionary<IkeSaId, IPAddress[]> _forgotten = [];

    /// <summary>Addresses of IKE SAs whose commit failed, a list for each <see cref="IkeOutput.RestoreWanted"/> that is not answered yet: they are not free before.</summary>
    private readonly Queue<List<(IkeSaId Sa, IPAddress[] Addresses)>> _heldAddresses = new();

    private ulong _lastCommit;

    /// <summary>The commit of this step, for outputs that wait for it; 0 where nobody takes over.</summary>
    internal ulong StepCommit => Policy.Replicated ? _lastCommit + 1 : 0;

    internal void Put(IkeOutput output) => _outputs.Add(output);

    /// <summary>Its record must be written before anything that this step says about it is seen.</summary>
    internal void Change(IkeSa sa)
    {
        Touch(sa);
        if (sa.IsChanged) return;
        sa.IsChanged = true;
        _changed.Add(sa);
    }

    /// <summary>Look at what is next for it at the step's end.</summary>
    internal void Touch(IkeSa sa)
    {
        if (sa.IsTouched) return;
        sa.IsTouched = true;
        _touched.Add(sa);
    }

    internal bool IsPending(ulong commit) => commit != 0 && _pending.ContainsKey(commit);

    /// <summary>The last commit with its state that is still under way; 0: the ledger has it all.</summary>
    internal ulong PendingCommit(IkeSa sa) => IsPending(sa.PendingCommit) ? sa.PendingCommit : 0;

    internal bool IsGone(IkeSa sa) => !_sas.ContainsKey(sa.Id);

    internal void ChildCreated(IkeSa sa, ChildSa child, ChildSaPair pair)
    {
        sa.Children.Add(child);
        Own(sa, child);
        NotIdle(child, sa.PolicyOf(child.Policy));
        ConnectionWorks(sa);
        _created.Add(pair);
        Put(new IkeOutput.ChildUp(pair, StepCommit));
        Change(sa);
    }

    /// <summary>Gone here; the data path stops with it when the commit is through.</summary>
    internal void ChildGone(IkeSa sa, ChildSa child, ChildDownReason reason)
    {
        if (!sa.Children.Remove(child)) return;
        Disown(child);
        _deleted.Add(child.Id);
        Put(new IkeOutput.ChildDown(child.Id, sa.Id, reason, StepCommit));
        Change(sa);
    }

    /// <summary>The IKE SA is over, with all that hangs on it; no word to the peer.</summary>
    internal void Drop(IkeSa sa, IkeSaDownReason reason)
    {
        CloseChildren(sa, ChildDownReason.IkeSaGone);
        if (sa.State is not (IkeSaState.Connecting or IkeSaState.HalfOpen or IkeSaState.Closed)) Put(new IkeOutput.IkeSaDown(sa.Id, sa.ConnectionName, reason, StepCommit));
        Remove(sa, reason);
    }

    /// <summary>The IKE SA is over, but it repeats its last answer for a while: the peer may not have got it.</summary>
    internal void Close(IkeSa sa, IkeSaDownReason reason)
    {
        CloseChildren(sa, ChildDownReason.IkeSaGone);
        if (sa.State is not (IkeSaState.HalfOpen or IkeSaState.Closed)) Put(new IkeOutput.IkeSaDown(sa.Id, sa.ConnectionName, reason, StepCommit));
        if (sa.State == IkeSaState.HalfOpen) HalfOpen.Spend(sa.CountedAt ?? sa.Remote.Address, Now);
        Unopen(sa);
        ReleaseAddresses(sa);
        sa.State = IkeSaState.Closed;
        sa.Outstanding?.Wipe();
        sa.Outstanding = null;
        sa.Wanted.Clear();
        sa.DeleteAt = Instant.Never;
        sa.RekeyAt = Instant.Never;
        sa.ExpireAt = Now + Policy.ClosedLinger;
        Change(sa);
        if (reason == IkeSaDownReason.Rekeyed) Leave(sa);       // its successor is the connection's; this one must not pass for it while it lingers
        else OnClientLost(sa, reason);
    }

    private void CloseChildren(IkeSa sa, ChildDownReason reason)
    {
        for (int i = sa.Children.Count - 1; i >= 0; i--) ChildGone(sa, sa.Children[i], reason);
    }

    private void Gone(IkeSa sa)
    {
        _gone.Add((sa.Id, sa.ConnectionName));
    }

    private void OnCommitted(ulong commit)
    {
        if (!_pending.Remove(commit, out List<IkeSaId>? ids)) return;
        foreach (IkeSaId id in ids)
        {
            if (_sas.TryGetValue(id, out IkeSa? sa) && sa.PendingCommit == commit) sa.PendingCommit = 0;
        }

        if (_forgotten.Count > 0) RestoreForgotten(ids);
    }

    private void OnCommitFailed(ulong commit, string why)
    {
        if (!_pending.Remove(commit, out List<IkeSaId>? ids)) return;
        foreach (IkeSaId id in ids)
        {
            _sas.TryGetValue(id, out IkeSa? sa);
            _forgotten.TryAdd(id, sa is null ? [] : [.. sa.Given]);
            if (sa is null) continue;
            Note(IkeEventKind.CommitFailed, sa, why);
            sa.Given.Clear();
            foreach (ChildSa child in sa.Children) Disown(child);
            Remove(sa, IkeSaDownReason.Configuration, silently: true);
        }

        RestoreForgotten(ids);
    }

    /// <summary>Not before the last commit of such an IKE SA is answered: until then nobody knows what the ledger will have.</summary>
    private void RestoreForgotten(List<IkeSaId> ids)
    {
        List<IkeSaId> free = ids.FindAll(id => _forgotten.ContainsKey(id) && !_pending.Values.Any(each => each.Contains(id)));
        if (free.Count == 0) return;
        _heldAddresses.Enqueue([.. free.Select(id => (id, _forgotten[id]))]);
        free.ForEach(id => _forgotten.Remove(id));
        Put(new IkeOutput.RestoreWanted(free));
    }

    /// <summary>What is next for each SA touched; then the commit, then everything else in its order.</summary>
    private void EndStep(ICollection<IkeOutput> outputs)
    {
        for (int i = 0; i < _touched.Count; i++)            // may grow: one SA's next step may touch another
        {
            IkeSa sa = _touched[i];
            if (IsGone(sa)) continue;
            NextRequest.Pursue(this, sa);
            if (!IsGone(sa)) _due.Schedule(sa.Id, Later(sa.Due));
        }

        _changed.RemoveAll(sa => IsGone(sa) || sa.State == IkeSaState.Connecting);
        if (Policy.Replicated && (_changed.Count > 0 || _gone.Count > 0 || _created.Count > 0 || _deleted.Count > 0)) outputs.Add(MakeCommit());
        foreach (IkeOutput output in _outputs) outputs.Add(output);
        foreach (IkeSa sa in _touched) (sa.IsTouched, sa.IsChanged) = (false, false);      // who is changed is touched
        _changed.Clear();
        _gone.Clear();
        _touched.Clear();
        _created.Clear();
        _deleted.Clear();
        _outputs.Clear();
    }

    /// <summary>What could not be done now (no IV) is not asked for again in the same instant.</summary>
    private Instant Later(Instant due) => due > Now ? due : Now + TimeSpan.FromMilliseconds(100);

    private IkeOutput.Commit MakeCommit()
    {
        ulong id = ++_lastCommit;
        var changes = new List<IkeSaChange>(_changed.Count + _gone.Count);
        var ids = new List<IkeSaId>(changes.Capacity);
        foreach (IkeSa sa in _changed)
        {
            sa.PendingCommit = id;
            sa.IsRecorded = true;
            changes.Add(new IkeSaChange(sa.Id, sa.ConnectionName, IkeSaSnapshot.Write(sa, Now)));
            ids.Add(sa.Id);
        }

        foreach ((IkeSaId gone, string connection) in _gone)
        {
            changes.Add(new IkeSaChange(gone, connection, null));
            ids.Add(gone);
        }

        _pending.Add(id, ids);
        Counters.Commits++;
        return new IkeOutput.Commit(id, changes, [.. _created], [.. _deleted]);
    }
}
