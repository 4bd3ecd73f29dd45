using Baton.Cluster.Protos;

namespace Baton.Cli.Operators;

/// <summary>Which SAs an operator wants to see. They come in pages, so that no message grows with their number.</summary>
/// <param name="Connection">Only what this connection made; a pattern such as <c>branch-*</c>; empty: everything.</param>
/// <param name="Spis">Empty: any.</param>
/// <param name="After">SAs with higher ids only.</param>
/// <param name="Most">At most so many of a node, and as many IKE SAs; 0: every one.</param>
public sealed record SaQuery(string Connection, IReadOnlyList<uint> Spis, ulong After, int Most)
{
    private const int Page = 1_000;

    /// <summary>A member that misses a page is asked for it so often.</summary>
    private const int Tries = 3;

    /// <summary>Every SA.</summary>
    public static SaQuery All { get; } = new("", [], 0, 0);

    public bool WithIke { get; init; }

    /// <summary>
    /// Asks until all is there. Where a later page fails, what came before it is the answer, and its nodes say that there is more. An answer that has both, a value and a sentence,
    /// has gaps, and the sentence says whose.
    /// </summary>
    /// <param name="nodesOf">The nodes that an answer tells of. Their pages end where the shortest does, so that the same SAs of all are there.</param>
    /// <param name="lateOf">The nodes that did not answer for this page in time: it is asked for again, then without them.</param>
    internal async Task<Answer<T>> CollectAsync<T>(
        Func<StatusRequest, Task<Answer<T>>> ask, Func<T, IEnumerable<NodeStatus>> nodesOf, Func<T, IEnumerable<string>>? lateOf = null)
        where T : class
    {
        T? whole = null;
        int left = Most == 0 ? int.MaxValue : Most;
        StatusRequest request = First();
        var missing = new SortedSet<string>(StringComparer.Ordinal);
        int tries = 0;
        while (true)
        {
            request.Most = (uint)Math.Min(left, Page);
            Answer<T> answer = await ask(request).ConfigureAwait(false);
            if (answer.Value is not { } page) return whole is null ? answer : new(whole, Gaps(missing));
            string[] late = [.. lateOf?.Invoke(page).Where(name => !missing.Contains(name)) ?? []];
            if (late.Length > 0 && ++tries < Tries) continue;
            missing.UnionWith(late);
            tries = 0;                        // whoever is missing stays so: its list ends where it did not answer
            NodeStatus[] nodes = [.. nodesOf(page).Where(node => !missing.Contains(node.Name))];
            ulong after = Lowest(nodes, node => node.MoreAfter), afterIke = Lowest(nodes, node => node.MoreIkeAfter);
            foreach (NodeStatus node in nodes) End(node, after, afterIke);
            left -= nodes.Select(node => Math.Max(node.Sas.Count, node.IkeSas.Count)).DefaultIfEmpty(0).Max();
            if (whole is null) whole = Begin(page, nodesOf(page).Except(nodes), request);
            else Append([.. nodesOf(whole)], nodes);
            if ((after == 0 && afterIke == 0) || left <= 0) return new(whole, Gaps(missing));
            if (after == 0)
            {
                request.WithSas = false;
                request.Spis.Clear();
            }

            (request.After, request.AfterIke, request.WithIke) = (after, afterIke, request.WithIke && afterIke > 0);
        }
    }

    private static string Gaps(SortedSet<string> missing) => missing.Count == 0 ? "" : $"{string.Join(", ", missing)} did not answer: the list of SAs is incomplete";

    private StatusRequest First()
    {
        var request = new StatusRequest { WithSas = true, WithIke = WithIke, Connection = Connection, After = After };
        request.Spis.AddRange(Spis);
        return request;
    }

    /// <summary>The list of those that did not answer ends before its begin.</summary>
    private static T Begin<T>(T page, IEnumerable<NodeStatus> late, StatusRequest request)
    {
        foreach (NodeStatus node in late) (node.MoreAfter, node.MoreIkeAfter) = (request.After, request.AfterIke);
        return page;
    }

    private static ulong Lowest(NodeStatus[] nodes, Func<NodeStatus, ulong> end) => nodes.Select(end).Where(id => id > 0).DefaultIfEmpty(0UL).Min();

    private static void End(NodeStatus node, ulong after, ulong afterIke)
    {
        (node.MoreAfter, node.MoreIkeAfter) = (after, afterIke);
        while (after > 0 && node.Sas.Count > 0 && node.Sas[^1].Id > after) node.Sas.RemoveAt(node.Sas.Count - 1);
        while (afterIke > 0 && node.IkeSas.Count > 0 && node.IkeSas[^1].Id > afterIke) node.IkeSas.RemoveAt(node.IkeSas.Count - 1);
    }

    private static void Append(NodeStatus[] whole, NodeStatus[] page)
    {
        foreach (NodeStatus more in page)
        {
            if (Array.Find(whole, node => node.Name == more.Name) is not { } node) continue;    // it was not there at first
            node.Sas.AddRange(more.Sas);
            node.IkeSas.AddRange(more.IkeSas);
            (node.MoreAfter, node.MoreIkeAfter) = (more.MoreAfter, more.MoreIkeAfter);
        }
    }
}
