using Baton.Bench;
using Baton.Gateway.Sentinel;
using BenchmarkDotNet.Running;

if (args is ["esp", .. string[] rest])
    return EspCommand.Run(rest);
if (args is ["selectors"])
    return SelectorCommand.Run();
if (args is ["many", .. string[] many])
    return ManyCommand.Run(many);
if (args is ["heartbeats", .. string[] seconds])
    return HeartbeatCommand.Run(seconds);
if (args is ["sentinel"])
    return SentinelProcess.Main(Console.In);
if (args is ["burn", string parent])
    return HeartbeatCommand.Burn(parent);
if (args is ["ike", .. string[] ike])
    return IkeCommand.Run(ike);
if (args is ["ike-set-up", .. string[] sas])
    return IkeSetUpCommand.Run(sas);
if (args is ["ike-takeover", .. string[] standby])
    return IkeTakeoverCommand.Run(standby);
BenchmarkSwitcher.FromAssembly(typeof(EspBenchmarks).Assembly).Run(args);
return 0;
