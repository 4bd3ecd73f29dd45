using Baton.Ike.Tests.Harness;
using Baton.Wire;

namespace Baton.Ike.Tests.Simulation;

/// <summary>A minute of trouble from one seed, then quiet: both sides must agree again, and everything must still work.</summary>
internal static class RandomRun
{
    public static Lab Play(ulong seed)
    {
        var random = new SeededRandom(seed ^ 0x5EED);
        bool leftReplicated = random.Chance(0.4), rightReplicated = !leftReplicated || random.Chance(0.6);
        bool shortLives = random.Chance(0.6), pfs = random.Chance(0.4), nat = random.Chance(0.3);
        Lab lab = Setups.Standard(
            seed, each => Vary(each, shortLives, pfs, nat), each => Vary(each, shortLives, pfs, nat), leftReplicated, rightReplicated);
        lab.Loss = random.Chance(0.7) ? random.Below(30) / 100.0 : 0;
        lab.Duplication = random.Below(20) / 100.0;
        lab.DelayMilliseconds = (1, 1 + random.Below(80));
        lab.CommitMilliseconds = (0.2, 0.2 + random.Below(40));
        lab.Start();
        Plan(lab, random);
        lab.RunUntil(Instant.FromMilliseconds(60_000));
        (lab.Loss, lab.Duplication, lab.DelayMilliseconds, lab.CommitMilliseconds) = (0, 0, (2, 4), (1, 2));
        lab.Log("-- quiet");
        lab.Run(60_000);
        if (lab.Left.Active.Data.Outbound("to-right", "net") is null) Operations.AskForChild(lab);        // another may be there
        Settle(lab, "the trouble");
        foreach (Operation operation in new[] { Operation.Probe, Operation.RekeyChild, Operation.RekeyIke })
        {
            foreach (Site site in new[] { lab.Left, lab.Right })
            {
                Operations.Ask(site, operation);
                lab.Run(3_000);
                Settle(lab, $"{operation} by {site.Name}");
            }
        }

        return lab;
    }

    private static void Settle(Lab lab, string what)
    {
        string? why = null;
        for (int i = 0; i < 300 && (why = Agreement.WhyNot(lab)) is not null; i++) lab.Run(100);
        Assert.True(why is null, $"seed {lab.Seed}: after {what}: {why}\n{lab.Tail()}");
    }

    private static void Plan(Lab lab, SeededRandom random)
    {
        for (int left = random.Below(25); left > 0; left--)
        {
            Site site = random.Chance(0.5) ? lab.Left : lab.Right;
            var operation = (Operation)random.Below(random.Chance(0.3) ? Enum.GetValues<Operation>().Length : 3);
            double at = random.Below(58_000);
            lab.After(at, () => Operations.Ask(site, operation));
            if (random.Chance(0.4)) lab.After(at + random.Below(60), () => Operations.Ask(site == lab.Left ? lab.Right : lab.Left, operation));      // at the same time from both
        }

        for (int left = random.Below(6); left > 0; left--)
        {
            Site site = lab.Left.Replicated && (!lab.Right.Replicated || random.Chance(0.5)) ? lab.Left : lab.Right;
            bool zombie = random.Chance(0.4);
            TimeSpan asleep = TimeSpan.FromMilliseconds(random.Below(3) * 400);
            lab.After(random.Below(58_000), () =>
            {
                site.WakeEvery = asleep;
                site.TakeOver(zombie);
            });
        }
    }

    private static Connection Vary(Connection connection, bool shortLives, bool pfs, bool nat)
    {
        ChildPolicy child = connection.Children[0];
        if (pfs) child = child with { Proposals = [child.Proposals[0] with { Groups = [Crypto.Ike.KeyExchangeGroup.Curve25519, Crypto.Ike.KeyExchangeGroup.Ecp256] }] };
        if (shortLives) child = child with { Lifetime = new ChildLifetime { Time = new Lifetime(TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(60), 0.5) } };
        connection = Setups.WithOther(connection with { Children = [child] });
        connection = connection with { ForceUdpEncapsulation = nat, Liveness = TimeSpan.FromSeconds(10) };
        return shortLives ? connection with { IkeLifetime = new Lifetime(TimeSpan.FromSeconds(25), TimeSpan.FromSeconds(120), 0.5) } : connection;
    }
}
