using System.Text.Json.Nodes;
using Baton.Cli.Operators;
using Baton.Cluster.Protos;

namespace Baton.Cli.Tests.Operators;

/// <summary>Pages of calls are asked for until all is there, and what programs read of them.</summary>
public sealed class CallQueryTests
{
    private readonly List<ReportCalls> _asked = [];

    [Fact]
    public async Task Every_call_comes_once()
    {
        Answer<CallReports> answer = await new CallQuery("", 0, 0).CollectAsync(request => Ask(request, 450));
        Assert.Equal(Enumerable.Range(1, 450).Select(id => (ulong)id), answer.Value!.Calls.Select(call => call.Id));
        Assert.Equal((0UL, ""), (answer.Value.MoreAfter, answer.Error));
        Assert.Equal([0UL, 200, 400], _asked.Select(request => request.After));
    }

    [Fact]
    public async Task A_limit_ends_it_and_says_where_the_next_page_begins()
    {
        Answer<CallReports> answer = await new CallQuery("*@proxy", 10, 250).CollectAsync(request => Ask(request, 450));
        Assert.Equal(Enumerable.Range(11, 250).Select(id => (ulong)id), answer.Value!.Calls.Select(call => call.Id));
        Assert.Equal(260UL, answer.Value.MoreAfter);
        Assert.Equal([200u, 50u], _asked.Select(request => request.Most));
        Assert.All(_asked, request => Assert.Equal("*@proxy", request.Call));
    }

    [Fact]
    public async Task Where_a_later_page_fails_what_came_before_is_the_answer_with_the_reason()
    {
        Answer<CallReports> answer = await new CallQuery("", 0, 0).CollectAsync(request => request.After == 0 ? Ask(request, 450) : Task.FromResult(new Answer<CallReports>(null, "gone")));
        Assert.Equal((200, 200UL, "gone"), (answer.Value!.Calls.Count, answer.Value.MoreAfter, answer.Error));
    }

    [Fact]
    public void A_program_reads_each_direction_and_null_where_nothing_is_known()
    {
        var call = new CallReport { Id = 7, Name = "one@proxy", FromTag = "f", ToTag = "t", A = new LegReport { Suite = "AEAD_AES_128_GCM", Packets = 9 }, B = new LegReport { Heard = new HeardReport { Lost = 3 } } };
        call.A.Streams.Add(new StreamReport { Packets = 9, LostInTakeover = 2, Whole = new StretchReport { Packets = 9, Lost = 2, LongestGapMs = 55, Mos = 4.1 } });
        var reports = new CallReports { Member = "m1", Active = true };
        reports.Calls.Add(call);

        JsonNode told = JsonNode.Parse(CallTable.Text(CallTable.ToJson([reports], ["m2: nothing answers there"])))!["mediaGateways"]![0]!["calls"]![0]!;
        Assert.Equal(("one@proxy", "f", "t", "m1"), ((string?)told["callId"], (string?)told["fromTag"], (string?)told["toTag"], (string?)told["mediaGateway"]));
        JsonNode stream = told["a"]!["streams"]![0]!;
        Assert.Equal((2, 55, 4.1), ((int)stream["lostInTakeover"]!, (int)stream["tenure"]!["longestGapMs"]!, (double)stream["tenure"]!["mos"]!));
        Assert.Null(stream["now"]);
        Assert.Equal(3, (int)told["b"]!["heard"]!["lost"]!);
        Assert.Null(told["b"]!["heard"]!["mos"]);
        Assert.Null(told["a"]!["heard"]);
    }

    private Task<Answer<CallReports>> Ask(ReportCalls request, ulong last)
    {
        _asked.Add(request.Clone());
        var page = new CallReports { Member = "m1" };
        for (ulong id = request.After + 1; id <= last && page.Calls.Count < request.Most; id++)
            page.Calls.Add(new CallReport { Id = id });
        page.MoreAfter = page.Calls.Count > 0 && page.Calls[^1].Id < last ? page.Calls[^1].Id : 0;
        return Task.FromResult(new Answer<CallReports>(page, ""));
    }
}
