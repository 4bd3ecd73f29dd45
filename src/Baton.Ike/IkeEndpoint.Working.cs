using System.Buffers.Binary;
using Baton.Ike.Exchanges;
using Baton.Ike.Sas;
using Baton.Wire;

namespace Baton.Ike;

/// <summary>What time and commands do; taking over and standing down.</summary>
public sealed partial class IkeEndpoint
{
    /// <summary>IVs that any exchange after IKE_AUTH may need; IKE_AUTH may carry a chain of certificates in many fragments.</summary>
    internal const int IvsForOthers = 4;

    internal const int IvsForAuth = 24;

    private readonly Dictionary<UInt128, IkeSaId> _byInit = [];

    internal IkeSa? FindBySpi(ulong spi) => _bySpi.TryGetValue(spi, out IkeSaId id) ? Find(id) : null;

    /// <summary>The half-open IKE SA that came of exactly this IKE_SA_INIT request (RFC 7296 section 2.1).</summary>
    internal IkeSa? FindOpened(byte[] requestHash) => _byInit.TryGetValue(InitKey(requestHash), out IkeSaId id) ? Find(id) : null;

    internal void Open(IkeSa sa)
    {
        _byInit[InitKey(sa.LastRequestHash)] = sa.Id;
        sa.CountedAt = sa.Remote.Address;
        HalfOpen.Add(sa.CountedAt);
    }

    /// <summary>No longer half open.</summary>
    internal void Unopen(IkeSa sa)
    {
        if (sa.State != IkeSaState.HalfOpen) return;
        Unopen(InitKey(sa.LastRequestHash), sa.Id);
        if (sa.CountedAt is { } address) HalfOpen.Remove(address);
        sa.CountedAt = null;
    }

    private void Unopen(UInt128 init, IkeSaId id)
    {
        if (_byInit.TryGetValue(init, out IkeSaId same) && same == id) _byInit.Remove(init);
    }

    private static UInt128 InitKey(byte[] hash) => hash.Length >= 16 ? BinaryPrimitives.ReadUInt128BigEndian(hash) : 0;

    /// <summary>Whatever is due.</summary>
    private void Work()
    {
        if (IsWaking && _nextWaking <= Now) WakeSome();
        while (_due.TryTake(Now, out IkeSaId id))
        {
            if (_sas.TryGetValue(id, out IkeSa? sa)) OnDue(sa);
        }

        while (_connectionsDue.TryTake(Now, out string name)) Initiate(name);
        BeginSome();
    }

    private void OnDue(IkeSa sa)
    {
        Touch(sa);
        if (sa.ExpireAt <= Now)
        {
            sa.ExpireAt = Instant.Never;
            if (sa.State is IkeSaState.HalfOpen or IkeSaState.Closed)
            {
                Remove(sa, IkeSaDownReason.HalfOpenTimeout);
                return;
            }

            if (sa.IsEstablished) (sa.DeleteReason, sa.DeleteAt) = (sa.State == IkeSaState.Replaced ? IkeSaDownReason.Rekeyed : IkeSaDownReason.Expired, Now);
        }

        foreach (ChildSa child in sa.Children)
        {
            if (child.UseOutboundAt <= Now) UseOutbound(sa, child);
            if (child.IdleAt <= Now) EndIdle(sa, child);
            if (child.ExpireAt > Now) continue;
            child.ExpireAt = Instant.Never;
            if (!child.MayBeRekeyed) child.DeleteAt = Instant.Min(child.DeleteAt, Now);
            else (sa.DeleteAt, sa.DeleteReason) = (Now, IkeSaDownReason.Expired);     // rekeying it failed for so long: the IKE SA ends (section 2.8)
        }

        if (sa.Outstanding is { } request) Requests.OnDue(this, sa, request);
    }

    /// <summary>Something passed, or it is new here.</summary>
    private void NotIdle(ChildSa child, ChildPolicy? policy)
    {
        TimeSpan idle = policy?.IdleAfter ?? TimeSpan.Zero;
        child.IdleAt = idle > TimeSpan.Zero && !child.IsReplaced ? Now + idle : Instant.Never;
    }

    private void EndIdle(IkeSa sa, ChildSa child)
    {
        child.IdleAt = Instant.Never;
        if (!child.MayBeRekeyed || sa.State != IkeSaState.Up) return;
        (child.DeleteAt, child.DeleteReason) = (Now, ChildDownReason.Idle);
        if (sa.Children.TrueForAll(each => each.DeleteAt <= Now) && sa.Wanted.Count == 0) (sa.DeleteAt, sa.DeleteReason) = (Now, IkeSaDownReason.Deleted);
        Change(sa);
    }

    /// <summary>Not before the child itself: its own commit may still be under way.</summary>
    private void UseOutbound(IkeSa sa, ChildSa child)
    {
        child.UseOutboundAt = Instant.Never;
        Put(new IkeOutput.UseOutbound(child.Id, PendingCommit(sa)));
    }

    private void Command(IkeInput input)
    {
        switch (input)
        {
            case IkeInput.Initiate initiate:
                Initiate(initiate.Connection);
                break;
            case IkeInput.Acquire acquire:
                Acquire(acquire);
                break;
            case IkeInput.RekeyChild { Child: var id } when Owner(id)?.Child(id) is { MayBeRekeyed: true } child:
                child.RekeyAt = Now;
                Change(Owner(id)!);
                break;
            case IkeInput.DeleteChild { Child: var id } when Owner(id)?.Child(id) is { } child:
                (child.DeleteAt, child.DeleteReason) = (Now, ChildDownReason.Deleted);
                Change(Owner(id)!);
                break;
            case IkeInput.RekeyIke { Sa: var id } when Find(id) is { State: IkeSaState.Up } sa:
                sa.RekeyAt = Now;
                Change(sa);
                break;
            case IkeInput.DeleteIke { Sa: var id } when Find(id) is { State: IkeSaState.Up } sa:
                (sa.DeleteAt, sa.DeleteReason) = (Now, IkeSaDownReason.Deleted);
                Change(sa);
                break;
            case IkeInput.Probe { Sa: var id } when Find(id) is { State: IkeSaState.Up } sa:
                sa.ProbeWanted = true;
                Touch(sa);
                break;
            case IkeInput.Traffic traffic when (traffic.SequenceHeadroom == 0 ? Owner(traffic.Child) : OwnerAwake(traffic.Child)) is { } sa:
                // It wakes none, many are told at once and again; but without numbers nothing passes any more, so that is told once.
                OnTraffic(sa, sa.Child(traffic.Child)!, traffic);
                break;
            case IkeInput.EndpointMoved moved when Find(moved.Sa) is { State: IkeSaState.Up, NatThere: true } sa && !sa.Remote.Equals(moved.Remote):
                MoveTo(sa, sa.Local, moved.Remote);
                break;
            case IkeInput.LocalMoved moved when Find(moved.Sa) is { State: IkeSaState.Up, IsClient: true } sa && !sa.Local.Equals(moved.Local):
                if ((sa.Abilities & IkePeerAbilities.Mobike) == 0)
                {
                    Drop(sa, IkeSaDownReason.CannotMove);       // the peer would go on sending to the old address, and nobody could tell it
                    break;
                }

                (sa.Local, sa.UpdateWanted) = (moved.Local, true);
                if (sa.Outstanding is { } request) request.ResendAt = Now;      // what is under way goes on from the new address (RFC 4555 section 3.5)
                Change(sa);
                break;
            case IkeInput.InboundBehind { By: > 0 } behind when Owner(behind.Child) is { State: IkeSaState.Up } sa:
                CounterSynchronization.CatchUp(this, sa, sa.Child(behind.Child)!, behind.By);
                break;
        }
    }

    private void OnTraffic(IkeSa sa, ChildSa child, IkeInput.Traffic traffic)
    {
        if (traffic.LastInbound > sa.LastHeard) sa.LastHeard = traffic.LastInbound;      // any authentic packet is a sign of life (section 2.4)
        if (child.UseOutboundAt != Instant.Never && traffic.LastInbound.Nanoseconds > 0) UseOutbound(sa, child);
        NotIdle(child, sa.PolicyOf(child.Policy));
        if (!child.MayBeRekeyed || child.RekeyAt <= Now || child.AskedByTraffic) return;
        if (sa.LimitsOf(child) is not { } limits) return;
        if (!limits.AreReached(child.Bytes.With(traffic.Bytes), child.Packets.With(traffic.Packets), traffic.SequenceHeadroom))
        {
            if (child.ClaimTraffic(traffic.Bytes, traffic.Packets, limits)) Change(sa);
            return;
        }

        child.AskedByTraffic = true;            // once: a peer that refuses is asked again by the timers
        child.RekeyAt = Now;
        Touch(sa);
    }

    private void OnRestore(IReadOnlyList<RestoredIkeSa> restored)
    {
        if (!_working) (_working, _nextWaking) = (true, Now + Policy.WakeEvery);
        if (_heldAddresses.TryDequeue(out var held)) held.ForEach(each => Release(each.Sa, each.Addresses));        // claimed again in this same step, by whoever the ledger says
        foreach (RestoredIkeSa each in restored)
        {
            Unfollow(each.Id);
            if (Read(each) is { } sa) Resume(sa);
        }

        KeepUp();
    }

    private void Resume(IkeSa sa)
    {
        sa.Connection = _connections.GetValueOrDefault(sa.ConnectionName)?.Connection;
        sa.IsRecorded = true;
        sa.MayHaveAnsweredMore = sa.IsEstablished;
        Add(sa);
        if (sa.State == IkeSaState.HalfOpen) Open(sa);
        if (!ClaimAddresses(sa))
        {
            Note(IkeEventKind.RestoreRefused, sa, "another has its inner address");
            (sa.DeleteReason, sa.DeleteAt) = (IkeSaDownReason.Replaced, Now);
        }

        foreach (ChildSa child in sa.Children) NotIdle(child, sa.PolicyOf(child.Policy));
        if (sa.State is not (IkeSaState.HalfOpen or IkeSaState.Closed)) Join(sa);
        if (sa.Outstanding is { } request)
        {
            (request.Attempts, request.ResendAt) = (0, Now);
            _due.Schedule(sa.Id, Now);
        }

        if (sa.Connection is { } connection) sa.LastHeard = Now + (connection.Liveness * RandomPart());      // not all probes of a takeover at once
        if (sa.Connection is null && sa.State == IkeSaState.Up) (sa.DeleteReason, sa.DeleteAt) = (IkeSaDownReason.Configuration, Now);
        Note(IkeEventKind.Restored, sa, $"{sa.State}, {sa.Children.Count} children");
        if (sa.State == IkeSaState.Up) Put(new IkeOutput.IkeSaRestored(sa.Facts));
        foreach (ChildSa child in sa.Children)
        {
            if (child.Jumped > 0) Put(new IkeOutput.JumpCounters(sa.Id, [child.Id], child.Jumped, 0));
        }
    }

    private void Forget()
    {
        foreach (IkeSa sa in _sas.Values)
        {
            _ivSources.Close(sa.Id);
            sa.Release();
        }

        _sas.Clear();
        _asleep.Clear();
        _wakingOrder.Clear();
        _awaitIvs.Clear();
        _bySpi.Clear();
        _lines.Clear();
        _byChild.Clear();
        _childSpis.Clear();
        _byInit.Clear();
        _byPeer.Clear();
        _pending.Clear();
        _heldAddresses.Clear();
        _forgotten.Clear();
        _due.Clear();
        _connectionsDue.Clear();
        _starting.Clear();
        _toStart.Clear();
        HalfOpen.Clear();
        foreach (ConnectionState state in _connections.Values)
        {
            (state.Failures, state.WaitsForTurn, state.NoAcquireBefore) = (0, false, default);
            state.Sas.Clear();
        }

        foreach (Negotiation.AddressPool pool in Policy.Pools.Values) pool.Clear();
        _working = false;
    }
}
