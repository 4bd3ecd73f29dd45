using Baton.Cli.Operators;
using Baton.Cluster.Protos;
using Spectre.Console;

namespace Baton.Cli.Tests.Operators;

/// <summary>What `baton status calls` puts on a terminal.</summary>
[Collection("console")]
public sealed class CallTableTests
{
    /// <summary>A phone chooses its Call-ID and its tag.</summary>
    [Fact]
    public void What_a_phone_wrote_is_no_order_to_the_terminal()
    {
        var active = new CallReports { Member = "a", Active = true };
        active.Calls.Add(new CallReport { Id = 1, Name = "\u001b[2Jx\u009b3", FromTag = "[red]\u202et", ToTag = "\r\n", A = new LegReport(), B = new LegReport() });
        using var written = new StringWriter();
        IAnsiConsole before = AnsiConsole.Console;
        try
        {
            AnsiConsole.Console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(written) });
            AnsiConsole.Profile.Width = 400;
            CallTable.Write([active]);
        }
        finally
        {
            AnsiConsole.Console = before;
        }

        string text = written.ToString();
        Assert.Contains("?[2Jx?3", text, StringComparison.Ordinal);
        Assert.Contains("[red]?t ??", text, StringComparison.Ordinal);
        Assert.DoesNotContain(text, c => c is '\u001b' or '\u009b' or '\u202e' or '\r');
    }
}
