using System.Net.Sockets;
using System.Text.Json.Nodes;
using Baton.Voice.Audio;
using Baton.Voice.Phones;
using Baton.Voice.Shell;

namespace Baton.Voice;

/// <summary><c>baton phone</c>: speaks, listens, counts; told by its stdin, answers on its stdout.</summary>
public static class PhoneCommand
{
    public static Task<int> RunAsync(PhoneOptions options, CancellationToken cancellation) =>
        RunAsync(options, CommandLoop.OnConsole(), cancellation);

    public static Task<int> RunAsync(PhoneOptions options, TextReader input, TextWriter output, CancellationToken cancellation) =>
        RunAsync(options, new CommandLoop(input, output), cancellation);

    private static async Task<int> RunAsync(PhoneOptions options, CommandLoop commands, CancellationToken cancellation)
    {
        if (!SpeechLibrary.TryLoad(options.Speech, out ReadOnlyMemory<byte> speech))
        {
            await Console.Error.WriteLineAsync($"phone: no speech '{options.Speech}': there are a and b").ConfigureAwait(false);
            return 1;
        }

        try
        {
            using var phone = new Phone(options, speech);
            phone.Start();
            commands.Ready(phone.Local);
            await commands.RunAsync((name, command) => name switch
            {
                "mark" => phone.Mark(command.Text("name")),
                "quality" => phone.Quality(command),
                _ => null,
            }, cancellation).ConfigureAwait(false);
            JsonObject last = phone.Stop();
            commands.Finish(last);
            return 0;
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"phone: {options.Local}: {e.Message}").ConfigureAwait(false);
            return 1;
        }
    }
}
