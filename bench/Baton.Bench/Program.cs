using BenchmarkDotNet.Running;

BenchmarkSwitcher.FromAssembly(typeof(Baton.Bench.EspBenchmarks).Assembly).Run(args);
