using System.Globalization;
using System.Text.Json;
using Baton.Lab.Processes;

namespace Baton.Lab.Voice;

/// <summary>What libsrtp says of the SRTP that a phone was sent: packets opened and not, before the first blow and after each.</summary>
public sealed record Authenticity(int[] Opened, int[] Failed, string Why);

/// <summary>Has libsrtp (python3-pylibsrtp) open every packet of the captures, with the keys that the descriptions told.</summary>
public static class SrtpWitness
{
    public static Dictionary<SeenCall, Authenticity> Judge(string folder, IReadOnlyList<SeenCall> calls, IEnumerable<TimeSpan> blows)
    {
        string job = Path.Combine(folder, "authenticate.json");
        File.WriteAllText(job, JsonSerializer.Serialize(new
        {
            streams = calls.Select(call => new
            {
                file = call.CalledFile,
                address = call.Called.Address.ToString(),
                port = call.Called.Port,
                from = VoiceNetwork.Media,
                suite = call.KeyToCalled.Split(' ')[0],
                key = call.KeyToCalled.Split(' ')[1],
            }),
            blows = blows.Select(blow => blow.TotalSeconds),
        }));
        string script = Path.Combine(LabProgram.Folder, "Baton.Lab", "Voice", "authenticate.py");
        var told = Command.Run(VoicePackages.Python, script, job).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))
            .ToDictionary(stream => string.Create(CultureInfo.InvariantCulture, $"{stream.GetProperty("address").GetString()}:{stream.GetProperty("port").GetInt32()}"));
        return calls.ToDictionary(call => call, call => Of(told[call.Called.ToString()]));
    }

    private static Authenticity Of(JsonElement stream) => new(Numbers(stream, "opened"), Numbers(stream, "failed"), stream.GetProperty("why").ToString());

    private static int[] Numbers(JsonElement stream, string name) => [.. stream.GetProperty(name).EnumerateArray().Select(number => number.GetInt32())];
}
