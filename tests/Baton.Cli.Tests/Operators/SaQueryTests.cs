using Baton.Cli.Operators;
using Baton.Cluster.Protos;

namespace Baton.Cli.Tests.Operators;

/// <summary>Pages are asked for until all is there, and those of two members are of the same SAs.</summary>
public sealed class SaQueryTests
{
    private readonly List<StatusRequest> _asked = [];

    [Fact]
    public async Task EverySaOfEveryMemberComesOnce()
    {
        // b misses some that a has: its pages reach further.
        ulong[] ofA = [.. Enumerable.Range(1, 2_500).Select(i => (ulong)i)], ofB = [.. ofA.Where(id => id % 7 != 0)];
        ClusterStatus whole = await CollectAsync(SaQuery.All, ofA, ofB);

        Assert.Equal(ofA, Ids(whole, "a"));
        Assert.Equal(ofB, Ids(whole, "b"));
        Assert.Equal([0UL, 1_000, 2_000], _asked.Select(request => request.After));
        Assert.All(whole.Members.Take(2), member => Assert.Equal(0UL, member.Last.MoreAfter));
    }

    [Fact]
    public async Task ALimitEndsItAndSaysWhereTheNextPageBegins()
    {
        ulong[] ids = [.. Enumerable.Range(1, 2_500).Select(i => (ulong)i)];
        ClusterStatus some = await CollectAsync(SaQuery.All with { After = 10, Most = 1_200, Connection = "x" }, ids, ids);

        Assert.Equal(ids[10..1_210], Ids(some, "a"));
        Assert.Equal(1_210UL, some.Members[0].Last.MoreAfter);
        Assert.Equal([1_000u, 200u], _asked.Select(request => request.Most));
        Assert.All(_asked, request => Assert.Equal("x", request.Connection));
    }

    [Fact]
    public async Task WhereALaterPageFailsWhatCameBeforeIsTheAnswerAndSaysThatThereIsMore()
    {
        int asked = 0;
        Answer<NodeStatus> answer = await SaQuery.All.CollectAsync(
            _ => Task.FromResult(asked++ == 0 ? new Answer<NodeStatus>(Node("a", [1, 2, 3], new StatusRequest { Most = 2 }), "") : new Answer<NodeStatus>(null, "gone")), node => [node]);
        Assert.Equal((2, 2UL), (answer.Value!.Sas.Count, answer.Value.MoreAfter));

        answer = await SaQuery.All.CollectAsync(_ => Task.FromResult(new Answer<NodeStatus>(null, "gone")), node => [node]);
        Assert.Equal("gone", answer.Error);
    }

    private async Task<ClusterStatus> CollectAsync(SaQuery query, ulong[] ofA, ulong[] ofB)
    {
        Answer<ClusterStatus> answer = await query.CollectAsync(
            request =>
            {
                _asked.Add(request.Clone());
                var page = new ClusterStatus();
                page.Members.Add(new MemberReport { Name = "a", Last = Node("a", ofA, request) });
                page.Members.Add(new MemberReport { Name = "b", Last = Node("b", ofB, request) });
                page.Members.Add(new MemberReport { Name = "c" });
                return Task.FromResult(new Answer<ClusterStatus>(page, ""));
            },
            cluster => cluster.Members.Select(member => member.Last).OfType<NodeStatus>());
        return answer.Value!;
    }

    private static NodeStatus Node(string name, ulong[] ids, StatusRequest request)
    {
        var node = new NodeStatus { Name = name };
        ulong[] meant = [.. ids.Where(id => id > request.After)];
        node.Sas.AddRange(meant.Take((int)request.Most).Select(id => new SaStatus { Id = id }));
        node.MoreAfter = meant.Length > request.Most ? node.Sas[^1].Id : 0;
        return node;
    }

    private static IEnumerable<ulong> Ids(ClusterStatus cluster, string name) => cluster.Members.Single(member => member.Name == name).Last.Sas.Select(sa => sa.Id);
}
