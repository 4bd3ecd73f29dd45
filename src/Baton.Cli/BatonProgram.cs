using System.CommandLine;
using System.CommandLine.Invocation;
using Baton.Cli.Commands;

namespace Baton.Cli;

/// <summary>The one executable: every process of a cluster and every tool of its operator is a command of it.</summary>
public static class BatonProgram
{
    public static async Task<int> RunAsync(string[] args)
    {
        ParseResult parsed = Create().Parse(args);
        using var termination = new Termination();
        var configuration = new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false };
        try
        {
            int exit = await parsed.InvokeAsync(configuration, termination.Token).ConfigureAwait(false);
            return parsed.Errors.Count > 0 && parsed.Action is ParseErrorAction ? ExitCode.Usage : exit;
        }
        catch (UsageException e)
        {
            await Console.Error.WriteLineAsync($"baton: {e.Message}").ConfigureAwait(false);
            return ExitCode.Usage;
        }
        catch (OperationCanceledException) when (termination.Token.IsCancellationRequested)
        {
            return ExitCode.Failed;
        }
    }

    public static RootCommand Create()
    {
        var root = new RootCommand("An IPsec gateway cluster that survives the death of a gateway without a new negotiation and without switching replay protection off.");
        foreach (Command process in ProcessCommands.Create()) root.Add(process);
        root.Add(StatusCommand.Create());
        root.Add(SwitchoverCommand.Create());
        root.Add(IkeCommands.Create());
        root.Add(PkiCommand.Create());
        root.Add(CheckCommand.Create());
        root.Add(DemoCommand.Create());
        foreach (Command voice in VoiceCommands.Create()) root.Add(voice);
        root.Add(VersionCommand.Create());
        return root;
    }
}

/// <summary>The person at the keyboard must do something else; the message says what.</summary>
public sealed class UsageException(string message) : Exception(message);
