using Baton.Bench;
using BenchmarkDotNet.Running;

if (args is ["esp", .. string[] rest])
    return EspCommand.Run(rest);
if (args is ["ike", .. string[] ike])
    return IkeCommand.Run(ike);
BenchmarkSwitcher.FromAssembly(typeof(EspBenchmarks).Assembly).Run(args);
return 0;
