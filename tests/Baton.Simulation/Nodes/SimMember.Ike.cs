using Baton.Redundancy.Members;
using Baton.Redundancy.Records;
using Baton.Simulation.Observing;

namespace Baton.Simulation.Nodes;

/// <summary>What stands for IKE: exchanges whose messages leave when their state is committed. A successor repeats the last one from the record.</summary>
internal sealed partial class SimMember
{
    private sealed class IkeState
    {
        public ulong Version;
        public ulong Iv;
        public ulong OwnIv;

        /// <summary>The commit under way: the window is one.</summary>
        public ulong Token;
    }

    private readonly Dictionary<int, IkeState> _ike = [];
    private readonly Dictionary<ulong, (SimIke Ike, ulong Version, ulong Iv, bool Deletes, bool Spoiled)> _bound = [];
    private ulong _lastToken;

    /// <summary>IKE works in full activity only: alone it could neither commit nor believe what it receives (G7).</summary>
    public bool WorksIke { get; private set; }

    private void ForgetIke()
    {
        WorksIke = false;
        _ike.Clear();
        _bound.Clear();
    }

    /// <summary>From the records, and nothing but the records.</summary>
    private void BeginIke()
    {
        if (WorksIke)
            return; // moved on by itself: what it has is as new as the records
        ForgetIke();
        WorksIke = true;
        World.Observer.TakesIkeOver(this);
        foreach (SimIke ike in World.Ike.All)
        {
            if (!Core.IkeRecords.TryGetValue(ike.Id, out IkeRecord? record))
                continue;
            _ike[ike.Index] = new IkeState { Version = record.Version, Iv = SimIke.IvOf(record), OwnIv = SimIke.OwnIvs };
            World.Observer.IkeLeft(this, ike, record.Version, SimIke.IvOf(record), again: true);
        }
    }

    /// <summary>One exchange: a new state, sometimes with SAs, sometimes the end.</summary>
    public void Exchange(SimIke ike, IReadOnlyList<SaRecord> sas, IReadOnlyList<ulong> deletedSas, bool end, bool spoil)
    {
        if (!WorksIke || !Up || Paused)
            return;
        if (!_ike.TryGetValue(ike.Index, out IkeState? state))
        {
            if (ike.DurableVersion > 0)
                return; // gone
            _ike[ike.Index] = state = new IkeState();
            sas = [.. sas, ike.IvCounter()];
        }

        if (state.Token != 0 || !TakeIv(ike, state, out ulong iv))
            return;
        ulong version = state.Version + 1;
        state.Token = ++_lastToken;
        if (spoil)
            sas = [.. sas, ike.IvCounter()]; // its key is registered already
        _bound[state.Token] = (ike, version, iv, end, spoil);
        if (World.Sabotage == Sabotage.SendBeforeCommit)
            World.Observer.IkeLeft(this, ike, version, iv, again: false);
        Feed(new MemberInput.Commit(state.Token, new LedgerCommit(
            end ? [] : [ike.State(version, iv)], sas, end ? [ike.Id] : [], end ? [.. deletedSas, ike.IvTag] : deletedSas)));
    }

    private bool TakeIv(SimIke ike, IkeState state, out ulong iv)
    {
        iv = state.OwnIv + 1;
        if (state.OwnIv < SimIke.OwnIvs)
        {
            state.OwnIv++;
            return true;
        }

        if (World.Ike.CounterOf(ike) is not { } id || Core.Outbound(id) is not { } lease || !lease.TryTake(out iv))
            return false;
        StepIfWork();
        return true;
    }

    private void OnCommitted(ulong token)
    {
        if (!_bound.Remove(token, out var bound))
            return;
        World.Coverage.Count(Covered.CommitsDone);
        if (bound.Deletes)
        {
            World.Coverage.Count(Covered.IkeSasEnded);
            _ike.Remove(bound.Ike.Index);
            return;
        }

        IkeState state = _ike[bound.Ike.Index];
        (state.Version, state.Iv, state.Token) = (bound.Version, bound.Iv, 0);
        bound.Ike.LastDone = World.Now;
        World.Observer.IkeLeft(this, bound.Ike, bound.Version, bound.Iv, again: false);
    }

    private void OnCommitFailed(MemberOutput.CommitFailed failed)
    {
        if (!_bound.Remove(failed.Token, out var bound))
            return;
        World.Coverage.Count(Covered.CommitsFailed);
        if (failed.Why == CommitFailure.KeySeenBefore && !bound.Spoiled && World.Guards == Baton.Redundancy.Guards.All)
            throw new ViolationException(Promise.CommittedStateLost, $"ike[{bound.Ike.Index}] version {bound.Version}: {failed.Why} {failed.Detail}");
        if (_ike.TryGetValue(bound.Ike.Index, out IkeState? state))
            state.Token = 0;
    }
}
