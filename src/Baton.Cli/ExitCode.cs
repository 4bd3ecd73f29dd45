namespace Baton.Cli;

/// <summary>What scripts may rely on.</summary>
public static class ExitCode
{
    public const int Ok = 0;

    /// <summary>It was understood, and it failed.</summary>
    public const int Failed = 1;

    /// <summary>The command line or the configuration is wrong; nothing was started.</summary>
    public const int Usage = 2;
}
