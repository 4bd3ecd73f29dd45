using System.CommandLine;
using Baton.Cluster.Configuration;

namespace Baton.Cli.Commands;

/// <summary>The processes of a cluster, each with one configuration file.</summary>
internal static class ProcessCommands
{
    public static IEnumerable<Command> Create()
    {
        Command handler = Node("handler", NodeRole.Handler, "Keeps the records and the term: one a cluster.");
        foreach (Command ledger in LedgerCommands.Create((Argument<string>)handler.Arguments[0])) handler.Add(ledger);
        yield return handler;
        yield return Node("gateway", NodeRole.Gateway, "A member of a cluster: active or standby.");
        yield return Node("media", NodeRole.Media, "A member that relays calls in place of tunnels: plain RTP and SRTP.");
        yield return Node("peer", NodeRole.Peer, "The other end alone: a client or a branch gateway.");
        yield return Node("controller", NodeRole.Controller, "Media gateway controller: a handler that also places the calls of a SIP proxy (ng protocol) on media gateways.");
        yield return Node("router", NodeRole.Router, "Steers a peer's packets to the active where no address can move.");
    }

    private static Command Node(string name, NodeRole role, string description)
    {
        var file = new Argument<string>("FILE") { Description = "The node's configuration (TOML)." };
        var command = new Command(name, description) { file };
        command.SetAction(async (parsed, cancellation) =>
        {
            string path = parsed.GetRequiredValue(file);
            if (ConfigFiles.Load(path) is not { } options) return ExitCode.Usage;
            if (options.Role != role)
            {
                await Console.Error.WriteLineAsync($"baton: {path} is of a {Enum.GetName(options.Role)!.ToLowerInvariant()}; start it with 'baton {Enum.GetName(options.Role)!.ToLowerInvariant()} {path}'").ConfigureAwait(false);
                return ExitCode.Usage;
            }

            return await NodeProcesses.RunAsync(options, cancellation).ConfigureAwait(false);
        });
        return command;
    }
}
