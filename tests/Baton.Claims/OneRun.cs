using System.Diagnostics;
using System.Text.Json;

namespace Baton.Claims;

/// <summary>The claims that one run of the demo shows share it: its processes are real, its results are seen from outside.</summary>
[CollectionDefinition(nameof(OneRun))]
public sealed class OneRun : IAsyncLifetime, ICollectionFixture<OneRun>
{
    private readonly string _folder = Directory.CreateTempSubdirectory("baton-claims-").FullName;
    private JsonElement _result;
    private string _told = "";

    public async ValueTask InitializeAsync()
    {
        string program = Environment.GetEnvironmentVariable("BATON_EXE") ?? Path.Combine(AppContext.BaseDirectory, "baton");
        Assert.SkipUnless(File.Exists(program), $"there is no {program}; ./test publishes it");
        string json = Path.Combine(_folder, "result.json");
        var start = new ProcessStartInfo(program, ["demo", "--fast", "--sas", "20", "--json", json, "--report", Report]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process demo = Process.Start(start)!;
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        try
        {
            Task<string> output = demo.StandardOutput.ReadToEndAsync(patience.Token);
            Task<string> error = demo.StandardError.ReadToEndAsync(patience.Token);
            await demo.WaitForExitAsync(patience.Token);
            _told = await output + await error;
        }
        finally
        {
            if (!demo.HasExited) demo.Kill();
        }

        // A broken promise is for the test of the claim that it breaks; without results there is none to judge.
        Assert.True(File.Exists(json), _told);
        _result = JsonElement.Parse(await File.ReadAllTextAsync(json, patience.Token));
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private string Report => Path.Combine(_folder, "report");

    public long Count(string name) => _result.GetProperty(name).GetInt64();

    /// <summary>The first event of a kind.</summary>
    public JsonElement Event(string kind) => _result.GetProperty("events").EnumerateArray().First(one => one.GetProperty("kind").GetString() == kind);

    /// <summary>The events came in this order, others between them or not.</summary>
    public void AssertOrder(params string[] kinds)
    {
        int found = 0;
        foreach (JsonElement one in _result.GetProperty("events").EnumerateArray())
        {
            if (found < kinds.Length && one.GetProperty("kind").GetString() == kinds[found]) found++;
        }

        Assert.Equal(kinds.Length, found);
    }

    public void AssertEverySaPasses(string kind)
    {
        foreach (JsonElement one in _result.GetProperty("events").EnumerateArray().Where(one => one.GetProperty("kind").GetString() == kind))
        {
            JsonElement passing = one.GetProperty("sasPassing");
            Assert.Equal(passing.GetProperty("of").GetInt64(), passing.GetProperty("toPeer").GetInt64());
            Assert.Equal(passing.GetProperty("of").GetInt64(), passing.GetProperty("fromPeer").GetInt64());
        }
    }

    /// <summary>Ten seconds of speech at least, most of it not silence.</summary>
    public void AssertRecording(string name)
    {
        byte[] wav = File.ReadAllBytes(Path.Combine(Report, name));
        Assert.True(wav.Length > 10 * 8000, $"{name} has only {wav.Length} bytes");
        Assert.True(wav.AsSpan(44).ToArray().Distinct().Count() > 50, $"{name} holds no speech");
    }
}
