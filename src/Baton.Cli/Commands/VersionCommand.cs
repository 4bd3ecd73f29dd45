using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Baton.Cli.Commands;

internal static class VersionCommand
{
    public static string Text { get; } =
        typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public static Command Create()
    {
        var command = new Command("version", "The version of the program and of what it runs on.");
        command.SetAction(_ =>
        {
            Console.WriteLine($"baton {Text} ({RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription})");
            return ExitCode.Ok;
        });
        return command;
    }
}
