using Baton.Scale;

string[] known = ["--pairs", "--kills", "--keep-logs"];
int pairs = 50_000, kills = 5;
bool write = false;
string? logs = null;
for (int i = 0; i < args.Length; i++)
{
    if (args[i] == "--write")
        write = true;
    else if (i + 1 < args.Length && args[i] == "--keep-logs")
        logs = args[++i];
    else if (i + 1 < args.Length && known.Contains(args[i]) && int.TryParse(args[i + 1], out int number) && number is > 0 and <= 60_000)
        (pairs, kills, i) = args[i] == "--pairs" ? (number, kills, i + 1) : (pairs, number, i + 1);
    else
        return Usage();
}

using var cancel = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    cancel.Cancel();
};
var report = new ScaleReport();
foreach (int count in new[] { 50, pairs })
{
    await using var stage = new ScaleStage(count, logs);
    ScaleResult result = await stage.RunAsync(kills, cancel.Token);
    report.Add(result);
}

string text = report.Text();
Console.WriteLine();
Console.WriteLine(text);
if (write)
    ScaleReport.Write(text);
return 0;

static int Usage()
{
    Console.Error.WriteLine("usage: bench/run-scale [--pairs 1..60000] [--kills N] [--write] [--keep-logs FOLDER]");
    return 64;
}
