namespace Baton.Cli.Demo;

/// <param name="Sas">Further pairs of SAs beside the call's and the probe's.</param>
/// <param name="Json">Where the results go for programs; null: nowhere.</param>
/// <param name="Report">The report's folder; null: one with the date in the current folder.</param>
/// <param name="Seed">Of what is drawn at random, keys excepted: those are never repeatable.</param>
/// <param name="Fast">Shorter calm between the events.</param>
/// <param name="KeepLogs">The logs of all processes go into the report's folder.</param>
public sealed record DemoOptions(int Sas, string? Json, string? Report, int Seed, bool Fast, bool KeepLogs)
{
    /// <summary>Instead of the events: run so long with none, and say what it cost. Null: the events.</summary>
    public TimeSpan? Soak { get; init; }

    public DemoProfile Profile { get; init; }

    /// <summary>Of <see cref="DemoProfile.Controller"/>: calls that run at once.</summary>
    public int Calls { get; init; } = 12;

    /// <summary>There is no handler beside the router: the router keeps the records and the term.</summary>
    public bool LedgerInRouter { get; init; }

    /// <summary>After the soak, some seconds at ten times the packet rate: it needs two cores for itself.</summary>
    public bool Tenfold { get; init; }
}

/// <summary>How the processes of a run reach each other.</summary>
public enum DemoProfile
{
    /// <summary>Loopback addresses.</summary>
    Plain,

    /// <summary>Blades of a chassis: a backplane of Unix sockets, no IP between them.</summary>
    Blades,

    /// <summary>Loopback addresses; the members are media gateways, and a controller places calls on them.</summary>
    Controller,
}
