using System.Globalization;
using System.Net;
using Baton.Calls;

const string Usage = """
    bench/run-calls [--case CASE,...] [--seconds N] [--kills N] [--calls N] [--json FILE] [--write]

    Very many calls: loss, and the outage when the active media gateway is killed.
    Cases: plain500 (500 G.711 calls between separate phones), srtp1-kill and srtp500-kill (kill -9 of the active, one call and 500, one side SRTP),
    trunk2000 (2,000 calls' RTP through one ESP SA between two gateways; needs root and the lab's tools).
    --write puts the table into docs/performance-calls.md.
    """;

if (args is ["phones", var file])
    return PhoneBank.Run(file);
if (args is ["trunk", var local, var remote, var calls, var length])
    return TrunkEnd.Run(IPAddress.Parse(local), IPAddress.Parse(remote), int.Parse(calls, CultureInfo.InvariantCulture), int.Parse(length, CultureInfo.InvariantCulture));
string[] known = ["--case", "--seconds", "--kills", "--calls", "--trunk-calls", "--json", "--write"];
if (args.Where((_, i) => i == 0 || !known.Contains(args[i - 1]) || args[i - 1] == "--write").Any(option => !known.Contains(option)))
{
    Console.Error.WriteLine(Usage);
    return 64;
}

string[] cases = Value("--case")?.Split(',') ?? ["plain500", "srtp1-kill", "srtp500-kill", "trunk2000"];
int seconds = Number("--seconds", 15), kills = Number("--kills", 5), many = Number("--calls", 500);
var figures = new List<Figure>();
foreach (string name in cases)
{
    figures.AddRange(name switch
    {
        "plain500" => await Cases.LoadAsync(name, many, srtp: false, seconds),
        "srtp500" => await Cases.LoadAsync(name, many, srtp: true, seconds),
        "srtp1-kill" => await Cases.KillAsync(name, 1, kills * 2),
        "srtp500-kill" => await Cases.KillAsync(name, many, kills),
        "trunk2000" => Trunk.Measure(name, Number("--trunk-calls", 2_000), seconds),
        _ => throw new ArgumentException($"there is no case {name}"),
    });
}

string table = Report.Table(figures);
Console.WriteLine();
Console.WriteLine(table);
if (Value("--json") is { } json)
    File.WriteAllText(json, Report.Json(figures) + "\n");
if (args.Contains("--write"))
    Report.Write(table);
return 0;

string? Value(string option) => Array.IndexOf(args, option) is >= 0 and int at && at + 1 < args.Length ? args[at + 1] : null;

int Number(string option, int usual) => Value(option) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : usual;
