using System.Text.Json;
using Baton.Cli.Demo.Report;
using Baton.Cli.Demo.Scenario;
using Baton.Voice.Audio;

namespace Baton.Cli.Tests.Demo.Report;

/// <summary>A run as a demo would tell it: A, killed; B; planned switchover back to A; paused; B.</summary>
internal static class SampleReport
{
    public const ulong Slice = 1 << 24;
    private const long Start = 5_000_000_000_000;

    private static EarQuality Quality() => new(
        null,
        JsonElement.Parse("""{"expected":50,"lost":1,"late":1,"rating":84.08,"mos":4.17,"longestGapMs":62.11,"jitterMs":0.44}"""),
        JsonElement.Parse("""{"expected":250,"lost":0,"late":0,"rating":91.08,"mos":4.36,"longestGapMs":20.9,"jitterMs":0.21}"""));

    public static DemoReport Make(string folder)
    {
        var samples = new List<SequenceSample>();
        ulong number = 1;
        void Speak(string member, double from, double to)
        {
            for (double at = from; at < to; at += 0.02)
                samples.Add(new SequenceSample(At(at), number++, member));
        }

        Speak("A", 0, 12);
        ulong firstOfB = number = 65_536 + 1;
        Speak("B", 12.02, 30);
        ulong firstOfA = number;
        Speak("A", 30, 41);
        number = firstOfB + Slice + 30_000;
        Speak("B", 41.03, 60);

        return new DemoReport
        {
            Title = "A voice call outlives its gateway",
            StartedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
            StartNs = Start,
            EndNs = At(60),
            Samples = samples,
            Limits =
            [
                new(At(0), At(12), 65_536, "A", 1),
                new(At(12), At(20), 65_536 + Slice, "B", 2),
                new(At(20), At(30), 65_536 + Slice + 30_000, "B", 2),
                new(At(30), At(41), firstOfA + 100_000, "A", 3),
                new(At(41), At(60), 95_536 + (2 * Slice), "B", 4),
            ],
            Events =
            [
                new("kill", "Gateway A killed <kill -9>", At(12), 1, 0, 11.4, 9.8, 65_536, 65_537, null, "replays refused: 25,318 of 25,318") { Qualities = [Quality()] },
                new("restart", "A starts again", At(18), 0, 0, 1.2, 1.3),
                new("switchover", "Planned switchover to A", At(30), 0, 0, 3.1, 2.9, 95_536 + Slice, firstOfA),
                new("pause", "A paused for two seconds", At(41), 1, 2, 33.4, 35.1, firstOfA + 100_000, 65_537 + Slice + 30_000),
                new("handler-kill", "Handler killed", At(42), 0, 0, 1.4, 1.2),
            ],
            Gaps = [new(At(12), 11.4, "toPeer"), new(At(12.001), 9.8, "fromPeer"), new(At(41), 33.4, "toPeer"), new(At(41.002), 35.1, "fromPeer")],
            Calls = [new CallRecording("the peer's phone", Recording(folder), At(0.06))],
            Promises = [new("No number left twice: 0 repeats in 152,112 packets", true), new("No packet delivered twice", false)],
            Totals = [new("packets on the wire", "152,112")],
            Environment = [new("processor", "two cores & no more")],
        };
    }

    public static long At(double seconds) => Start + (long)(seconds * 1e9);

    /// <summary>The speech of a, with the frames missing that the event at 12 s cost.</summary>
    private static string Recording(string folder)
    {
        SpeechLibrary.TryLoad("a", out ReadOnlyMemory<byte> speech);
        var samples = new short[60 * G711.SampleRate];
        G711.DecodeMuLaw(speech.Span[..samples.Length], samples);
        samples.AsSpan(597 * 160, 160).Clear();
        samples.AsSpan(2048 * 160, 320).Clear();
        string path = Path.Combine(folder, "peer.wav");
        File.WriteAllBytes(path, WavFile.WritePcm(samples));
        return path;
    }
}
