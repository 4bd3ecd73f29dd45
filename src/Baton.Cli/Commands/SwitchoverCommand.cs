using System.CommandLine;
using Baton.Cli.Operators;
using Baton.Cluster.Protos;

namespace Baton.Cli.Commands;

/// <summary><c>baton switchover</c>: asks the active to hand over, and waits for the outcome.</summary>
internal static class SwitchoverCommand
{
    public static Command Create()
    {
        var cluster = new ClusterOptionSet();
        var to = new Option<string?>("--to") { Description = "The member that shall take over; without it the designated successor." };
        var wait = new Option<int>("--wait") { Description = "Seconds to wait for the outcome.", DefaultValueFactory = _ => 10 };
        var command = new Command("switchover", "A planned switchover: no packet is lost, no number repeated.") { to, wait };
        cluster.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            int seconds = parsed.GetValue(wait);
            if (seconds is < 1 or > 600) throw new UsageException("--wait is a number from 1 to 600");
            (ClusterClient client, IReadOnlyList<string> handlers, _) = cluster.Open(parsed);
            using (client)
            {
                if (handlers.Count == 0) throw new UsageException("a switchover goes by the handler; name it with --handler or --config");
                foreach (string handler in handlers)
                {
                    Answer<SwitchoverReply> answer = await client.SwitchoverAsync(handler, parsed.GetValue(to), TimeSpan.FromSeconds(seconds), cancellation).ConfigureAwait(false);
                    if (answer.Value is not { } reply)
                    {
                        await Console.Error.WriteLineAsync($"baton: handler {answer.Error}").ConfigureAwait(false);
                        continue;
                    }

                    Console.WriteLine(reply.Done ? $"{reply.Holder?.Member} is active in term {reply.Term}" : $"no switchover: {reply.Detail}");
                    return reply.Done ? ExitCode.Ok : ExitCode.Failed;
                }

                return ExitCode.Failed;
            }
        });
        return command;
    }
}
