using System.Net;
using System.Net.Sockets;
using Baton.Ike.Exchanges;
using Baton.Ike.Negotiation;
using Baton.Ike.Payloads;
using Baton.Ike.Resilience;
using Baton.Ike.Sas;
using Baton.Wire;

namespace Baton.Ike;

/// <summary>What is configured: which connection a stranger may be, which ones are kept up, who has which inner address.</summary>
public sealed partial class IkeEndpoint
{
    private readonly Dictionary<string, ConnectionState> _connections = [];
    private readonly Dictionary<IPAddress, List<Connection>> _byRemote = [];
    private readonly List<Connection> _anyRemote = [];
    private readonly Dictionary<string, HashSet<IkeSaId>> _byPeer = [];
    private readonly DueQueue<string> _connectionsDue = new();

    // Whose turn it is to begin, and who waits for it (Policy.MostStarting).
    private readonly HashSet<IkeSaId> _starting = [];
    private readonly Queue<string> _toStart = new();

    /// <summary>Names of all connections.</summary>
    public IEnumerable<string> Connections => _connections.Keys;

    internal IEnumerable<Connection> ConnectionsFor(IPAddress local, IPAddress remote) =>
        (_byRemote.TryGetValue(remote, out List<Connection>? named) ? named.Concat(_anyRemote) : _anyRemote)
            .Where(each => each.Local is null || each.Local.Address.Equals(local) || each.Local.Address.Equals(IPAddress.Any) || each.Local.Address.Equals(IPAddress.IPv6Any));

    /// <summary>The authorities that we trust for any connection between these addresses (RFC 7296 section 1.2).</summary>
    internal CertRequestPayload? CertificateRequest(IPAddress local, IPAddress remote) =>
        ConnectionsFor(local, remote).Select(each => each.Credentials.Remote.Request).FirstOrDefault(each => each is not null);

    /// <summary>Counts it among its connection's and its peer's.</summary>
    internal void Join(IkeSa sa)
    {
        JoinConnection(sa.Id, sa.ConnectionName);
        if (sa.PeerIdentity.Length == 0) return;
        if (!_byPeer.TryGetValue(sa.PeerIdentity, out HashSet<IkeSaId>? sas)) _byPeer.Add(sa.PeerIdentity, sas = new HashSet<IkeSaId>(1));
        sas.Add(sa.Id);
    }

    private void JoinConnection(IkeSaId id, string connection)
    {
        if (_connections.TryGetValue(connection, out ConnectionState? state)) state.Sas.Add(id);
    }

    private void Leave(IkeSa sa) => Leave(sa.Id, sa.ConnectionName, sa.PeerIdentity);

    private void Leave(IkeSaId id, string connection, string peer)
    {
        if (_connections.TryGetValue(connection, out ConnectionState? state)) state.Sas.Remove(id);
        if (!_byPeer.TryGetValue(peer, out HashSet<IkeSaId>? sas) || !sas.Remove(id)) return;
        if (sas.Count == 0) _byPeer.Remove(peer);
    }

    /// <summary>Is there another IKE SA of the same connection? (no INITIAL_CONTACT then, section 2.4)</summary>
    internal bool HasOther(IkeSa sa) => _connections.TryGetValue(sa.ConnectionName, out ConnectionState? state) && state.Sas.Any(id => id != sa.Id);

    /// <summary>The same peer has a new one: its older ones are dead (INITIAL_CONTACT), or are deleted.</summary>
    internal void EndOlder(IkeSa sa, bool silently)
    {
        if (!_byPeer.TryGetValue(sa.PeerIdentity, out HashSet<IkeSaId>? sas)) return;
        foreach (IkeSaId id in sas.ToArray())
        {
            if (Find(id) is not { } older || older == sa || older.ConnectionName != sa.ConnectionName) continue;
            if (silently)
            {
                Drop(older, IkeSaDownReason.Replaced);
            }
            else
            {
                (older.DeleteReason, older.DeleteAt) = (IkeSaDownReason.Replaced, Now);
                Change(older);
            }
        }
    }

    internal void ConnectionIsUp(IkeSa sa)
    {
        EndTurn(sa);
        Join(sa);
    }

    /// <summary>It has a child: what comes after this is no row of failures.</summary>
    internal void ConnectionWorks(IkeSa sa)
    {
        if (_connections.TryGetValue(sa.ConnectionName, out ConnectionState? state)) state.Failures = 0;
    }

    /// <summary>A connection that is to be kept up and has nothing left is tried again, later each time; one that packets ask for may be asked for again then.</summary>
    private void OnClientLost(IkeSa sa, IkeSaDownReason reason)
    {
        Leave(sa);
        if (!sa.IsClient || reason == IkeSaDownReason.Configuration || !_connections.TryGetValue(sa.ConnectionName, out ConnectionState? state)) return;
        if (state.Sas.Count > 0) return;
        if (!state.Connection.KeepUp && reason is IkeSaDownReason.Deleted or IkeSaDownReason.DeletedByPeer) return;      // not wanted any more is no failure
        double wait = Policy.Reconnect.TotalMilliseconds * Math.Pow(2, Math.Min(state.Failures++, 16));
        TimeSpan span = TimeSpan.FromMilliseconds(Math.Min(wait, Policy.LongestReconnect.TotalMilliseconds));
        Instant again = Now + (span * (1 + (0.2 * RandomPart())));
        if (state.Connection.KeepUp) _connectionsDue.Schedule(state.Connection.Name, again);
        else state.NoAcquireBefore = again;
    }

    /// <summary>A child that is missing: asked for at that instant, unless it is wanted already.</summary>
    /// <param name="onlyFromStart">Not one that only packets ask for: the next one will.</param>
    internal void Want(IkeSa sa, string policy, Instant at, bool onlyFromStart = true)
    {
        Change(sa);
        if (sa.PolicyOf(policy) is not { } known || (onlyFromStart && !known.Start) || sa.Wanted.Exists(each => each.Policy == policy)) return;
        sa.Wanted.Add(new WantedChild(policy, null, null, at));
    }

    internal IPAddress? TakeAddress(IkeSa sa, Connection connection, AddressFamily family) =>
        PoolsOf(connection).FirstOrDefault(pool => pool.Family == family)?.Take(sa.Id, sa.PeerIdentity);

    internal void MoveAddresses(IkeSa old, IkeSa heir)
    {
        heir.Given.AddRange(old.Given);
        heir.Assigned.AddRange(old.Assigned);
        foreach (IPAddress address in old.Given)
        {
            foreach (AddressPool pool in Policy.Pools.Values) pool.Pass(address, old.Id, heir.Id);
        }

        old.Given.Clear();
        old.Assigned.Clear();
    }

    /// <summary>False: another IKE SA has one of its addresses.</summary>
    private bool ClaimAddresses(IkeSa sa) => sa.Given.TrueForAll(address => Policy.Pools.Values.All(pool => pool.TryClaim(address, sa.Id, sa.PeerIdentity)));

    private void ReleaseAddresses(IkeSa sa)
    {
        Release(sa.Id, sa.Given);
        sa.Given.Clear();
    }

    private void Release(IkeSaId owner, IEnumerable<IPAddress> addresses)
    {
        foreach (IPAddress address in addresses)
        {
            foreach (AddressPool pool in Policy.Pools.Values) pool.Release(address, owner);
        }
    }

    private IEnumerable<AddressPool> PoolsOf(Connection connection) =>
        connection.GivesAddressesFrom.Select(name => Policy.Pools.GetValueOrDefault(name)).OfType<AddressPool>();

    private void Configure(IReadOnlyList<Connection> connections)
    {
        _byRemote.Clear();
        _anyRemote.Clear();
        var names = connections.Select(each => each.Name).ToHashSet();
        foreach (string gone in _connections.Keys.Where(name => !names.Contains(name)).ToArray()) _connections.Remove(gone);
        foreach (Connection connection in connections)
        {
            if (_connections.TryGetValue(connection.Name, out ConnectionState? known)) known.Connection = connection;
            else _connections.Add(connection.Name, new ConnectionState(connection));
            if (connection.Remote is not { Address: var remote } || remote.Equals(IPAddress.Any) || remote.Equals(IPAddress.IPv6Any))
            {
                _anyRemote.Add(connection);
                continue;
            }

            if (!_byRemote.TryGetValue(remote, out List<Connection>? list)) _byRemote.Add(remote, list = []);
            list.Add(connection);
        }

        foreach (Sleeper sleeper in _wakingOrder.Where(each => each.IsOfConnection)) JoinConnection(sleeper.Id, sleeper.Connection);      // what else it means for one, it finds when it wakes
        foreach (IkeSa sa in _sas.Values)
        {
            if (sa.State is IkeSaState.HalfOpen or IkeSaState.Closed) continue;
            sa.Connection = _connections.TryGetValue(sa.ConnectionName, out ConnectionState? state) ? state.Connection : null;
            if (sa.Connection is not null || !sa.IsEstablished) continue;
            (sa.DeleteReason, sa.DeleteAt) = (IkeSaDownReason.Configuration, Now);
            Change(sa);
        }

        if (_working) KeepUp();
    }

    /// <summary>Whatever is to be kept up and has no IKE SA, now.</summary>
    private void KeepUp()
    {
        foreach (ConnectionState state in _connections.Values.Where(each => each.Connection.KeepUp && each.Sas.Count == 0)) _connectionsDue.Schedule(state.Connection.Name, Now);
    }

    /// <summary>All of a connection, or the children that its IKE SA has lost: the same ones that a set-up makes.</summary>
    /// <param name="first">The packet that wants it, and the child that covers it; null: the first child, for whatever it protects.</param>
    private void Initiate(string name, WantedChild? first = null)
    {
        if (!_connections.TryGetValue(name, out ConnectionState? state) || state.Connection is not { Local: not null, Remote: not null, Children.Count: > 0 })
        {
            Note(IkeEventKind.UnknownConnection, null, name);
            return;
        }

        if (UpOf(state) is { } up)
        {
            ChildPolicy[] missing = [.. up.Connection!.Children.Where((each, i) => (each.Start || i == 0) && !up.HasChild(each.Name) && !IsAskedFor(up, each.Name))];
            if (missing.Length == 0) return;
            up.Wanted.AddRange(missing.Select(each => new WantedChild(each.Name, null, null, Now)));
            Change(up);
            return;
        }

        if (!IsFree(state) || state.WaitsForTurn) return;
        (state.WaitsForTurn, state.First) = (true, first);
        _toStart.Enqueue(name);
    }

    /// <summary>It is up or over, or its peer lets us wait: the next may begin.</summary>
    internal void EndTurn(IkeSa sa) => _starting.Remove(sa.Id);

    private bool HasTurn => _toStart.Count > 0 && _starting.Count < Policy.MostStarting;

    private void BeginSome()
    {
        while (HasTurn)
        {
            string name = _toStart.Dequeue();
            if (!_connections.TryGetValue(name, out ConnectionState? state)) continue;      // taken out meanwhile
            state.WaitsForTurn = false;
            if (IkeSas >= Policy.MostIkeSas) Note(IkeEventKind.LimitReached, null, name);
            else if (IsFree(state)) _starting.Add(SaInit.Ask(this, state.Connection, state.First));
        }
    }

    private void Acquire(IkeInput.Acquire acquire)
    {
        if (!_connections.TryGetValue(acquire.Connection, out ConnectionState? state) || state.NoAcquireBefore > Now) return;
        if (UpOf(state) is not { } up)
        {
            // Selectors of ours that only the exchange makes known cover nothing yet: the first child then, for all of it.
            ChildPolicy? covering = state.Connection.Children.FirstOrDefault(each => Covers(each.Local, acquire.Source) && Covers(each.Remote, acquire.Destination));
            Initiate(acquire.Connection, covering is null ? null : new WantedChild(covering.Name, acquire.Source, acquire.Destination, Now));
            return;
        }

        ChildPolicy? policy = up.Connection!.Children.FirstOrDefault(each =>
            Covers(Selectors.OfUs(up, each, duringAuth: false), acquire.Source) && Covers(Selectors.OfPeer(up, each), acquire.Destination));
        if (policy is null || up.Wanted.Count >= Policy.MostChildren || IsAskedFor(up, policy.Name)) return;
        up.Wanted.Add(new WantedChild(policy.Name, acquire.Source, acquire.Destination, Now));
        Change(up);
    }

    /// <summary>One that is to stay. Sleepers of the connection wake only when none of those awake is.</summary>
    private IkeSa? UpOf(ConnectionState state)
    {
        foreach (IkeSaId id in state.Sas)
        {
            if (_sas.GetValueOrDefault(id) is { } awake && IsUp(awake)) return awake;
        }

        return _asleep.Count == 0 ? null : state.Sas.Where(_asleep.ContainsKey).ToArray().Select(Find).FirstOrDefault(sa => sa is not null && IsUp(sa));

        static bool IsUp(IkeSa sa) => sa is { State: IkeSaState.Up, InheritsFrom: null, Connection: not null, IsEnding: false };
    }

    /// <summary>Another IKE SA of it may begin: there is none, or only such as are on their way out.</summary>
    private bool IsFree(ConnectionState state) => state.Sas.All(id => _sas.GetValueOrDefault(id) is { IsEnding: true });

    private static bool IsAskedFor(IkeSa sa, string policy) =>
        sa.Wanted.Exists(each => each.Policy == policy) || (sa.Outstanding is { Kind: RequestKind.NewChild, Child: { } asked } && asked.Policy == policy);

    private static bool Covers(IEnumerable<TrafficSelector> wide, TrafficSelector packet) => wide.Any(each => TrafficSelectorNarrowing.Contains(each, packet));

    private sealed class ConnectionState(Connection connection)
    {
        public Connection Connection { get; set; } = connection;

        public HashSet<IkeSaId> Sas { get; } = [];

        public int Failures { get; set; }

        public bool WaitsForTurn { get; set; }

        /// <summary>What the turn is for.</summary>
        public WantedChild? First { get; set; }

        /// <summary>It failed: packets do not bring it up before.</summary>
        public Instant NoAcquireBefore { get; set; }
    }
}
