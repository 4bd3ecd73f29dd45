using Baton.Lab.Steps;
using Baton.Throughput.Systems;

namespace Baton.Throughput;

/// <summary>What is sent through which kind of tunnel. Names and units are what <c>--json</c> says.</summary>
public sealed record BenchCase(string Name, string Unit, TunnelKind Kind, Func<Story, TunnelKind, int, double> Measure)
{
    /// <summary>The quick one.</summary>
    public static readonly BenchCase Tcp1 = new("tcp1", "Mbit/s", TunnelKind.Usual, Iperf.Tcp);

    public static readonly IReadOnlyList<BenchCase> All =
    [
        Tcp1,
        Tcp1 with { Name = "tcp8", Kind = new TunnelKind(FurtherHosts: 8) },
        Tcp1 with { Name = "tcp1-v6", Kind = new TunnelKind(InnerV6: true) },
        Tcp1 with { Name = "tcp1-gcm256", Kind = new TunnelKind(Gcm256: true) },
        Tcp1 with { Name = "raw-esp", Kind = new TunnelKind(RawEsp: true) },
        new("udp200", "kpps", TunnelKind.Usual, static (story, kind, _) => UdpSweep.Highest(story, kind, first: 10_000, runs: false, senders: 2)),
        new("udp200-uso", "kpps", TunnelKind.Usual, static (story, kind, _) => UdpSweep.Highest(story, kind, first: 100_000, runs: true)),
    ];
}
