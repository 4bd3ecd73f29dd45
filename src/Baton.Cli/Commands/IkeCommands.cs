using System.CommandLine;
using Baton.Cli.Operators;
using Baton.Cluster.Protos;

namespace Baton.Cli.Commands;

/// <summary><c>baton ike</c>: initiate, rekey, delete or probe what a node negotiates.</summary>
internal static class IkeCommands
{
    /// <summary>IKE SAs for people, where nobody says how many.</summary>
    private const int ShortList = 100;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static Command Create()
    {
        var command = new Command("ike", "Negotiate: bring a connection up, rekey it, ask its peer for a sign of life, end it; or see the IKE SAs.");
        command.Add(Verb("initiate", "Bring a connection up, or the children it has lost."));
        command.Add(Verb("rekey", "New keys: for the IKE SAs of a connection, or for one child (CONNECTION:CHILD)."));
        command.Add(Verb("probe", "Ask the peer for a sign of life."));
        command.Add(Verb("delete", "End a connection, or one child of it (CONNECTION:CHILD)."));
        command.Add(List());
        return command;
    }

    private static Command Verb(string verb, string description)
    {
        var cluster = new ClusterOptionSet();
        var connection = new Argument<string>("connection") { Description = "CONNECTION, which may be a pattern such as 'branch-*', or CONNECTION:CHILD." };
        var command = new Command(verb, description) { connection };
        cluster.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            string[] name = parsed.GetValue(connection)!.Split(':');
            if (name.Length > 2) throw new UsageException("name a connection, or CONNECTION:CHILD");
            var wish = new IkeCommand { Verb = verb, Connection = name[0], Child = name.Length > 1 ? name[1] : "" };
            (ClusterClient client, _, IReadOnlyList<string> nodes) = cluster.Open(parsed);
            using (client)
            {
                if (nodes.Count == 0) throw new UsageException("name the gateway or peer with --node, or its file with --config");
                foreach (string node in nodes)
                {
                    Answer<IkeReply> answer = await client.IkeAsync(node, wish, Patience, cancellation).ConfigureAwait(false);
                    string line = answer.Value is { } reply ? $"{node}: {reply.Detail}" : answer.Error;
                    await (answer.Value is { Done: true } ? Console.Out : Console.Error).WriteLineAsync(line).ConfigureAwait(false);
                    if (answer.Value is { Done: true }) return ExitCode.Ok;
                }

                return ExitCode.Failed;
            }
        });
        return command;
    }

    private static Command List()
    {
        var cluster = new ClusterOptionSet();
        var json = new Option<bool>("--json") { Description = "For programs." };
        var filter = new SaFilter();
        var command = new Command("status", "The IKE SAs that are up, and their children.") { json };
        filter.AddTo(command);
        cluster.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            (ClusterClient client, _, IReadOnlyList<string> nodes) = cluster.Open(parsed);
            using (client)
            {
                if (nodes.Count == 0) throw new UsageException("name the gateway or peer with --node, or its file with --config");
                bool all = true;
                SaQuery query = filter.Read(parsed, usualLimit: parsed.GetValue(json) ? 0 : ShortList) with { WithIke = true };
                foreach (string node in nodes)
                {
                    Answer<NodeStatus> answer = await client.NodeAsync(node, query, Patience, cancellation).ConfigureAwait(false);
                    all &= answer.Value is not null;
                    if (answer.Value is { } status) IkeTable.Write(status, parsed.GetValue(json));
                    else await Console.Error.WriteLineAsync(answer.Error).ConfigureAwait(false);
                }

                return all ? ExitCode.Ok : ExitCode.Failed;
            }
        });
        return command;
    }
}
