using System.Collections.Concurrent;
using Baton.Cluster.Configuration;
using Baton.Gateway.Steering;
using Microsoft.Extensions.Logging;

namespace Baton.Gateway.Tests.Steering;

public sealed class HooksTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("baton-hooks").FullName;
    private readonly Lines _log = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task TheFactsAreInTheEnvironmentAndTheOutputInTheLog()
    {
        string program = Script("echo \"$1 $BATON_ROLE $BATON_TERM $BATON_MEMBER $BATON_ADDRESS\"; echo trouble >&2");
        Hooks hooks = Make([program, "first argument"], []);
        hooks.Follow(true, 7);
        hooks.Follow(false, 7);  // no on-standby: nothing is run
        await hooks.QuietAsync(TimeSpan.FromSeconds(10));
        Assert.Contains(_log.All, l => l.Contains("first argument active 7 a 192.0.2.1/24", StringComparison.Ordinal) && l.Contains("trouble", StringComparison.Ordinal));
        Assert.Equal((1L, 0L), (hooks.Runs, hooks.Failures));
    }

    [Fact]
    public async Task WhatTakesTooLongIsKilledWithItsChildren()
    {
        string mark = Path.Combine(_folder, "late");
        string program = Script($"(sleep 60; touch {mark}) & echo $! > {_folder}/child; wait");
        Hooks hooks = Make([program], [], TimeSpan.FromMilliseconds(500));
        hooks.Follow(true, 1);
        await hooks.QuietAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(1, hooks.Failures);
        Assert.Contains(_log.All, l => l.Contains("was killed", StringComparison.Ordinal));
        string child = File.ReadAllText(Path.Combine(_folder, "child")).Trim();
        Assert.True(SpinWait.SpinUntil(() => !File.Exists($"/proc/{child}/cmdline") || File.ReadAllText($"/proc/{child}/cmdline").Length == 0, TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task OfChangesThatHappenMeanwhileOnlyTheLastIsTold()
    {
        string log = Path.Combine(_folder, "log");
        string go = Path.Combine(_folder, "go");
        string program = Script($"echo $BATON_ROLE $BATON_TERM >> {log}; while [ ! -e {go} ]; do sleep 0.01; done");
        Hooks hooks = Make([program], [program]);
        hooks.Follow(true, 1);
        Assert.True(SpinWait.SpinUntil(() => File.Exists(log), TimeSpan.FromSeconds(10)));
        hooks.Follow(false, 1);
        hooks.Follow(true, 3);
        File.WriteAllText(go, "");
        await hooks.QuietAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(["active 1", "active 3"], File.ReadAllLines(log));
    }

    [Fact]
    public async Task AStatusAndAProgramThatCannotRunAreFailures()
    {
        Hooks hooks = Make([Script("exit 3")], ["/nonexistent/program"]);
        hooks.Follow(true, 1);
        await hooks.QuietAsync(TimeSpan.FromSeconds(10));
        hooks.Follow(false, 1);
        await hooks.QuietAsync(TimeSpan.FromSeconds(10));
        Assert.Equal((2L, 2L), (hooks.Runs, hooks.Failures));
        Assert.Contains(_log.All, l => l.Contains("status 3", StringComparison.Ordinal));
    }

    private Hooks Make(string[] onActive, string[] onStandby, TimeSpan? timeout = null) =>
        new(new HookOptions(onActive, onStandby, timeout ?? TimeSpan.FromSeconds(10)),
            new Dictionary<string, string> { ["BATON_MEMBER"] = "a", ["BATON_ADDRESS"] = "192.0.2.1/24" }, _log);

    private string Script(string text)
    {
        string path = Path.Combine(_folder, Path.GetRandomFileName());
        File.WriteAllText(path, "#!/bin/sh\n" + text + "\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    private sealed class Lines : ILogger
    {
        public ConcurrentQueue<string> All { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            All.Enqueue(formatter(state, exception));
    }
}
