using System.Globalization;
using Baton.Cluster.Protos;

namespace Baton.Cli.Operators;

/// <summary>What could be learned of a cluster just now, from whoever answered.</summary>
public sealed class StatusPicture
{
    internal StatusPicture(ClusterStatus? cluster, IReadOnlyList<NodeStatus> nodes, IReadOnlyList<string> unreachable, IReadOnlyList<string>? incomplete = null) =>
        (Cluster, Nodes, Unreachable, Incomplete) = (cluster, nodes, unreachable, incomplete ?? []);

    /// <summary>Null: no handler answered.</summary>
    public ClusterStatus? Cluster { get; }

    /// <summary>What nodes said themselves when asked directly.</summary>
    public IReadOnlyList<NodeStatus> Nodes { get; }

    /// <summary>One sentence for each that did not answer.</summary>
    public IReadOnlyList<string> Unreachable { get; }

    /// <summary>One sentence for each answer whose list of SAs has gaps.</summary>
    public IReadOnlyList<string> Incomplete { get; }

    /// <summary>The youngest record that anybody showed.</summary>
    public ClusterRecord? Record => Cluster?.Record ?? Nodes.Where(node => node.Copy is not null).MaxBy(node => node.Copy.Revision)?.Copy;

    /// <summary>Members with the age of what is shown: from the handler, or first-hand where that is younger.</summary>
    public IEnumerable<(string Name, NodeStatus? Last, TimeSpan? Age, bool Connected, string Witness)> Members
    {
        get
        {
            var shown = new HashSet<string>();
            foreach (MemberReport report in Cluster?.Members ?? [])
            {
                shown.Add(report.Name);
                NodeStatus? direct = Nodes.FirstOrDefault(node => node.Role is "gateway" or "media" && node.Name == report.Name);
                NodeStatus? last = direct ?? report.Last;
                TimeSpan? age = direct is not null ? TimeSpan.Zero : last is null ? null : TimeSpan.FromMilliseconds(report.AgeMs);
                yield return (report.Name, last, age, report.Connected, report.Witness);
            }

            foreach (NodeStatus node in Nodes.Where(node => node.Role is "gateway" or "media" && shown.Add(node.Name)))
                yield return (node.Name, node, TimeSpan.Zero, node.HandlerConnected, "");
        }
    }

    /// <summary>What is older than this says nothing of now: a member that has a session is asked for each picture.</summary>
    internal static readonly TimeSpan Fresh = TimeSpan.FromSeconds(3);

    /// <summary>Would somebody carry every SA on if the active died now?</summary>
    public bool IsReady => WhyNotReady is null;

    /// <summary>Why the standby would not work if the active died now; null: it would.</summary>
    public string? WhyNotReady
    {
        get
        {
            if (Record is not { Term: > 0 } record) return "no gateway has been active yet";
            if (record.Designee is not { } designee) return "the active has named no successor";
            string name = designee.Member;
            if (record.InSync.All(member => !member.Equals(designee))) return $"{name} is not in sync";
            (_, NodeStatus? last, TimeSpan? age, _, _) = Members.FirstOrDefault(member => member.Name == name);
            if (last is null || age is null) return $"nothing was heard of {name}";
            if (age > Fresh) return string.Create(CultureInfo.InvariantCulture, $"{name} was last heard {age.Value.TotalSeconds:0} s ago");
            if (last.Incarnation is { } life && !life.Equals(designee)) return $"{name} started again since it was named";
            if (last.State != "standby") return $"{name} is {last.State}";
            if (last.SaReady != last.SaCount) return last.NotReadyWhy.Length > 0 ? $"{name}: {last.NotReadyWhy}" : $"{name} has {last.SaReady} of {last.SaCount} SAs ready";
            return OtherKeys > 0 ? $"{OtherKeys} SAs have another key at {name}: the cluster keys differ" : null;
        }
    }

    /// <summary>How many of the active's SAs a member that takes over the copy has built so far; null where nothing is under way.</summary>
    public (uint Built, uint Of)? CopyOf(NodeStatus member)
    {
        uint of = Members.FirstOrDefault(other => other.Name == Record?.Holder?.Member).Last?.SaCount ?? 0;
        uint toBuild = (uint)Math.Min(member.SaCount, member.Counters.GetValueOrDefault("records.to-build"));
        uint built = member.SaCount - toBuild;
        bool isUnderWay = toBuild > 0 || member.SaCount == 0;  // an SA that one of two reports has and the other has not yet is no copy
        return member.State != "standby" || !isUnderWay || built >= of ? null : (built, of);
    }

    /// <summary>SAs whose keys at the designated successor are not those of the active, by their check values.</summary>
    public int OtherKeys
    {
        get
        {
            NodeStatus? active = Members.FirstOrDefault(member => member.Name == Record?.Holder?.Member).Last;
            NodeStatus? successor = Members.FirstOrDefault(member => member.Name == Record?.Designee?.Member).Last;
            if (active is null || successor is null) return 0;
            Dictionary<ulong, ulong> keys = active.Sas.ToDictionary(sa => sa.Id, sa => sa.KeyCheck);
            return successor.Sas.Count(sa => keys.TryGetValue(sa.Id, out ulong check) && check != sa.KeyCheck);
        }
    }

    public static async Task<StatusPicture> TakeAsync(
        ClusterClient client, IReadOnlyList<string> handlers, IReadOnlyList<string> nodes, SaQuery query, TimeSpan patience, CancellationToken cancellation)
    {
        List<string> unreachable = [], incomplete = [];
        ClusterStatus? cluster = null;
        foreach (string handler in handlers)
        {
            Answer<ClusterStatus> answer = await client.StatusAsync(handler, query, patience, cancellation).ConfigureAwait(false);
            cluster = answer.Value;
            if (cluster is null)
            {
                unreachable.Add($"handler {answer.Error}");
                continue;
            }

            if (answer.Error.Length > 0) incomplete.Add(answer.Error);
            break;
        }

        var told = new List<NodeStatus>();
        foreach (Answer<NodeStatus> answer in await Task.WhenAll(nodes.Select(node => client.NodeAsync(node, query, patience, cancellation))).ConfigureAwait(false))
        {
            if (answer.Value is { } status) told.Add(status);
            if (answer.Error.Length > 0) (answer.Value is null ? unreachable : incomplete).Add($"node {answer.Error}");
        }

        return new(cluster, told, unreachable, incomplete);
    }
}
