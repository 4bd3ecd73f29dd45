using System.Diagnostics;
using Baton.Cluster.Configuration;
using Microsoft.Extensions.Logging;

namespace Baton.Gateway.Steering;

/// <summary>Runs the operator's programs when the role changes: for BGP, keepalived, or whatever else steers packets.</summary>
/// <remarks>
/// One at a time and in order; of several changes that happen while one runs only the last is told. Program and arguments, no shell; the facts are in the
/// environment; what it prints goes to the log; past its time it is killed with its children. It never delays a takeover: nobody waits for it.
/// </remarks>
public sealed class Hooks(HookOptions options, IReadOnlyDictionary<string, string> facts, ILogger log)
{
    private const int LongestOutput = 4_000;

    private readonly Lock _lock = new();
    private (bool Active, ulong Term)? _next;  // under _lock
    private bool _running;                     // under _lock
    private long _runs;
    private long _failures;

    public long Runs => Volatile.Read(ref _runs);

    /// <summary>Did not start, ended with another status than 0, or took too long.</summary>
    public long Failures => Volatile.Read(ref _failures);

    /// <summary>From any thread; does not block.</summary>
    public void Follow(bool active, ulong term)
    {
        if ((active ? options.OnActive : options.OnStandby).Count == 0)
            return;
        lock (_lock)
        {
            _next = (active, term);
            if (_running)
                return;
            _running = true;
        }

        _ = Task.Run(WorkOffAsync);
    }

    /// <summary>Waits until nothing runs and nothing waits, at most so long.</summary>
    public async Task QuietAsync(TimeSpan patience)
    {
        long until = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        while (IsRunning() && Environment.TickCount64 < until)
            await Task.Delay(10);

        bool IsRunning()
        {
            lock (_lock)
                return _running;
        }
    }

    private async Task WorkOffAsync()
    {
        while (true)
        {
            (bool Active, ulong Term) role;
            lock (_lock)
            {
                if (_next is not { } next)
                {
                    _running = false;
                    return;
                }

                (role, _next) = (next, null);
            }

            await RunAsync(role.Active, role.Term);
        }
    }

    private async Task RunAsync(bool active, ulong term)
    {
        IReadOnlyList<string> command = active ? options.OnActive : options.OnStandby;
        string name = active ? "on-active" : "on-standby";
        Interlocked.Increment(ref _runs);
        try
        {
            var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
            foreach ((string key, string value) in facts)
                start.Environment[key] = value;
            start.Environment["BATON_ROLE"] = active ? "active" : "standby";
            start.Environment["BATON_TERM"] = term.ToString(System.Globalization.CultureInfo.InvariantCulture);
            using Process process = Process.Start(start)!;
            process.StandardInput.Close();
            using var patience = new CancellationTokenSource(options.Timeout);
            Task<string> output = ReadAsync(process.StandardOutput, patience.Token);
            Task<string> errors = ReadAsync(process.StandardError, patience.Token);
            try
            {
                await process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                Fail("{Hook} took longer than {Milliseconds} ms and was killed", name, options.Timeout.TotalMilliseconds);
                return;
            }

            string text = (await output + await errors).Trim();
            if (process.ExitCode != 0)
                Fail("{Hook} ended with status {Status}: {Output}", name, process.ExitCode, text);
            else
                log.LogInformation("{Hook} in term {Term} done{Output}", name, term, text.Length == 0 ? "" : ": " + text);
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException or InvalidOperationException or AggregateException)
        {
            Fail("{Hook} cannot be run: {Error}", name, e.Message);
        }
    }

    private void Fail(string text, params object[] values)
    {
        Interlocked.Increment(ref _failures);
#pragma warning disable CA2254 // the templates are the constants above
        log.LogError(text, values);
#pragma warning restore CA2254
    }

    /// <summary>The beginning of what it prints; the rest is read and dropped, so that it does not stand still.</summary>
    private static async Task<string> ReadAsync(StreamReader reader, CancellationToken stop)
    {
        var text = new System.Text.StringBuilder();
        char[] buffer = new char[1_024];
        try
        {
            int got;
            while ((got = await reader.ReadAsync(buffer, stop)) > 0)
                text.Append(buffer, 0, Math.Min(got, LongestOutput - text.Length));
        }
        catch (OperationCanceledException)
        {
        }

        return text.ToString();
    }
}
