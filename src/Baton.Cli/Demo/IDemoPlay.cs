using Baton.Cli.Demo.Scenario;
using Baton.Cli.Demo.Setup;

namespace Baton.Cli.Demo;

/// <summary>What a profile plays. Its end ends every process that it started.</summary>
internal interface IDemoPlay : IDisposable
{
    /// <summary>The run's addresses, in words.</summary>
    string Addresses { get; }

    DemoResult Result { get; }

    /// <param name="report">The folder where recordings go.</param>
    Task RunAsync(string report, CancellationToken cancellation);

    /// <summary>Ends with an exception when a process ends that nobody told to.</summary>
    Task GuardAsync(CancellationToken cancellation);

    /// <summary>What everybody says of itself, for whoever looks for the cause of a failure.</summary>
    Task WriteStatesAsync(string folder);

    Task WriteReportAsync(string folder, DateTimeOffset started, long startNs, CancellationToken cancellation);
}

/// <summary>Gateways, their router and a peer: on loopback addresses or as blades.</summary>
internal sealed class GatewayPlay : IDemoPlay
{
    private readonly DemoStage _stage;
    private readonly DemoScenario _scenario;
    private readonly DemoOptions _options;

    public GatewayPlay(RunFolder folder, DemoDisplay display, DemoOptions options)
    {
        _stage = new DemoStage(folder, options, _ => new NegotiatedSas(options.Sas, options.Seed));
        (_scenario, _options) = (new DemoScenario(_stage, display, options), options);
    }

    public string Addresses => _stage.Addresses;

    public DemoResult Result => _scenario.Result;

    public Task RunAsync(string report, CancellationToken cancellation) =>
        _options.Soak is { } soak ? _scenario.SoakAsync(report, soak, cancellation) : _scenario.RunAsync(report, cancellation);

    public Task GuardAsync(CancellationToken cancellation) => _stage.Cast.GuardAsync(cancellation);

    public Task WriteStatesAsync(string folder) => _stage.Watch.WriteStatesAsync(folder);

    public Task WriteReportAsync(string folder, DateTimeOffset started, long startNs, CancellationToken cancellation) =>
        new ReportBuilder(_stage, _scenario, _options).WriteAsync(folder, started, startNs, cancellation);

    public void Dispose() => _stage.Dispose();
}
