using System.Net;
using Baton.Crypto.Ike.Groups;
using Baton.Ike.Messages;
using Baton.Wire;

namespace Baton.Ike.Tests.Harness;

/// <summary>A shell in miniature around one endpoint: one member of a site, in one term.</summary>
internal sealed class IkeHost
{
    private readonly Lab _lab;
    private readonly List<(ulong After, IkeOutput Output)> _waiting = [];
    private readonly HashSet<ulong> _unknown = [];
    private readonly Dictionary<IkeSaId, int> _versions = [];
    private Instant _wakeAt = Instant.Never;

    public IkeHost(Lab lab, Site site, IkeEndpointPolicy policy, string name)
    {
        (_lab, Site, Name) = (lab, site, name);
        Ivs = new SlicedIvs(site.Ledger.Term);
        Term = site.Ledger.Term;
        var random = new SeededRandom(lab.Random.Next());
        Endpoint = new IkeEndpoint(policy, random, new KeyExchangeFactory(random), Ivs, site.Ledger);
        foreach ((IkeSaId sa, int version) in site.Ledger.Versions) _versions.Add(sa, version);
    }

    public Site Site { get; }

    public string Name { get; }

    public int Term { get; }

    public SlicedIvs Ivs { get; }

    public IkeEndpoint Endpoint { get; }

    public DataPath Data { get; } = new();

    /// <summary>Everything that came out, for transcripts and checks.</summary>
    public List<IkeOutput> Outputs { get; } = [];

    public bool IsDead { get; set; }

    public IEnumerable<IkeEvent> Events => Outputs.OfType<IkeOutput.Note>().Select(each => each.Event);

    public void Step(IkeInput input)
    {
        if (IsDead) return;
        var outputs = new List<IkeOutput>();
        Instant wake = Endpoint.Step(input, _lab.Now, outputs);
        Outputs.AddRange(outputs);
        foreach (IkeOutput output in outputs) Take(output);
        if (wake == Instant.Never || (wake >= _wakeAt && _wakeAt > _lab.Now)) return;
        _wakeAt = wake;
        _lab.At(Instant.Max(wake, _lab.Now), () =>
        {
            if (_wakeAt <= _lab.Now) _wakeAt = Instant.Never;
            Step(new IkeInput.Tick());
        });
    }

    /// <summary>One more for each state of the commit than for the last one of that IKE SA, whatever became of that.</summary>
    public Dictionary<IkeSaId, int> NextVersions(IkeOutput.Commit commit)
    {
        var versions = new Dictionary<IkeSaId, int>();
        foreach (IkeSaChange change in commit.Changes)
        {
            if (change.IsDeleted) _versions.Remove(change.Id);
            else versions[change.Id] = _versions[change.Id] = _versions.GetValueOrDefault(change.Id) + 1;
        }

        return versions;
    }

    private void Take(IkeOutput output)
    {
        _lab.Trace(this, output);
        switch (output)
        {
            case IkeOutput.Commit commit:
                _unknown.Add(commit.CommitId);
                Site.Commit(this, commit);
                break;
            case IkeOutput.RestoreWanted wanted:
                if (Site.RestoreMilliseconds > 0) _lab.After(Site.RestoreMilliseconds, Restore);
                else Restore();
                void Restore()
                {
                    foreach (IkeSaId sa in wanted.Sas) _versions[sa] = Site.Ledger.Versions.GetValueOrDefault(sa);
                    Step(new IkeInput.Restore([.. Site.Ledger.ForTakeover(_lab.Now).Where(each => wanted.Sas.Contains(each.Id))]));
                    Site.Restored();
                }

                break;
            default:
                if (AfterCommit(output) is var after and not 0 && _unknown.Contains(after)) _waiting.Add((after, output));
                else Perform(output);
                break;
        }
    }

    /// <summary>The ledger says that it has it.</summary>
    public void Committed(ulong commit)
    {
        _unknown.Remove(commit);
        foreach ((ulong after, IkeOutput output) in _waiting.ToArray())
        {
            if (after == commit) Perform(output);
        }

        _waiting.RemoveAll(each => each.After == commit);
        Step(new IkeInput.Committed(commit));
    }

    public void CommitRefused(ulong commit)
    {
        _unknown.Remove(commit);
        _waiting.RemoveAll(each => each.After == commit);
        Step(new IkeInput.CommitFailed(commit, "refused"));
    }

    private void Perform(IkeOutput output)
    {
        if (IsDead) return;
        switch (output)
        {
            case IkeOutput.Send send:
                _lab.Send(this, send);
                break;
            case IkeOutput.ChildUp up:
                Data.Up(up.Child);
                break;
            case IkeOutput.UseOutbound use:
                Data.Use(use.Child);
                break;
            case IkeOutput.ChildDown down:
                Data.Down(down.Child);
                break;
        }
    }

    private static ulong AfterCommit(IkeOutput output) => output switch
    {
        IkeOutput.Send each => each.AfterCommit,
        IkeOutput.ChildUp each => each.AfterCommit,
        IkeOutput.UseOutbound each => each.AfterCommit,
        IkeOutput.ChildDown each => each.AfterCommit,
        _ => 0,
    };
}

/// <summary>A gateway or a peer: an address, its members one after the other, and what they share.</summary>
internal sealed class Site(Lab lab, string name, IPAddress address, bool replicated)
{
    private readonly Queue<(IkeHost Host, IkeOutput.Commit Commit, Dictionary<IkeSaId, int> Versions)> _commits = new();

    public string Name { get; } = name;

    public IPAddress Address { get; set; } = address;

    public bool Replicated { get; } = replicated;

    public Ledger Ledger { get; } = new() { Clock = () => lab.Now };

    public IkeHost Active { get; private set; } = null!;

    public IkeEndpointPolicy Policy { get; set; } = new();

    public List<IkeHost> Members { get; } = [];

    /// <summary>Each member has pools of its own: what they know of owners, they know from the records.</summary>
    public Func<Dictionary<string, Baton.Ike.Negotiation.AddressPool>>? Pools { get; set; }

    private IkeEndpointPolicy PolicyOfOne => (Pools is null ? Policy : Policy with { Pools = Pools() }) with { Replicated = Replicated, WakeEvery = WakeEvery };

    /// <summary>So long a successor's IKE SAs sleep when nothing is for them.</summary>
    public TimeSpan WakeEvery { get; set; }

    /// <summary>The ledger refuses the next commit.</summary>
    public bool RefuseNext { get; set; }

    /// <summary>So long until what was refused comes back from its record.</summary>
    public double RestoreMilliseconds { get; set; }

    /// <summary>What the shell tells whenever something came back from the records: it may have been told before they were written.</summary>
    public Action Restored { get; set; } = () => { };

    /// <summary>Commits are refused before they get to the ledger, and before those that are on their way to it.</summary>
    public bool RefuseAtOnce { get; set; }

    public void Start()
    {
        Active = new IkeHost(lab, this, PolicyOfOne, $"{Name}1");
        Members.Add(Active);
        if (Replicated) Active.Step(new IkeInput.Restore([]));
        else Active.Step(new IkeInput.Tick());
    }

    /// <summary>A new process that knows nothing.</summary>
    public void Restart()
    {
        Active.IsDead = true;
        Ledger.Term++;
        Ledger.Records.Clear();
        Start();
    }

    /// <summary>Commits happen in order, after a while.</summary>
    public void Commit(IkeHost host, IkeOutput.Commit commit)
    {
        if (host.Term != Ledger.Term) return;           // nobody answers a deposed member
        Dictionary<IkeSaId, int> versions = host.NextVersions(commit);
        if (RefuseAtOnce)
        {
            lab.At(lab.Now, () => host.CommitRefused(commit.CommitId));
            return;
        }

        _commits.Enqueue((host, commit, versions));
        lab.At(lab.Now + lab.CommitTime(), () => CommitOne(host));
    }

    /// <summary>
    /// Another member goes on from what is committed. What was still on its way to the ledger is applied up to some point, and refused from there on, as the old
    /// one's term ends.
    /// </summary>
    /// <param name="zombie">The old one does not know yet, and goes on for a while.</param>
    public void TakeOver(bool zombie = false, int applyOfPending = -1)
    {
        int apply = applyOfPending >= 0 ? applyOfPending : lab.Random.Below(_commits.Count + 1);
        while (apply-- > 0 && _commits.TryDequeue(out var each))
        {
            if (each.Host.Term == Ledger.Term) Ledger.TryApply(each.Commit, each.Versions, lab.Now);       // written, but the answer never came back
        }

        _commits.Clear();
        IkeHost old = Active;
        if (!zombie) old.IsDead = true;
        else lab.At(lab.Now + lab.Random.Between(1, 3_000), () => old.IsDead = true);
        Ledger.Term++;
        Active = new IkeHost(lab, this, PolicyOfOne with { Replicated = true }, $"{Name}{Ledger.Term}");
        Members.Add(Active);
        foreach (ChildSaPair child in Ledger.Children.Values) Active.Data.Up(child);
        lab.Log($"-- {Active.Name} takes over from {old.Name}{(zombie ? ", which lives" : "")}");
        Active.Step(new IkeInput.Follow(Ledger.ForTakeover(lab.Now)));        // as a standby has done before
        Active.Step(new IkeInput.Restore([]));
        Restored();
    }

    private void CommitOne(IkeHost host)
    {
        if (host.Term != Ledger.Term || !_commits.TryDequeue(out var next)) return;
        bool refuse = RefuseNext;
        RefuseNext = false;
        if (!refuse && Ledger.TryApply(next.Commit, next.Versions, lab.Now)) next.Host.Committed(next.Commit.CommitId);
        else next.Host.CommitRefused(next.Commit.CommitId);
    }
}
