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
        var command = new Command("status", "How the cluster is: members, term, leases, and whether the standby would work if the active died now.") { json, sas };
        cluster.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            (ClusterClient client, IReadOnlyList<string> handlers, IReadOnlyList<string> nodes) = cluster.Open(parsed);
            using (client)
            {
                StatusPicture picture = await StatusPicture.TakeAsync(client, handlers, nodes, Patience, cancellation).ConfigureAwait(false);
                if (parsed.GetValue(json)) StatusJson.Write(picture, Console.Out);
                else StatusTable.Write(picture, parsed.GetValue(sas));
                return picture.IsReady ? ExitCode.Ok : ExitCode.Failed;
            }
        });
        return command;
    }
}
