using Baton.Lab.Steps;
using Baton.Throughput.Systems;

namespace Baton.Throughput;

/// <summary>What is sent through which kind of tunnel. Names and units are what <c>--json</c> says.</summary>
public sealed record BenchCase(string Name, string Unit, TunnelKind Kind, Func<Story, TunnelKind, int, double> Measure)
{
    /// <summary>The quick one.</summary>
    public static readonly BenchCase Tcp1 = new("tcp1", "Mbit/s", TunnelKind.Usual, (story, kind, seconds) => Iperf.Tcp(story, kind, flows: 1, seconds));

    public static readonly IReadOnlyList<BenchCase> All =
    [
        Tcp1,
        Tcp1 with { Name = "tcp8", Measure = (story, kind, seconds) => Iperf.Tcp(story, kind, flows: 8, seconds) },
        Tcp1 with { Name = "tcp1-v6", Kind = new TunnelKind(InnerV6: true) },
        Tcp1 with { Name = "tcp1-gcm256", Kind = new TunnelKind(Gcm256: true) },
    ];
}
