using Baton.Cli.Demo.Setup;
using Baton.Handler.Ledgers;

namespace Baton.Cli.Tests.Commands;

/// <summary>What the handler's messages advise is there.</summary>
[Collection("console")]
public sealed class LedgerCommandsTests
{
    [Fact]
    public async Task A_ledger_is_copied_while_its_handler_runs_and_brought_back_while_it_does_not()
    {
        using var folder = new RunFolder();
        using AddressBlock block = AddressBlock.Claim();
        var files = new NodeFiles(folder, new Topology(block));
        files.Write(new NegotiatedSas(0, 1));
        (string ledger, string copy) = (folder.File(NodeFiles.Ledger), folder.File("copy.db"));
        string[] backup = ["handler", files.Of("h"), "backup", copy], restore = ["handler", files.Of("h"), "restore", copy];

        Assert.Equal(ExitCode.Failed, await BatonProgram.RunAsync(backup));          // no handler has run yet
        Guid before;
        using (SqliteLedger open = SqliteLedger.Open(ledger))
        {
            before = open.Load().Snapshot.Cluster.LedgerId;
            Assert.Equal(ExitCode.Ok, await BatonProgram.RunAsync(backup));
            Assert.Equal(ExitCode.Failed, await BatonProgram.RunAsync(backup));      // never over a copy
            Assert.Equal(ExitCode.Failed, await BatonProgram.RunAsync(restore));     // never under a handler
        }

        Assert.Equal(ExitCode.Ok, await BatonProgram.RunAsync(restore));
        using (SqliteLedger after = SqliteLedger.Open(ledger)) Assert.NotEqual(before, after.Load().Snapshot.Cluster.LedgerId);
        Assert.Equal(ExitCode.Usage, await BatonProgram.RunAsync(["handler", files.Of("a"), "restore", copy]));
        Assert.Equal(ExitCode.Usage, await BatonProgram.RunAsync(["handler", "restore", copy]));
    }
}
