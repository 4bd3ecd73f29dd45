using Baton.Bench;
using BenchmarkDotNet.Running;

if (args is ["esp", .. string[] rest])
    return EspCommand.Run(rest);
BenchmarkSwitcher.FromAssembly(typeof(EspBenchmarks).Assembly).Run(args);
return 0;
