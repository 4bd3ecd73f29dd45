using Baton.Ike.Sas;
using Baton.Wire;

namespace Baton.Ike;

/// <summary>A standby's IKE SAs: found by all that finds them, but not read, until something is for one or its turn comes after the takeover.</summary>
/// <remarks>
/// <code>
///     record --Follow--> asleep --first datagram, command, reference of another; or its turn--> awake
///                          |
///                          '--Unfollow (record gone or changed)--> unknown
/// </code>
/// So a takeover costs the same for one as for ten thousand (P5), and a standby has no key of an IKE SA in the clear. Asleep it has no timers and sends nothing;
/// its SPIs, its inner addresses and its place in its connection are taken. Waking is within a step, so no exchange ever meets a sleeper.
/// </remarks>
public sealed partial class IkeEndpoint
{
    private readonly ISnapshotSource? _snapshots;
    private readonly Dictionary<IkeSaId, LinkedListNode<Sleeper>> _asleep = [];

    /// <summary>Those that somebody waits for stand in front.</summary>
    private readonly LinkedList<Sleeper> _wakingOrder = [];

    /// <summary>The first datagram for each that has no IV to answer with.</summary>
    private readonly Dictionary<IkeSaId, IkeInput.Datagram> _awaitIvs = [];

    private Instant _nextWaking;

    /// <summary>IKE SAs that are followed and not read yet.</summary>
    public int Asleep => _asleep.Count;

    /// <summary>Working, and some still sleep.</summary>
    public bool IsWaking => _working && _asleep.Count > 0;

    private void OnFollow(IReadOnlyList<RestoredIkeSa> followed)
    {
        foreach (RestoredIkeSa each in followed)
        {
            Unfollow(each.Id);
            if (Read(each) is not { } sa) continue;
            Register(sa);
            bool isHalfOpen = sa.State == IkeSaState.HalfOpen;
            UInt128 init = isHalfOpen ? InitKey(sa.LastRequestHash) : 0;
            if (isHalfOpen) _byInit[init] = sa.Id;
            else if (sa.State != IkeSaState.Closed) Join(sa);
            ClaimAddresses(sa);         // if another has one, that is told when it wakes
            string connection = _connections.TryGetValue(sa.ConnectionName, out ConnectionState? state) ? state.Connection.Name : sa.ConnectionName;       // one string for all
            var sleeper = Sleeper.Of(sa, connection, init);
            _asleep.Add(sa.Id, Sleeper.IsUrgent(sa) ? _wakingOrder.AddFirst(sleeper) : _wakingOrder.AddLast(sleeper));
            if (sa.State == IkeSaState.Up) Put(new IkeOutput.IkeSaFollowed(sa.Facts));
            sa.Release();
        }
    }

    private void Unfollow(IkeSaId id)
    {
        if (!_asleep.Remove(id, out LinkedListNode<Sleeper>? node)) return;
        _wakingOrder.Remove(node);
        Sleeper sleeper = node.Value;
        Unregister(id, sleeper.Line, sleeper.LocalSpi);
        foreach ((ChildSaId child, uint spi) in sleeper.Children) Disown(child, spi);
        Unopen(sleeper.Init, id);
        Leave(id, sleeper.Connection, sleeper.Peer);
        Release(id, sleeper.Given);
    }

    /// <summary>Null: it is not known, or cannot be read.</summary>
    private IkeSa? Wake(IkeSaId id)
    {
        if (!_working || !_asleep.ContainsKey(id)) return null;
        Unfollow(id);
        _snapshots?.Read(id, each =>
        {
            if (Read(each) is { } sa) Resume(sa);
        });
        return _sas.GetValueOrDefault(id);
    }

    private void WakeSome()
    {
        // One with many children is that much more to read, and garbage that the whole process waits for.
        for (int left = Policy.WakeTogether; left > 0 && _wakingOrder.First is { Value: var next };)
        {
            left -= 1 + (next.Children.Length / 8);
            Wake(next.Id);
        }

        _nextWaking = Now + Policy.WakeEvery;
    }

    private IkeSa? Read(RestoredIkeSa each)
    {
        IkeSa? sa = IkeSaSnapshot.TryRead(each.Snapshot.Span, Now - each.Age);
        if (sa is not null && sa.Id == each.Id && !_bySpi.ContainsKey(sa.LocalSpi)) return sa;
        sa?.Release();
        Note(IkeEventKind.RestoreRefused, null, $"{each.Id}");
        return null;
    }

    /// <summary>
    /// After a takeover an IKE SA has no IV before it asks for the first. What comes for it meanwhile is looked at again when it has some; more than one is dropped,
    /// and its sender repeats it.
    /// </summary>
    internal void AwaitIvs(IkeSa sa, IkeInput.Datagram datagram)
    {
        if (!_awaitIvs.TryAdd(sa.Id, datagram)) Counters.Count(IkeDrop.NoIv);
    }

    private void OnIvsGiven(IkeSaId id)
    {
        if (_awaitIvs.Remove(id, out IkeInput.Datagram? datagram)) Receive(datagram);
        if (_sas.TryGetValue(id, out IkeSa? sa)) Touch(sa);        // a request of ours may have waited for them, too
    }
}
