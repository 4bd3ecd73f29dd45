using System.CommandLine;
using Baton.Cli.Operators;

namespace Baton.Cli.Commands;

/// <summary><c>baton status</c>: members, term, in-sync set; for each SA the headroom of its lease, and readiness.</summary>
internal static class StatusCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public static Command Create()
    {
        var cluster = new ClusterOptionSet();
        var json = new Option<bool>("--json") { Description = "For programs." };
        var sas = new Option<bool>("--sas") { Description = "Every SA; without it those that are not ready, and the shortest leases." };
        var after = new Option<ulong>("--after") { Description = "With --limit: the next page, SAs with higher ids." };
        var filter = new SaFilter();
        var command = new Command("status", "How the cluster is: members, term, leases, and whether the standby would work if the active died now.") { json, sas, after };
        command.Subcommands.Add(StatusCallsCommand.Create());
        filter.AddTo(command);
        cluster.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            (ClusterClient client, IReadOnlyList<string> handlers, IReadOnlyList<string> nodes) = cluster.Open(parsed);
            using (client)
            {
                StatusPicture picture = await StatusPicture.TakeAsync(client, handlers, nodes, filter.Read(parsed, usualLimit: 0) with { After = parsed.GetValue(after) }, Patience, cancellation).ConfigureAwait(false);
                if (parsed.GetValue(json)) StatusJson.Write(picture, Console.Out);
                else StatusTable.Write(picture, allSas: parsed.GetValue(sas) || filter.IsUsed(parsed) || parsed.GetValue(after) > 0);
                return picture.IsReady && picture.Incomplete.Count == 0 ? ExitCode.Ok : ExitCode.Failed;
            }
        });
        return command;
    }
}
