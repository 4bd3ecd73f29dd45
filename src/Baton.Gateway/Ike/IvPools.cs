using Baton.Cluster.Records;
using Baton.Ike;
using Baton.Ike.Messages;
using Baton.Redundancy;
using Baton.Redundancy.Records;

namespace Baton.Gateway.Ike;

/// <summary>IVs of the IKE SAs of a cluster: each from its own counter in the ledger, leased like sequence numbers (P2), and taken some ahead.</summary>
/// <remarks>
/// A new IKE SA has 1 to <see cref="Own"/> for itself: its counter's record, in the same commit, begins behind them, and nothing leaves before that commit.
/// After that, and always after a takeover, numbers come from the lease, whose owner is the data thread. A number that was taken ahead stays this
/// member's alone, whatever becomes of its term.
/// </remarks>
internal sealed class IvPools(Action<IkeId> want) : IIvSourceFactory
{
    /// <summary>Enough for a first exchange in fragments.</summary>
    public const ulong Own = 64;

    /// <summary>Taken ahead at once.</summary>
    public const int Portion = 32;

    private readonly Dictionary<IkeId, Pool> _pools = [];

    /// <summary>The counter of a new IKE SA, for the commit that makes it; its id comes from the ledger.</summary>
    public static SaRecord NewRecord(IkeId id, RecordSealer sealer) => new(default, SaDirection.Outbound, 0, CounterSpace.IkeIv, sealer.KeyTag(id, iv: true),
        SliceSize: 1 << 20, Limit: 0, LimitTerm: 0, CoarseCeiling: 0, LastAuthenticated: Own + 1, sealer.SealIv(id));

    public IIvSource Open(IkeSaId id, bool isRestored)
    {
        var key = new IkeId(id.Value);
        return _pools[key] = new Pool(key, isRestored ? 0 : Own, want);  // restored, it has nothing but what the lease gives
    }

    public void Close(IkeSaId id) => _pools.Remove(new IkeId(id.Value));

    /// <summary>From the data thread, through the IKE thread: more numbers.</summary>
    public void Give(IkeId id, IReadOnlyList<ulong> numbers)
    {
        if (_pools.TryGetValue(id, out Pool? pool))
            pool.Give(numbers);
    }

    private sealed class Pool(IkeId id, ulong own, Action<IkeId> want) : IIvSource
    {
        private readonly Queue<ulong> _taken = new();
        private ulong _lastOwn;
        private bool _wanted;

        public bool TryTake(out ulong number)
        {
            if (_lastOwn < own)
            {
                number = ++_lastOwn;
                if (own - _lastOwn < Portion / 2)
                    Want();
                return true;
            }

            if (_taken.Count < Portion / 2)
                Want();
            return _taken.TryDequeue(out number);
        }

        public void Give(IReadOnlyList<ulong> numbers)
        {
            _wanted = false;
            foreach (ulong number in numbers)
                _taken.Enqueue(number);
        }

        private void Want()
        {
            if (_wanted)
                return;
            _wanted = true;
            want(id);
        }
    }
}
