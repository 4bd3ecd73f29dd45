using Baton.Cluster.Session;
using Baton.Handler.Loop;
using P = Baton.Cluster.Protos;

namespace Baton.Handler.Sessions;

/// <summary>What this handler says of itself.</summary>
internal sealed record HandlerIdentity(string Name, string Cluster, IReadOnlyList<string> Members, string Version, HandlerCompany? Company = null)
{
    private readonly long _started = Environment.TickCount64;

    public P.NodeStatus Describe(HandlerView view, HandlerCounters counters)
    {
        var status = new P.NodeStatus
        {
            Name = Name,
            Role = Company?.Role ?? "handler",
            Version = Version,
            Pid = Environment.ProcessId,
            UptimeMs = (ulong)(Environment.TickCount64 - _started),
            State = view.Storage == "ok" ? "serving" : "refusing",
            Term = view.Cluster.Term,
            Copy = Mapping.ToWire(view.Cluster),
            HandlerConnected = true,
            SaCount = (uint)view.SaCount,
            MeasuredUnixMs = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
        };
        foreach ((string name, ulong value) in counters.All()) status.Counters[name] = value;
        if (view.Storage != "ok") status.Warnings.Add(view.Storage);
        foreach (string warning in Company?.Warnings() ?? []) status.Warnings.Add(warning);
        return status;
    }
}
