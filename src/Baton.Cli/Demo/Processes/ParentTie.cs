using Baton.Linux;

namespace Baton.Cli.Demo.Processes;

/// <summary>The child's side: a process that a demo started ends with it, however the demo ends.</summary>
public static class ParentTie
{
    public const string Variable = "BATON_TIED";

    public static bool IsTied => Environment.GetEnvironmentVariable(Variable) is not null;

    /// <summary>The kernel's way: it also reaches a process that is stopped (SIGSTOP) and cannot see its pipe close.</summary>
    public static void Tie()
    {
        if (IsTied) ProcessTie.DieWithParent();
    }

    /// <summary>The pipe's way, for processes that do not read their standard input themselves.</summary>
    public static void HoldStandardInput()
    {
        if (!IsTied) return;
        new Thread(() =>
        {
            Span<byte> sink = stackalloc byte[64];
            using Stream input = Console.OpenStandardInput();
            try
            {
                while (input.Read(sink) > 0)
                {
                }
            }
            catch (IOException)
            {
                // As good as its end.
            }

            Environment.Exit(ExitCode.Failed);
        })
        { IsBackground = true, Name = "parent tie" }.Start();
    }
}
