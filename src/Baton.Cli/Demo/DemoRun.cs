namespace Baton.Cli.Demo;
internal static class DemoRun
{
    public static Task<int> RunAsync(DemoOptions options, CancellationToken cancellation) => throw new UsageException($"not yet {options.Sas} {cancellation}");
}
