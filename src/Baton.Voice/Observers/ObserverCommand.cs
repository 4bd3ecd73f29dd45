using System.Net.Sockets;
using Baton.Linux;
using Baton.Voice.Observers;
using Baton.Voice.Shell;

namespace Baton.Voice;

/// <summary><c>baton observer</c>: forwards, counts and records the outer packets; told by its stdin, answers on its stdout.</summary>
public static class ObserverCommand
{
    public static Task<int> RunAsync(ObserverOptions options, CancellationToken cancellation) =>
        RunAsync(options, CommandLoop.OnConsole(), cancellation);

    public static Task<int> RunAsync(ObserverOptions options, TextReader input, TextWriter output, CancellationToken cancellation) =>
        RunAsync(options, new CommandLoop(input, output), cancellation);

    /// <summary>An SPI as an option or a line of a file has it: decimal, or hexadecimal after 0x.</summary>
    public static uint ParseSpi(string text) => CommandArguments.ParseSpi(text);

    private static async Task<int> RunAsync(ObserverOptions options, CommandLoop commands, CancellationToken cancellation)
    {
        if (options.MaxRecordMiB is < 1 or > 2000)
        {
            await Console.Error.WriteLineAsync("observer: the record may have 1 to 2000 MiB").ConfigureAwait(false);
            return 1;
        }

        try
        {
            using var tap = new WireTap(options);
            tap.Start();
            commands.Ready(tap.PeerSide, tap.RouterSide);
            var observer = new Observer(tap, cancellation);
            await commands.RunAsync(observer.Handle, cancellation).ConfigureAwait(false);
            tap.Stop();
            commands.Finish(observer.Mark(null, MonotonicClock.Now));
            return 0;
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"observer: {options.PeerSide}, {options.RouterSide}: {e.Message}").ConfigureAwait(false);
            return 1;
        }
    }
}
