using System.CommandLine;
using Baton.Cli.Demo;

namespace Baton.Cli.Commands;

internal static class DemoCommand
{
    public static Command Create()
    {
        var sas = new Option<int>("--sas") { Description = "Further pairs of SAs beside the call's and the probe's.", DefaultValueFactory = _ => 100 };
        var json = new Option<string?>("--json") { Description = "Write the results there, for programs." };
        var report = new Option<string?>("--report") { Description = "The folder of the report (default: baton-report-DATE)." };
        var seed = new Option<int?>("--seed") { Description = "Of what is drawn at random except for keys: the mix of cipher suites." };
        var fast = new Option<bool>("--fast") { Description = "Shorter calm between the events." };
        var keep = new Option<bool>("--keep-logs") { Description = "Put the logs of every process into the report folder, also when all went well." };
        var soak = new Option<int?>("--soak") { Description = "Seconds: no event at all; nobody may take over. Says what readiness costs." };
        var tenfold = new Option<bool>("--tenfold") { Description = "After --soak, up to ten seconds at ten times the packet rate: the messages must stay the same." };
        var profile = new Option<string>("--profile") { Description = "plain: loopback addresses; blades: a chassis, a backplane of Unix sockets and no IP between its members; controller: media gateways with calls that their controller places.", DefaultValueFactory = _ => "plain" };
        profile.AcceptOnlyFromAmong("plain", "blades", "controller");
        var calls = new Option<int>("--calls") { Description = "With --profile controller: calls that run at once.", DefaultValueFactory = _ => 12 };
        var command = new Command("demo", "The main job on real processes: a voice call outlives its gateway. No root, only loopback.") { sas, json, report, seed, fast, keep, soak, tenfold, profile, calls };
        command.SetAction((parsed, cancellation) =>
        {
            int count = parsed.GetValue(sas);
            if (count is < 0 or > 60_000) throw new UsageException("--sas is a number from 0 to 60000");
            if (parsed.GetValue(soak) is < 1 or > 86_400) throw new UsageException("--soak is a number of seconds from 1 to 86400");
            if (parsed.GetValue(soak) is null && parsed.GetValue(tenfold)) throw new UsageException("--tenfold goes with --soak");
            if (parsed.GetValue(soak) is not null && parsed.GetValue(json) is not null) throw new UsageException("--json does not go with --soak: there are no events");
            if (parsed.GetValue(calls) is < 1 or > 100) throw new UsageException("--calls is a number from 1 to 100");
            if (parsed.GetValue(soak) is not null && parsed.GetValue(profile) == "controller") throw new UsageException("--soak does not go with --profile controller");
            return DemoRun.RunAsync(new DemoOptions(
                count, parsed.GetValue(json), parsed.GetValue(report), parsed.GetValue(seed) ?? Environment.TickCount & 0xffff, parsed.GetValue(fast), parsed.GetValue(keep))
            {
                Soak = parsed.GetValue(soak) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
                Tenfold = parsed.GetValue(tenfold),
                Profile = Enum.Parse<DemoProfile>(parsed.GetValue(profile)!, ignoreCase: true),
                Calls = parsed.GetValue(calls),
            }, cancellation);
        });
        return command;
    }
}
