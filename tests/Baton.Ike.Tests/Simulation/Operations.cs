using System.Net;
using Baton.Ike.Tests.Harness;

namespace Baton.Ike.Tests.Simulation;

/// <summary>What can be asked of a side that is up.</summary>
public enum Operation
{
    RekeyChild,
    RekeyIke,
    Probe,
    DeleteChild,
    DeleteIke,
    CatchUp,
}

internal static class Operations
{
    public static void Ask(Site site, Operation operation)
    {
        IkeHost host = site.Active;
        IkeSaFacts? sa = host.Endpoint.Established.LastOrDefault();
        ChildSaId child = host.Data.Children.Keys.LastOrDefault();
        if (sa is null) return;
        IkeInput input = operation switch
        {
            Operation.RekeyChild => new IkeInput.RekeyChild(child),
            Operation.RekeyIke => new IkeInput.RekeyIke(sa.Id),
            Operation.Probe => new IkeInput.Probe(sa.Id),
            Operation.DeleteChild => new IkeInput.DeleteChild(child),
            Operation.DeleteIke => new IkeInput.DeleteIke(sa.Id),
            _ => new IkeInput.InboundBehind(child, 1000),
        };
        host.Step(input);
    }

    /// <summary>Asks, and waits until both sides agree on what came of it.</summary>
    public static void Do(Lab lab, Site site, Operation operation)
    {
        Ask(site, operation);
        lab.Run(5_000);
        lab.Await(() => Agreement.WhyNot(lab) is null, 10_000, $"agreement after {operation} by {site.Name}");
    }

    /// <summary>A packet wants out where no child is.</summary>
    public static void AskForChild(Lab lab)
    {
        lab.Left.Active.Step(new IkeInput.Acquire(
            "to-right", new(17, 1000, 1000, IPAddress.Parse("10.1.0.5"), IPAddress.Parse("10.1.0.5")), new(17, 2000, 2000, IPAddress.Parse("10.2.0.5"), IPAddress.Parse("10.2.0.5"))));
        lab.Run(1_000);
    }
}
