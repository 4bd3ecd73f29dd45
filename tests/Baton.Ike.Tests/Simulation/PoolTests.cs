using System.Net;
using Baton.Ike.Negotiation;
using Baton.Ike.Tests.Harness;

namespace Baton.Ike.Tests.Simulation;

/// <summary>No inner address is given twice, whatever happens and whenever: a takeover at every step of what touches a pool.</summary>
public sealed class PoolTests
{
    private static readonly string[] Names = ["c0", "c1", "c2"];

    [Theory, InlineData("c1 comes"), InlineData("c0 rekeys"), InlineData("c0 goes"), InlineData("c0 comes back"), InlineData("c0 dies")]
    public void EachClientHasAnAddressOfItsOwnAfterATakeoverAnywhere(string scenario)
    {
        int runs = 0;
        foreach (bool zombie in new[] { false, true })
        {
            foreach (int applied in new[] { 0, 1, 9 })
            {
                for (int step = 0; Play(scenario, zombie, applied, step, (ulong)runs); step++) runs++;
            }
        }

        Assert.True(runs > 20, $"{runs} takeovers: the scenario has no steps");
    }

    [Fact]
    public void WhoComesBackHasItsAddressAgainAlsoFromASuccessor()
    {
        Lab lab = Started(1);
        Begin(lab, "c0");
        Begin(lab, "c1");
        string before = AddressOf(lab, "c1")!;
        lab.Right.TakeOver(applyOfPending: 9);
        lab.Run(100);
        Do(lab, "c0", sa => new IkeInput.DeleteIke(sa));
        Do(lab, "c1", sa => new IkeInput.DeleteIke(sa));
        Assert.Empty(lab.Right.Active.Endpoint.Established);

        Begin(lab, "c1");

        Assert.Equal(before, AddressOf(lab, "c1"));
    }

    [Fact]
    public void AnAddressIsFreeWhenItsPeerIsDead()
    {
        Lab lab = Started(2, size: 1, liveness: 5);
        Begin(lab, "c0");
        lab.Passes = (from, _) => from.Site != lab.Left;
        lab.Await(() => !lab.Right.Active.Endpoint.Established.Any(), 120_000, "the dead peer is found");
        lab.Passes = (_, _) => true;
        lab.Run(20_000);

        Begin(lab, "c1");

        Assert.Equal("10.9.0.1", AddressOf(lab, "c1"));
    }

    [Fact]
    public void WhileARefusedCommitIsTakenBackTheAddressIsNobodyElses()
    {
        // c0's rekey is refused by the ledger: until its old record is restored its address is not free, though its IKE SA is out of memory.
        Lab lab = Started(3, size: 2);
        Begin(lab, "c0");
        string held = AddressOf(lab, "c0")!;
        lab.Right.RefuseNext = true;
        lab.Right.RestoreMilliseconds = 500;
        Ask(lab, "c0", sa => new IkeInput.RekeyIke(sa));
        lab.Await(() => !lab.Right.RefuseNext, 1_000, "refused");
        Begin(lab, "c1");
        lab.Left.Active.Step(new IkeInput.Initiate("c2"));
        lab.Run(5_000);

        Assert.Null(AddressOf(lab, "c2"));
        Assert.Equal(held, AddressOf(lab, "c0"));
        Assert.Null(WhyNot(lab));
    }

    /// <summary>False: the scenario had no such step.</summary>
    private static bool Play(string scenario, bool zombie, int applied, int step, ulong seed)
    {
        Lab lab = Started(seed);
        Begin(lab, "c0");
        if (scenario == "c0 comes back") Do(lab, "c0", sa => new IkeInput.DeleteIke(sa));
        switch (scenario)
        {
            case "c1 comes":
                lab.Left.Active.Step(new IkeInput.Initiate("c1"));
                break;
            case "c0 rekeys":
                Ask(lab, "c0", sa => new IkeInput.RekeyIke(sa));
                break;
            case "c0 goes":
                Ask(lab, "c0", sa => new IkeInput.DeleteIke(sa));
                break;
            case "c0 comes back":
                lab.Left.Active.Step(new IkeInput.Initiate("c0"));
                break;
            case "c0 dies":
                lab.Left.Restart();                             // and is there again, with INITIAL_CONTACT
                lab.Left.Active.Step(new IkeInput.Initiate("c0"));
                break;
        }

        long end = lab.Now.Nanoseconds + 2_000_000_000L;
        bool reached = true;
        for (int i = 0; i < step && reached; i++) reached = lab.Now.Nanoseconds < end && lab.Step();
        if (!reached) return false;

        lab.Right.WakeEvery = TimeSpan.FromMilliseconds(seed % 2 * 300);
        lab.Right.TakeOver(zombie, applied);
        foreach (string name in Names) lab.Left.Active.Step(new IkeInput.Initiate(name));
        lab.Run(90_000);
        foreach (string name in Names) Begin(lab, name);
        if (WhyNot(lab) is { } why) Assert.Fail($"{scenario}, takeover{(zombie ? " (zombie)" : "")} at step {step}, {applied} pending applied, seed {seed}: {why}\n{lab.Tail()}");
        return true;
    }

    private static string? WhyNot(Lab lab)
    {
        IkeSaFacts[] given = [.. lab.Right.Active.Endpoint.Established.Where(each => each.GivenToPeer.Count > 0)];
        if (given.SelectMany(each => each.GivenToPeer).GroupBy(each => each).FirstOrDefault(each => each.Count() > 1) is { } twice) return $"{twice.Key} is given twice";
        foreach (IkeSaFacts client in lab.Left.Active.Endpoint.Established.Where(each => each.Assigned.Count > 0))
        {
            IkeSaFacts? there = given.FirstOrDefault(each => each.RemoteSpi == client.LocalSpi);
            if (there is null || !there.GivenToPeer.SequenceEqual(client.Assigned)) return $"{client.Connection} believes that it has {client.Assigned[0]}, the cluster says {there?.GivenToPeer[0].ToString() ?? "nothing"}";
        }

        return null;
    }

    private static Lab Started(ulong seed, int size = 3, int liveness = 0)
    {
        var lab = new Lab(seed, leftReplicated: false, rightReplicated: true);
        Connection right = Setups.Right(lab);
        lab.Left.Policy = Lab.QuickPolicy with
        {
            Connections = [.. Names.Select(name => Setups.Left(lab, name: name) with
            {
                KeepUp = false, AsksForIPv4 = true, Credentials = Setups.Credentials(name, "right"), Children = [new ChildPolicy("net") { Remote = [Setups.RightNet] }],
            })],
        };
        lab.Right.Policy = Lab.QuickPolicy with
        {
            Connections = [right with
            {
                Remote = null, GivesAddressesFrom = ["four"], Liveness = TimeSpan.FromSeconds(liveness), Credentials = right.Credentials with { RemoteIdentity = null },
                Children = [right.Children[0] with { Remote = [] }],
            }],
        };
        lab.Right.Pools = () => new() { ["four"] = new AddressPool(IPAddress.Parse("10.9.0.1"), IPAddress.Parse($"10.9.0.{size}")) };
        lab.Start();
        return lab;
    }

    /// <summary>Asked for until it has its address: it may be up, or on its way.</summary>
    private static void Begin(Lab lab, string name)
    {
        lab.Left.Active.Step(new IkeInput.Initiate(name));
        lab.Await(() => AddressOf(lab, name) is not null, 60_000, $"{name} has an address");
    }

    private static void Ask(Lab lab, string name, Func<IkeSaId, IkeInput> input) =>
        lab.Left.Active.Step(input(lab.Left.Active.Endpoint.Established.Single(each => each.Connection == name).Id));

    private static void Do(Lab lab, string name, Func<IkeSaId, IkeInput> input)
    {
        Ask(lab, name, input);
        lab.Run(1_000);
    }

    private static string? AddressOf(Lab lab, string name) =>
        lab.Left.Active.Endpoint.Established.FirstOrDefault(each => each.Connection == name && each.Assigned.Count > 0)?.Assigned[0].ToString();
}
