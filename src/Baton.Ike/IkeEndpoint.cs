using System.Security.Cryptography;
using Baton.Crypto.Ike;
using Baton.Ike.Resilience;
using Baton.Ike.Sas;
using Baton.Wire;

namespace Baton.Ike;

/// <summary>IKEv2 (RFC 7296) of one gateway or peer, as initiator and responder, for any number of IKE SAs. Sans-IO.</summary>
/// <remarks>
/// One thread calls <see cref="Step"/>. What must be done comes out in order; what a successor must know comes out as a commit, and what may only leave after it
/// names it. An endpoint of a cluster starts standing by and works from <see cref="IkeInput.Restore"/> to <see cref="IkeInput.StandDown"/>; a lone one
/// (<see cref="IkeEndpointPolicy.Replicated"/> false) works from the start.
/// <code>
///     Step:  input -> routing -> exchange changes an IkeSa -> what is next for it (NextRequest) -> one Commit, then what waits for it
/// </code>
/// Each SA touched in a step is looked at once at its end; timers are in a queue by SA, so a step's cost does not grow with their number.
/// </remarks>
public sealed partial class IkeEndpoint
{
    private readonly Dictionary<IkeSaId, IkeSa> _sas = [];

    // What finds an IKE SA, awake or asleep.
    private readonly Dictionary<ulong, IkeSaId> _bySpi = [];
    private readonly Dictionary<ChildSaId, IkeSaId> _byChild = [];
    private readonly HashSet<uint> _childSpis = [];

    /// <summary>An IKE SA and those that it took the place of, as long as they linger.</summary>
    private readonly Dictionary<IkeSaId, List<IkeSaId>> _lines = [];
    private readonly DueQueue<IkeSaId> _due = new();
    private readonly IIvSourceFactory _ivSources;

    /// <param name="random">Nonces, SPIs, ids, jitter, secrets of cookies.</param>
    /// <param name="snapshots">Of the IKE SAs that are followed; null: none ever are.</param>
    public IkeEndpoint(
        IkeEndpointPolicy policy, IRandomSource random, IKeyExchangeFactory keyExchange, IIvSourceFactory ivSources, ISnapshotSource? snapshots = null)
    {
        _snapshots = snapshots;
        Policy = policy;
        Random = random;
        KeyExchange = keyExchange;
        _ivSources = ivSources;
        Cookies = new CookieJar(random, policy.Flood.CookieSecretLife);
        HalfOpen = new HalfOpenTable(policy.Flood);
        _working = !policy.Replicated;
        Configure(policy.Connections);
    }

    /// <summary>What came of datagrams and exchanges; read by the thread that calls <see cref="Step"/>, or late by another.</summary>
    public IkeEndpointCounters Counters { get; } = new();

    /// <summary>IKE SAs that are ours to work with, in any state, awake or not.</summary>
    public int IkeSas => _working ? _sas.Count + _asleep.Count : 0;

    public int ChildSas => _byChild.Count;

    public int HalfOpenSas => HalfOpen.Count;

    /// <summary>IKE SAs that carry traffic or could; not those that still sleep.</summary>
    public IEnumerable<IkeSaFacts> Established => _sas.Values.Where(sa => sa.State == IkeSaState.Up).Select(sa => sa.Facts);

    /// <summary>The first of these in the order of their ids, for a page: those of certain connections, with ids above one.</summary>
    public IEnumerable<IkeSaFacts> EstablishedAfter(ulong id, Func<string, bool> connection, int most) => _sas.Values
        .Where(sa => sa.State == IkeSaState.Up && sa.Id.Value > id && connection(sa.ConnectionName))
        .OrderBy(sa => sa.Id.Value).Take(most).Select(sa => sa.Facts);

    /// <summary>Of one that is up and awake; null: it is not.</summary>
    public IkeSaFacts? FactsOf(IkeSaId id) => _sas.GetValueOrDefault(id) is { State: IkeSaState.Up } sa ? sa.Facts : null;

    /// <summary>Null: it is not here, or its IKE SA still sleeps.</summary>
    public ChildSaFacts? FactsOf(ChildSaId id) => OwnerAwake(id) is { } sa && sa.Child(id) is { } child
        ? new ChildSaFacts(id, child.MayBeRekeyed ? child.RekeyAt : Instant.Never, Instant.Min(child.ExpireAt, sa.ExpireAt), sa.LimitsOf(child), child.Bytes.Before, child.Packets.Before)
        : null;

    internal IkeEndpointPolicy Policy { get; }

    internal IRandomSource Random { get; }

    internal IKeyExchangeFactory KeyExchange { get; }

    internal CookieJar Cookies { get; }

    internal HalfOpenTable HalfOpen { get; }

    /// <summary>The step's instant.</summary>
    internal Instant Now { get; private set; }

    /// <summary>Takes one input, appends what must be done, returns when it wants <see cref="IkeInput.Tick"/> at the latest.</summary>
    public Instant Step(IkeInput input, Instant now, ICollection<IkeOutput> outputs)
    {
        Now = now;
        HeardOf = 0;
        if (_working || input is IkeInput.Restore or IkeInput.Follow or IkeInput.Unfollow or IkeInput.SetConnections or IkeInput.WallClock) Take(input);
        else if (input is IkeInput.Datagram) Counters.Count(IkeDrop.StandingBy);
        if (_working) Work();
        EndStep(outputs);
        return HasTurn ? now : Instant.Min(Instant.Min(_due.Next, _connectionsDue.Next), IsWaking ? _nextWaking : Instant.Never);
    }

    /// <summary>The initiator's SPI of the IKE SA whose peer has just spoken, as the message of the last <see cref="Step"/> proves: authentic, and no recording of an old one. 0: no proof.</summary>
    public ulong HeardOf { get; private set; }

    private bool _working;

    private void Take(IkeInput input)
    {
        switch (input)
        {
            case IkeInput.Datagram datagram:
                Receive(datagram);
                break;
            case IkeInput.Tick:
                break;
            case IkeInput.Committed committed:
                OnCommitted(committed.Commit);
                break;
            case IkeInput.CommitFailed failed:
                OnCommitFailed(failed.Commit, failed.Why);
                break;
            case IkeInput.Restore restore:
                OnRestore(restore.Sas);
                break;
            case IkeInput.Follow follow when !_working:
                OnFollow(follow.Sas);
                break;
            case IkeInput.Unfollow unfollow when !_working:
                foreach (IkeSaId id in unfollow.Sas) Unfollow(id);
                break;
            case IkeInput.IvsGiven given:
                OnIvsGiven(given.Sa);
                break;
            case IkeInput.StandDown:
                Forget();
                break;
            case IkeInput.SetConnections set:
                Configure(set.Connections);
                break;
            case IkeInput.WallClock clock:
                _wallClock = (clock.At, Now);
                break;
            default:
                Command(input);
                break;
        }
    }

    private (DateTimeOffset At, Instant When) _wallClock;

    /// <summary>For the validity of certificates only.</summary>
    internal DateTimeOffset WallClock => _wallClock.At + (Now - _wallClock.When);

    /// <summary>It wakes, if it sleeps.</summary>
    internal IkeSa? Find(IkeSaId id) => _sas.TryGetValue(id, out IkeSa? sa) ? sa : Wake(id);

    internal IEnumerable<IkeSa> All => _sas.Values;

    private IkeSa? OwnerAwake(ChildSaId child) => _byChild.TryGetValue(child, out IkeSaId id) ? _sas.GetValueOrDefault(id) : null;

    internal IkeSa? Owner(ChildSaId child) => _byChild.TryGetValue(child, out IkeSaId id) ? Find(id) : null;

    internal void Note(IkeEventKind kind, IkeSa? sa, string detail, System.Net.IPEndPoint? remote = null) =>
        Put(new IkeOutput.Note(new IkeEvent(kind, sa?.Id, sa?.LocalSpi ?? 0, remote ?? sa?.Remote, detail)));

    /// <summary>
    /// May it be rekeyed again? Not while too many of its line wait for a Delete. Those that only repeat their last answer give way, the oldest first.
    /// </summary>
    internal bool HasRoomInLine(IkeSa sa)
    {
        IkeSa[] line = [.. _lines[sa.Line].ToArray().Select(Find).OfType<IkeSa>()];
        if (line.Count(each => each.State == IkeSaState.Replaced) >= Policy.MostReplaced) return false;
        if (line.Length > Policy.MostOfLine && line.Where(each => each.State == IkeSaState.Closed).MinBy(each => each.ExpireAt) is { } oldest)
            Remove(oldest, IkeSaDownReason.Rekeyed);
        return true;
    }

    internal void Add(IkeSa sa)
    {
        _sas.Add(sa.Id, sa);
        Register(sa);
        sa.Ivs = new IvReserve(_ivSources.Open(sa.Id, sa.IsRecorded));
        sa.LastHeard = Now;
        Touch(sa);
    }

    internal void Own(IkeSa sa, ChildSa child)
    {
        _byChild[child.Id] = sa.Id;
        _childSpis.Add(child.InboundSpi);
    }

    internal void Disown(ChildSa child) => Disown(child.Id, child.InboundSpi);

    private void Disown(ChildSaId child, uint spi)
    {
        _byChild.Remove(child);
        _childSpis.Remove(spi);
    }

    /// <summary>From now on it is found.</summary>
    private void Register(IkeSa sa)
    {
        _bySpi.Add(sa.LocalSpi, sa.Id);
        if (!_lines.TryGetValue(sa.Line, out List<IkeSaId>? line)) _lines.Add(sa.Line, line = new List<IkeSaId>(1));
        line.Add(sa.Id);
        foreach (ChildSa child in sa.Children) Own(sa, child);
    }

    private void Unregister(IkeSaId id, IkeSaId of, ulong spi)
    {
        _bySpi.Remove(spi);
        List<IkeSaId> line = _lines[of];
        if (line.Remove(id) && line.Count == 0) _lines.Remove(of);
    }

    /// <summary>Out of memory and, when it has one, out of the record. Its children must be gone or moved.</summary>
    internal void Remove(IkeSa sa, IkeSaDownReason reason, bool silently = false)
    {
        if (!_sas.Remove(sa.Id)) return;
        Unregister(sa.Id, sa.Line, sa.LocalSpi);
        _due.Forget(sa.Id);
        _awaitIvs.Remove(sa.Id);
        EndTurn(sa);
        Unopen(sa);
        if (!silently && sa.IsRecorded) Gone(sa);
        ReleaseAddresses(sa);
        _ivSources.Close(sa.Id);
        sa.Release();
        if (sa.State is IkeSaState.Closed || reason == IkeSaDownReason.Rekeyed || silently) Leave(sa);
        else OnClientLost(sa, reason);
    }

    internal ulong NewSpi()
    {
        ulong spi;
        do spi = RandomLong();
        while (spi == 0 || _bySpi.ContainsKey(spi));
        return spi;
    }

    internal uint NewChildSpi()
    {
        uint spi;
        do spi = (uint)RandomLong();
        while (spi <= 255 || _childSpis.Contains(spi));
        return spi;
    }

    internal IkeSaId NewIkeSaId() => new(RandomLong() | 1);

    internal ChildSaId NewChildSaId() => new(RandomLong() | 1);

    internal byte[] NewNonce()
    {
        byte[] nonce = new byte[32];        // at least half the key of any prf of ours (section 2.10)
        Random.Fill(nonce);
        return nonce;
    }

    internal ulong RandomLong()
    {
        Span<byte> bytes = stackalloc byte[8];
        Random.Fill(bytes);
        return BitConverter.ToUInt64(bytes);
    }

    /// <summary>From 0 to below 1.</summary>
    internal double RandomPart() => (RandomLong() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A span less a random part of it (section 2.8: rekeying is jittered).</summary>
    internal Instant Jittered(TimeSpan span, double jitter) => Now + (span * (1 - (Math.Clamp(jitter, 0, 1) * RandomPart())));

    internal Instant RetryTime() => Now + (Policy.RetryAfter * (1 + RandomPart()));

    internal static byte[] Hash(ReadOnlySpan<byte> datagram) => SHA256.HashData(datagram);
}
