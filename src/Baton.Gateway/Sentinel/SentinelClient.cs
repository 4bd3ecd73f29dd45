using System.Diagnostics;
using Baton.Linux;

namespace Baton.Gateway.Sentinel;

/// <summary>The gateway's side of its sentinel: holds the mutex for life, writes progress, starts the process again if it dies.</summary>
/// <remarks>A sentinel that dies ends the heartbeats, and others may take over from a gateway that lives: harmless (P8), but not free. So it is
/// started again at once, and the times are counted.</remarks>
public sealed class SentinelClient : IDisposable
{
    private readonly SharedBlock _block = SharedBlock.Create();
    private readonly ManualResetEventSlim _release = new();
    private readonly ManualResetEventSlim _held = new();
    private readonly Thread _holder;
    private readonly Func<string, SentinelOptions> _options;
    private readonly Action<string> _say;
    private readonly (string File, string[] Arguments) _command;
    private Process? _process;
    private volatile bool _stopping;

    /// <param name="options">Makes the options, given the path of the shared block.</param>
    /// <param name="command">The program that runs <see cref="SentinelProcess.Main"/>.</param>
    public SentinelClient(Func<string, SentinelOptions> options, (string File, string[] Arguments) command, Action<string> say)
    {
        (_options, _command, _say) = (options, command, say);
        _holder = new Thread(Hold) { IsBackground = true, Name = "sentinel-mutex" };
        _holder.Start();
        _held.Wait();
        StartProcess();
    }

    public long Restarts { get; private set; }

    public bool HasRealTime => _block[SentinelWord.RealTime] == 1;

    public TimeSpan WorstLateness => TimeSpan.FromTicks((long)_block[SentinelWord.WorstLateness] / 100);

    /// <summary>It took the virtual addresses, because the data path hung. Set to false before they are put back.</summary>
    public bool HasTakenAddresses
    {
        get => _block[SentinelWord.TookAddresses] == 1;
        set => _block[SentinelWord.TookAddresses] = value ? 1UL : 0UL;
    }

    public long Hangs => (long)_block[SentinelWord.Hangs];

    public long FramesSent => (long)_block[SentinelWord.Sent];

    public int ProcessId => _process?.Id ?? 0;

    /// <summary>The data path made a turn. One volatile write.</summary>
    public void ReportProgress() => _block[SentinelWord.Progress]++;

    public void SetTerm(ulong term) => _block[SentinelWord.Term] = term;

    /// <summary>An orderly stop: the sentinel says so and exits. Call it only when this gateway owns no term any more.</summary>
    public void Dispose()
    {
        if (_stopping)
            return;
        _stopping = true;
        _block[SentinelWord.Stopped] = 1;
        _release.Set();
        _holder.Join();
        _process?.Dispose();
        _held.Dispose();
        _release.Dispose();
    }

    private void Hold()
    {
        _block.LockOwnerDied();
        _held.Set();
        _release.Wait();
        _block.Unlock();
    }

    private void StartProcess()
    {
        var start = new ProcessStartInfo(_command.File, _command.Arguments) { RedirectStandardInput = true, UseShellExecute = false };
        Process process = Process.Start(start) ?? throw new InvalidOperationException($"Cannot start {_command.File}.");
        process.StandardInput.WriteLine(_options(_block.PathForOthers).ToLine());
        process.StandardInput.Close();
        process.EnableRaisingEvents = true;
        process.Exited += (_, _) =>
        {
            if (_stopping)
                return;
            Restarts++;
            _say($"the sentinel (pid {process.Id}) ended with {process.ExitCode}; starting another");
            StartProcess();
        };
        _process = process;
    }
}
