using System.Diagnostics;
using System.Globalization;

namespace Baton.Fuzz;

/// <summary>The most that one input may cost: CPU time of its thread, and managed bytes allocated on the way (most of them garbage at once).</summary>
public sealed record InputBounds(TimeSpan Cpu, long AllocatedBytes)
{
    /// <summary>Where a target says nothing else.</summary>
    public static InputBounds Usual { get; } = new(TimeSpan.FromMilliseconds(500), 4 << 20);
}

/// <summary>Runs a target's inputs and holds each to the bounds: work that grows faster than the input is a finding like an exception. On the thread that made it.</summary>
/// <remarks>
/// <code>
///   run --within both--> fine
///    |
///    '--beyond one--> once more, by the CPU clock: what the first of its kind compiled, or a busy machine, is not counted --beyond again--> finding
/// </code>
/// What does not come back is found by a watchdog, which ends the process with the input's name: there is no other way to stop a thread.
/// </remarks>
public sealed class BoundedRun : IDisposable
{
    private const int WatchdogFactor = 20;

    private readonly IFuzzTarget _target;
    private readonly Timer _watchdog;
    private readonly Lock _lock = new();
    private readonly string _thread = new FileInfo("/proc/thread-self").LinkTarget!;  // PID/task/TID

    // Under the lock.
    private byte[]? _running;
    private byte[]? _seen;
    private TimeSpan _seenAt;

    public BoundedRun(IFuzzTarget target)
    {
        _target = target;
        _ = CpuOf($"/proc/{_thread}/schedstat");  // the clock's first reading compiles: of no input's time
        _watchdog = new Timer(_ => Watch(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    /// <summary>The most that an input took until now, by the wall's clock and in bytes.</summary>
    public (TimeSpan Time, long Bytes) Most { get; private set; }

    public void Dispose() => _watchdog.Dispose();

    /// <summary>How to run it again.</summary>
    public static string Replay(IFuzzTarget target, ReadOnlySpan<byte> input) =>
        $"dotnet run -c Release --project fuzz/Baton.Fuzz -- replay {target.Name} hex:{Convert.ToHexStringLower(input)}";

    /// <exception cref="FuzzFaultException">A promise of the target does not hold, or it cost more than its bounds.</exception>
    public void Run(byte[] input)
    {
        lock (_lock)
            _running = input;
        try
        {
            (TimeSpan time, long bytes) = Measure(input, Elapsed);
            Most = (time > Most.Time ? time : Most.Time, Math.Max(bytes, Most.Bytes));
            InputBounds bounds = _target.Bounds;
            if (time <= bounds.Cpu && bytes <= bounds.AllocatedBytes)
                return;
            (TimeSpan cpu, bytes) = Measure(input, () => CpuOf("/proc/thread-self/schedstat"));
            FuzzFaultException.Unless(cpu <= bounds.Cpu, string.Create(CultureInfo.InvariantCulture, $"too slow: {cpu.TotalMilliseconds:F0} ms of CPU, bound {bounds.Cpu.TotalMilliseconds:F0}"));
            FuzzFaultException.Unless(bytes <= bounds.AllocatedBytes, $"too much memory: {bytes} bytes allocated, bound {bounds.AllocatedBytes}");
        }
        finally
        {
            lock (_lock)
                _running = null;
        }
    }

    private (TimeSpan Time, long Bytes) Measure(byte[] input, Func<TimeSpan> clock)
    {
        (TimeSpan at, long allocated) = (clock(), GC.GetAllocatedBytesForCurrentThread());
        _target.Run(input);
        return (clock() - at, GC.GetAllocatedBytesForCurrentThread() - allocated);
    }

    private static TimeSpan Elapsed() => Stopwatch.GetElapsedTime(0);

    /// <summary>man 5 proc: time on the CPU in nanoseconds, first of three numbers.</summary>
    private static TimeSpan CpuOf(string path) => TimeSpan.FromTicks(long.Parse(File.ReadAllText(path).Split(' ')[0], CultureInfo.InvariantCulture) / 100);

    private void Watch()
    {
        lock (_lock)
        {
            if (_running is not { } input || !File.Exists($"/proc/{_thread}/schedstat"))
                return;
            TimeSpan cpu = CpuOf($"/proc/{_thread}/schedstat");
            if (input != _seen)
                (_seen, _seenAt) = (input, cpu);
            else if (cpu - _seenAt > _target.Bounds.Cpu * WatchdogFactor)
                Environment.FailFast($"{_target.Name}: an input does not come back; {Replay(_target, input)}");
        }
    }
}
