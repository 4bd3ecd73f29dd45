using System.CommandLine;
using Baton.Handler.Ledgers;

namespace Baton.Cli.Commands;

/// <summary><c>baton handler FILE backup</c> and <c>restore</c>: copies of the handler's ledger, and the one way to bring one back.</summary>
internal static class LedgerCommands
{
    /// <param name="file">Of the command that these belong to: the handler's configuration.</param>
    public static IEnumerable<Command> Create(Argument<string> file)
    {
        yield return Make(file, "backup", "Copies the ledger; the handler may run meanwhile.", "Where the copy goes; a new file.", (ledger, copy) =>
        {
            LedgerBackup.Backup(ledger, copy);
            return $"wrote {copy}";
        });
        yield return Make(file, "restore", "Makes a new ledger of a copy; the handler must not run. It holds no SA: they are negotiated again.", "The copy.", (ledger, copy) =>
        {
            Guid id = LedgerBackup.Restore(copy, ledger);
            return $"{ledger} is now ledger {id}, without SAs; start the handler, and restart every gateway: those that run refuse another ledger than theirs";
        });
    }

    private static Command Make(Argument<string> file, string name, string description, string what, Func<string, string, string> act)
    {
        var copy = new Argument<string>("COPY") { Description = what };
        var command = new Command(name, description) { copy };
        command.SetAction(parsed =>
        {
            string path = parsed.GetValue(file) ?? throw new UsageException($"name the handler's file first: baton handler FILE {name} COPY");
            if (ConfigFiles.Load(path) is not { } options) return ExitCode.Usage;
            if (options.Handler is not { } handler) throw new UsageException($"{path} is of no handler, nor of a router with one");
            try
            {
                Console.WriteLine(act(handler.Ledger, parsed.GetRequiredValue(copy)));
                return ExitCode.Ok;
            }
            catch (Exception e) when (e is LedgerException or IOException or UnauthorizedAccessException)
            {
                Console.Error.WriteLine($"baton: {e.Message}");
                return ExitCode.Failed;
            }
        });
        return command;
    }
}
