using Baton.Fuzz.Targets;

namespace Baton.Fuzz;

/// <summary>All targets by name. A new one needs a line here, a folder of seeds in fuzz/corpus, and a line in fuzz/README.md.</summary>
public static class FuzzTargets
{
    public static IReadOnlyList<IFuzzTarget> All { get; } = [new IkeParserTarget(), new IkeCredentialsTarget(), new IkeExchangesTarget(), new NgTarget(), new SdesTarget(), new ControllerTarget()];

    public static IFuzzTarget? Find(string name) => All.FirstOrDefault(target => target.Name == name);
}
