using Baton.Cli;
using Baton.Cli.Demo.Processes;
using Baton.Gateway.Sentinel;

// The sentinel comes first and without anything around it: it must be there within milliseconds, and never allocate afterwards.
if (args is ["sentinel", ..]) return SentinelProcess.Main(Console.In);

ParentTie.Tie();
return await BatonProgram.RunAsync(args).ConfigureAwait(false);
