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

    /// <summary>A packet wants out for which no child is, beside those that are: of <see cref="Setups.Other"/>.</summary>
    NewChild,

    /// <summary>The whole connection is wanted: the children that it has lost.</summary>
    Initiate,
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
            Operation.NewChild => Packet(sa.Connection, 3, 4),
            Operation.Initiate => new IkeInput.Initiate(sa.Connection),
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
        lab.Left.Active.Step(Packet("to-right", 1, 2));
        lab.Run(1_000);
    }

    /// <summary>From a host of the one net to one of the other, as whoever has this connection sees it.</summary>
    private static IkeInput.Acquire Packet(string connection, int leftNet, int rightNet)
    {
        (int here, int there) = connection == "to-right" ? (leftNet, rightNet) : (rightNet, leftNet);
        IPAddress from = IPAddress.Parse($"10.{here}.0.5"), to = IPAddress.Parse($"10.{there}.0.5");
        return new IkeInput.Acquire(connection, new(17, 1000, 1000, from, from), new(17, 2000, 2000, to, to));
    }
}
