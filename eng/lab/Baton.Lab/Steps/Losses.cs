using Baton.Lab.Batons;
using Baton.Lab.Hosts;

namespace Baton.Lab.Steps;

/// <summary>Where packets went that did not come: every counter of a loss, of each host's kernel and of each gateway, and what has grown since it was looked at.</summary>
/// <param name="nodes">Gateways that are asked for their own counters.</param>
public sealed class Losses(IReadOnlyList<Host> hosts, IReadOnlyList<OperatedNode> nodes)
{
    /// <summary>Counters of a gateway that grow without a loss: all others of these kinds name what became of a packet that did not go on.</summary>
    private static readonly string[] Losing = ["esp.", "socket.", "sync.handover-overflow", "ike.drop."];

    private static readonly HashSet<string> Harmless = ["esp.delivered", "esp.sealed", "esp.held", "esp.handed-over", "esp.dummy"];

    private readonly Dictionary<string, long> _before = Read(hosts, nodes);

    /// <summary>A line for each counter that has grown; or that none has.</summary>
    public string Tell()
    {
        string[] grown =
        [
            .. from counter in Read(hosts, nodes)
            let more = counter.Value - _before.GetValueOrDefault(counter.Key)
            where more > 0
            select $"{counter.Key} +{more}",
        ];
        return grown.Length > 0 ? $"of the counters of losses have grown meanwhile: {string.Join("; ", grown)}" : "no counter of a loss has grown meanwhile, of no host's kernel nor of a gateway";
    }

    /// <summary>Of sockets with the same port the sum.</summary>
    private static Dictionary<string, long> Read(IReadOnlyList<Host> hosts, IReadOnlyList<OperatedNode> nodes) =>
        hosts.SelectMany(DropCounters.Read).Append(DropCounters.Backlog()).Concat(nodes.SelectMany(Read))
            .GroupBy(counter => counter.Name, counter => counter.Value).ToDictionary(group => group.Key, group => group.Sum());

    private static IEnumerable<(string Name, long Value)> Read(OperatedNode node) =>
        from counter in node.Counters()
        where Losing.Any(kind => counter.Name.StartsWith(kind, StringComparison.Ordinal)) && !Harmless.Contains(counter.Name)
        select ($"{node.Name}: {counter.Name}", counter.Value);
}
