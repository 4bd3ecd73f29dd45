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

    [Theory]
    [InlineData(0, 1)]      // of the first page
    [InlineData(1_000, 2)]
    public async Task AMemberThatMissesAPageIsAskedForItAgain(ulong after, int times)
    {
        ulong[] ids = [.. Enumerable.Range(1, 2_500).Select(i => (ulong)i)];
        Answer<ClusterStatus> answer = await CollectAsync(SaQuery.All, ids, ids, (request, name) => name == "b" && request.After == after && times-- > 0);
        Assert.Equal("", answer.Error);
        Assert.Equal(ids, Ids(answer.Value!, "a"));
        Assert.Equal(ids, Ids(answer.Value!, "b"));
    }

    [Fact]
    public async Task AMemberThatNeverAnswersMakesNobodyElsesListShorterAndTheAnswerSaysSo()
    {
        ulong[] ids = [.. Enumerable.Range(1, 2_500).Select(i => (ulong)i)];
        Answer<ClusterStatus> answer = await CollectAsync(SaQuery.All, ids, ids, (request, name) => name == "b" && request.After >= 1_000);
        Assert.Equal("b did not answer: the list of SAs is incomplete", answer.Error);
        Assert.Equal(ids, Ids(answer.Value!, "a"));
        Assert.Equal(ids[..1_000], Ids(answer.Value!, "b"));
        Assert.Equal([0UL, 1_000, 1_000, 1_000, 2_000], _asked.Select(request => request.After));

        answer = await CollectAsync(SaQuery.All, ids, ids, (request, _) => request.After >= 1_000);
        Assert.Equal("a, b did not answer: the list of SAs is incomplete", answer.Error);
        Assert.All(answer.Value!.Members.Take(2), member => Assert.Equal(1_000UL, member.Last.MoreAfter));  // there is more where it broke off
    }

    private async Task<ClusterStatus> CollectAsync(SaQuery query, ulong[] ofA, ulong[] ofB)
    {
        Answer<ClusterStatus> answer = await CollectAsync(query, ofA, ofB, (_, _) => false);
        Assert.Equal("", answer.Error);
        return answer.Value!;
    }

    private Task<Answer<ClusterStatus>> CollectAsync(SaQuery query, ulong[] ofA, ulong[] ofB, Func<StatusRequest, string, bool> isLate) =>
        query.CollectAsync(
            request =>
            {
                _asked.Add(request.Clone());
                var page = new ClusterStatus();
                foreach ((string name, ulong[] ids) in new[] { ("a", ofA), ("b", ofB) })
                {
                    bool late = isLate(request, name);
                    page.Members.Add(new MemberReport { Name = name, Unanswered = late, Last = late ? new NodeStatus { Name = name } : Node(name, ids, request) });
                }

                page.Members.Add(new MemberReport { Name = "c" });
                return Task.FromResult(new Answer<ClusterStatus>(page, ""));
            },
            cluster => cluster.Members.Select(member => member.Last).OfType<NodeStatus>(),
            cluster => cluster.Members.Where(member => member.Unanswered).Select(member => member.Name));

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
