using System.Runtime.InteropServices;

namespace Baton.Cli;

/// <summary>SIGTERM, SIGINT and SIGQUIT ask for an orderly end; the second one does not ask.</summary>
/// <remarks>An orderly end of a gateway is a planned switchover (P6), which takes its time: nothing here limits it.</remarks>
public sealed class Termination : IDisposable
{
    private readonly CancellationTokenSource _asked = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _signals;

    public Termination()
    {
        foreach (PosixSignal signal in new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT })
            _registrations.Add(PosixSignalRegistration.Create(signal, Asked));
    }

    public CancellationToken Token => _asked.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations) registration.Dispose();
        _asked.Dispose();
    }

    private void Asked(PosixSignalContext context)
    {
        if (Interlocked.Increment(ref _signals) > 1) return;      // the default action: an end at once
        context.Cancel = true;

        // Not on the signal's own thread: what is cancelled may take its time, and a second signal must still be heard.
        ThreadPool.QueueUserWorkItem(_ =>
        {
            try
            {
                _asked.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The command ended by itself at the same moment.
            }
        });
    }
}
