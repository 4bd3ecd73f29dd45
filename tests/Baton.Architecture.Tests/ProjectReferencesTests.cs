namespace Baton.Architecture.Tests;

/// <summary>Arrows never turn back (ARCHITECTURE.md). Each forbidden one says why.</summary>
public sealed class ProjectReferencesTests
{
    private enum Layer
    {
        Views,
        Ciphers,
        Core,
        Contract,
        System,
        Shell,
        Program,
    }

    private static readonly Dictionary<string, Layer> Layers = new()
    {
        ["Baton.Wire"] = Layer.Views,
        ["Baton.Crypto"] = Layer.Ciphers,
        ["Baton.Esp"] = Layer.Core,
        ["Baton.Ike"] = Layer.Core,
        ["Baton.Media"] = Layer.Core,
        ["Baton.Redundancy"] = Layer.Core,
        ["Baton.Srtp"] = Layer.Core,
        ["Baton.Cluster"] = Layer.Contract,
        ["Baton.Linux"] = Layer.System,
        ["Baton.Handler"] = Layer.Shell,
        ["Baton.Gateway"] = Layer.Shell,
        ["Baton.Voice"] = Layer.Shell,
        ["Baton.Cli"] = Layer.Program,
    };

    public static TheoryData<string> Projects => [.. Repository.Projects];

    [Theory, MemberData(nameof(Projects))]
    public void Has_a_place_among_the_layers(string project) =>
        Assert.True(Layers.ContainsKey(project), $"{project}: give it a layer here and a line in ARCHITECTURE.md");

    [Theory, MemberData(nameof(Projects))]
    public void References_only_what_lies_below(string project)
    {
        foreach (string reference in Repository.References(project))
        {
            string? why = WhyNot(project, reference);
            Assert.True(why is null, $"{project} -> {reference}: {why}");
        }
    }

    [Fact]
    public void Every_forbidden_arrow_has_a_reason()
    {
        foreach (string from in Layers.Keys)
        {
            foreach (string to in Layers.Keys.Where(to => Layers[to] >= Layers[from] && (from, to) != ("Baton.Voice", "Baton.Gateway")))
                Assert.False(string.IsNullOrEmpty(WhyNot(from, to)), $"{from} -> {to} is allowed, but goes up or sideways");
        }
    }

    /// <summary>Null: allowed.</summary>
    private static string? WhyNot(string from, string to) => (Layers[from], Layers[to]) switch
    {
        (Layer.Shell or Layer.Program, Layer.Core or Layer.Contract or Layer.System or Layer.Ciphers or Layer.Views) => null,
        (Layer.Program, Layer.Shell) => null,
        (Layer.Contract, Layer.Core) when to is "Baton.Redundancy" or "Baton.Ike" => null,
        (Layer.Contract, Layer.Core) => "the contract between members and handler speaks of records, not of packets; the handler would carry the ESP code for nothing",
        (Layer.Contract, Layer.Ciphers or Layer.Views) => null,
        (Layer.System, Layer.Views) => null,
        (Layer.System, Layer.Core) => "system calls know no protocol; a shell connects the two",
        (Layer.System, Layer.Ciphers) => "system calls need no cipher; a frame is sealed by the shell and handed over as bytes",
        (Layer.System, Layer.Contract) => "system calls know no message; they take bytes",
        (Layer.Core, Layer.Ciphers or Layer.Views) => null,
        (Layer.Ciphers, Layer.Views) => null,

        (Layer.Core, Layer.Core) => "each core stands alone, so that it can be simulated alone; a shell connects them",
        (Layer.Core, Layer.System) => "a core opens no socket, reads no clock, starts no task",
        (Layer.Core, Layer.Contract) => "a core has messages of its own; their form on the wire is the contract's business",
        (Layer.Core, _) => "a core cannot depend on the shell that calls it",
        (Layer.Views, _) => "packet views are the bottom: they own and copy nothing, and need nobody",
        (Layer.Ciphers, _) => "a cipher knows neither the packets' meaning nor who asks",
        (Layer.Contract, Layer.System) => "records and messages are the same on every system",
        (Layer.Contract, _) => "the contract is below both of its ends",
        (Layer.System, _) => "system calls are below everything that uses them",
        // A media gateway is a member like any other: one engine, and calls as its path.
        (Layer.Shell, Layer.Shell) when (from, to) is ("Baton.Voice", "Baton.Gateway") => null,
        (Layer.Shell, Layer.Shell) => "two shells are two processes: they meet on the wire (Baton.Cluster), not in memory",
        (Layer.Shell, Layer.Program) => "the program calls the shells, never the other way",
        (Layer.Program, Layer.Program) => "there is one program",
        _ => "this arrow turns back",
    };
}
