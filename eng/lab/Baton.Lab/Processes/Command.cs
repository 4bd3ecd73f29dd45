using System.Diagnostics;
using System.Text;

namespace Baton.Lab.Processes;

/// <summary>A command that does its work and ends; its output is the answer.</summary>
public static class Command
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static string Run(string file, params IEnumerable<string> arguments) => Run(file, arguments, null);

    public static string Run(string file, IEnumerable<string> arguments, string? input)
    {
        (int status, string output) = Try(file, arguments, input);
        return status == 0 ? output : throw new LabException($"{file} {string.Join(' ', arguments)}: status {status}: {output.Trim()}");
    }

    /// <summary>Standard output and error in one, in the order in which they came.</summary>
    public static (int Status, string Output) Try(string file, IEnumerable<string> arguments, string? input = null)
    {
        var info = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using Process process = Process.Start(info) ?? throw new LabException($"{file} cannot be started");
        var output = new StringBuilder();
        DataReceivedEventHandler take = (_, e) =>
        {
            if (e.Data is null) return;
            lock (output) output.AppendLine(e.Data);
        };
        process.OutputDataReceived += take;
        process.ErrorDataReceived += take;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (input is not null) process.StandardInput.Write(input);
        process.StandardInput.Close();
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            throw new LabException($"{file} {string.Join(' ', arguments)} did not end within {Patience.TotalSeconds} s");
        }

        process.WaitForExit();                                  // the end of its output too
        lock (output) return (process.ExitCode, output.ToString());
    }
}
