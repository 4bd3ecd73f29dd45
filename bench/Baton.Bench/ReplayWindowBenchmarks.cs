using Baton.Wire.Replay;
using BenchmarkDotNet.Attributes;

namespace Baton.Bench;

[MemoryDiagnoser]
public class ReplayWindowBenchmarks
{
    private readonly ReplayWindow _window = new(1_024);
    private ulong _next;

    [Benchmark]
    public bool InOrder() => _window.IsFresh(++_next) && _window.TryAccept(_next);

    [Benchmark]
    public bool Replayed() => _window.IsFresh(_next > 5 ? _next - 5 : 1);
}
