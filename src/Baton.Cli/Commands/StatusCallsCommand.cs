using System.CommandLine;
using Baton.Cli.Operators;
using Baton.Cluster.Protos;

namespace Baton.Cli.Commands;

/// <summary><c>baton status calls</c>: what media gateways carry, and how it is heard.</summary>
internal static class StatusCallsCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public static Command Create()
    {
        var cluster = new ClusterOptionSet();
        var json = new Option<bool>("--json") { Description = "For programs." };
        var call = new Option<string>("--call") { Description = "Only this Call-ID; a pattern such as '*@proxy' for several.", DefaultValueFactory = _ => "" };
        var limit = new Option<int>("--limit") { Description = "At most so many of a media gateway; 0 for all.", DefaultValueFactory = _ => 50 };
        var after = new Option<ulong>("--after") { Description = "With --limit: the next page, calls with higher ids." };
        var command = new Command("calls", "The calls of media gateways: suites, loss, gap, jitter and MOS of each direction, now and around the last takeover. --config: a controller's file names all of them.") { json, call, limit, after };
        cluster.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(limit) < 0) throw new UsageException("--limit is a number of calls, or 0 for all");
            var query = new CallQuery(parsed.GetValue(call)!, parsed.GetValue(after), parsed.GetValue(limit));
            (ClusterClient client, _, IReadOnlyList<string> own) = cluster.Open(parsed);
            using (client)
            {
                string[] members = parsed.GetValue(cluster.Config) is { } file && ConfigFiles.Load(file)?.Controller is { } controller
                    ? [.. controller.Groups.SelectMany(group => group.Members).Select(member => member.Media).Distinct()]
                    : [.. own];
                if (members.Length == 0) throw new UsageException("name a media gateway's status address with --node, or a controller's file with --config");
                Answer<CallReports>[] answers = await Task.WhenAll(members.Select(member => client.CallsAsync(member, query, Patience, cancellation))).ConfigureAwait(false);
                CallReports[] told = [.. answers.Select(answer => answer.Value).OfType<CallReports>()];
                string[] unreachable = [.. answers.Select(answer => answer.Error).Where(error => error.Length > 0)];
                if (parsed.GetValue(json))
                {
                    Console.WriteLine(CallTable.Text(CallTable.ToJson(told, unreachable)));
                }
                else
                {
                    foreach (string sentence in unreachable) await Console.Error.WriteLineAsync(sentence).ConfigureAwait(false);
                    CallTable.Write(told);
                }

                return told.Any(answer => answer.Active) ? ExitCode.Ok : ExitCode.Failed;
            }
        });
        return command;
    }
}
