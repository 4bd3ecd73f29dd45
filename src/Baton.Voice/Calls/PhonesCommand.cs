using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Baton.Voice.Audio;
using Baton.Voice.Calls;
using Baton.Voice.Shell;

namespace Baton.Voice;

/// <summary><c>baton phones</c>: both phones of many calls, one plain and one with SRTP each; told by its stdin, answers on its stdout.</summary>
public static class PhonesCommand
{
    public static async Task<int> RunAsync(CallPhonesOptions options, CancellationToken cancellation)
    {
        CommandLoop commands = CommandLoop.OnConsole();
        if (!SpeechLibrary.TryLoad("a", out ReadOnlyMemory<byte> plain) || !SpeechLibrary.TryLoad("b", out ReadOnlyMemory<byte> secure))
            throw new InvalidOperationException("the speech is not in this program");
        try
        {
            using var phones = new CallPhones(options, plain, secure);
            phones.Start();
            commands.Ready(phones.Local);
            await commands.RunAsync((name, command) => Handle(phones, name, command), cancellation).ConfigureAwait(false);
            commands.Finish(CallsReadings.Finish(phones, options));
            return 0;
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"phones: {e.Message}").ConfigureAwait(false);
            return 1;
        }
    }

    private static JsonObject? Handle(CallPhones phones, string name, JsonElement command) => name switch
    {
        "call" => new JsonObject { ["plainSsrc"] = phones.Add(CallSetting.Of(command), command.Number("phase", 0)).Plain.Ssrc },
        "mark" => CallsReadings.Mark(phones, command.Text("name")),
        "quality" => CallsReadings.Quality(phones, command),
        "reports" => CallsReadings.Reports(phones, command),
        "gaps" => CallsReadings.Gaps(phones),
        "inject" => CallsReadings.Inject(phones, command),
        "plant" => CallsReadings.Plant(phones),
        _ => null,
    };
}
