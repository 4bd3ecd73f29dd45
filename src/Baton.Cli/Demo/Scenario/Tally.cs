using Baton.Cluster.Protos;

namespace Baton.Cli.Demo.Scenario;

/// <summary>Counters of gateways that come and go: the last ones of each process, summed.</summary>
public sealed class Tally
{
    private readonly Dictionary<int, NodeStatus> _last = [];

    public SyncTraffic Sum
    {
        get
        {
            ulong messages = 0, bytes = 0, ticks = 0;
            foreach (NodeStatus status in _last.Values)
            {
                messages += Counter(status, "sync.messages-sent");
                bytes += Counter(status, "sync.bytes-sent");
                ticks += Counter(status, "engine.ticks");
            }

            return new(messages, bytes, ticks);
        }
    }

    public void Note(NodeStatus status) => _last[status.Pid] = status;

    /// <summary>Packets refused with the verdict "replayed".</summary>
    public static ulong Replayed(NodeStatus status) => Counter(status, "esp.replayed");

    public static ulong Counter(NodeStatus status, string name) => status.Counters.TryGetValue(name, out ulong value) ? value : 0;
}
