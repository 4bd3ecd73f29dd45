using System.Diagnostics;
using System.Text.Json;

namespace Baton.Claims;

/// <summary>What one run of the demo has found out: its processes are real, its results are seen from outside.</summary>
public abstract class DemoResults(params string[] arguments) : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("baton-claims-").FullName;
    private JsonElement _result;
    private string _told = "";

    public async ValueTask InitializeAsync()
    {
        string program = Environment.GetEnvironmentVariable("BATON_EXE") ?? Path.Combine(AppContext.BaseDirectory, "baton");
        Assert.SkipUnless(File.Exists(program), $"there is no {program}; ./test publishes it");
        string json = Path.Combine(_folder, "result.json");
        var start = new ProcessStartInfo(program, ["demo", "--fast", "--sas", "20", "--json", json, "--report", Report, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process demo = Process.Start(start)!;
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        try
        {
            Task<string> output = demo.StandardOutput.ReadToEndAsync(patience.Token);
            Task<string> error = demo.StandardError.ReadToEndAsync(patience.Token);
            await LookAsync(demo, patience.Token);
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
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>While it runs.</summary>
    protected virtual Task LookAsync(Process demo, CancellationToken cancellation) => Task.CompletedTask;

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

    /// <summary>Claim 1 at the first kill: a limit below the maximum, a first number above it, none twice, and every SA goes on.</summary>
    public void AssertGoesOnAboveTheLimit()
    {
        JsonElement kill = Event("kill");
        ulong limit = kill.GetProperty("limitBefore").GetUInt64();
        ulong first = kill.GetProperty("firstAfter").GetUInt64();
        Assert.True(limit < ulong.MaxValue, "the limit lies below the maximum of the 64-bit counter");
        Assert.True(first > limit, $"the standby began with {first}; the limit was {limit}");
        Assert.Equal(0, Count("numbersRepeated"));
        AssertEverySaPasses("kill");
    }

    /// <summary>Claim 15 beside claim 1: the SAs were established by IKE, on the observer's way, and no IKE was there when one gateway replaced the other.</summary>
    public void AssertSameSa()
    {
        Assert.True(Count("ikeInSetUp") > 0);
        Assert.Equal(0, Event("kill").GetProperty("ikeExchanges").GetInt64());
    }

    /// <summary>Claims 16 and 23: what was killed and started again had nothing; it becomes active by a switchover and carries every SA on.</summary>
    public void AssertPassedOn()
    {
        AssertOrder("kill", "restart", "switchover");
        AssertEverySaPasses("switchover");
    }

    /// <summary>All that the run asserts of itself; who reads this sees which promise it was.</summary>
    public void AssertPromisesHeld() => Assert.True(_result.GetProperty("promisesHeld").GetBoolean(), _told);

    /// <summary>Ten seconds of speech at least, most of it not silence.</summary>
    public void AssertRecording(string name)
    {
        byte[] wav = File.ReadAllBytes(Path.Combine(Report, name));
        Assert.True(wav.Length > 10 * 8000, $"{name} has only {wav.Length} bytes");
        Assert.True(wav.AsSpan(44).ToArray().Distinct().Count() > 50, $"{name} holds no speech");
    }
}
