using System.Buffers.Binary;
using System.Globalization;
using System.Text.RegularExpressions;
using Baton.Lab.Hosts;
using Baton.Lab.Processes;
using Baton.Linux;
using Baton.Voice.Audio;

namespace Baton.Lab.Voice;

/// <summary>baresip as Debian has it: a phone that answers by itself, speaks real speech, takes nothing but SRTP, and tells at the end of a call what it has lost.</summary>
public sealed partial class Baresip : IDisposable
{
    private readonly LabProcess _process;
    private readonly Wait _wait;

    /// <param name="number">0 or 1: its name, and its SIP port.</param>
    public Baresip(Host host, int number, Wait wait)
    {
        (_wait, User) = (wait, $"baresip{number}");
        string folder = Directory.CreateDirectory(Path.Combine(host.Folder, User)).FullName, speech = Path.Combine(folder, "speech.wav");
        WriteWav(speech);
        File.WriteAllText(Path.Combine(folder, "accounts"), $"<sip:{User}@{VoiceNetwork.PhoneAddress}>;mediaenc=srtp-mand;answermode=auto;regint=0;audio_codecs=PCMU/8000/1\n");
        File.WriteAllText(Path.Combine(folder, "contacts"), "");
        File.WriteAllText(Path.Combine(folder, "config"), $"""
            poll_method epoll
            sip_listen {VoiceNetwork.PhoneAddress}:{SipPortOf(number)}
            net_interface voice
            call_max_calls 4
            call_local_timeout 600
            audio_source aufile,{speech}
            audio_player aubridge,none
            audio_alert aubridge,none
            ausrc_srate 8000
            auplay_srate 8000
            rtp_ports {20_000 + (number * 1_000)}-{20_998 + (number * 1_000)}
            rtp_stats yes
            statmode_default off
            module_path /usr/lib/baresip/modules
            module g711.so
            module aufile.so
            module aubridge.so
            module srtp.so
            module_tmp account.so
            module_app menu.so
            module_app rtcpsummary.so

            """);
        _process = host.Start(User, [VoicePackages.Baresip, "-f", folder, "-v"]);
        wait.Until($"{User} listens", TimeSpan.FromSeconds(20), () => host.Run("ss", "-Hlun").Contains(string.Create(CultureInfo.InvariantCulture, $"{VoiceNetwork.PhoneAddress}:{SipPortOf(number)} "), StringComparison.Ordinal), () => _process.LastWords(20));
    }

    public string User { get; }

    /// <summary>It takes the next port too, for TLS.</summary>
    public static int SipPortOf(int number) => 5_060 + (10 * number);

    public string LastWords() => _process.LastWords(25);

    /// <summary>Its own words at the end of its calls, the oldest first: it says them once the call is over.</summary>
    public BaresipReport WaitForReport(int call)
    {
        BaresipReport[] reports = [];
        _wait.Until($"{User} has told what its call {call} lost", TimeSpan.FromSeconds(10), () => (reports = Reports()).Length >= call, LastWords);
        return reports[call - 1];
    }

    public void Dispose() => _process.Dispose();

    private BaresipReport[] Reports()
    {
        string log = File.ReadAllText(_process.Log);
        return [.. Summary().Matches(log).Select(match => new BaresipReport(Number(match, "received"), Number(match, "sent"), Number(match, "lostByFar"), Number(match, "lost")))];
    }

    /// <summary>Lines in which it says that a packet was not genuine.</summary>
    public int SrtpErrors() => File.ReadLines(_process.Log).Count(line => SrtpError().IsMatch(line));

    private static long Number(Match match, string name) => long.Parse(match.Groups[name].Value, CultureInfo.InvariantCulture);

    /// <summary>16 bits a sample, 8 kHz, one channel: what its file source reads.</summary>
    private static void WriteWav(string path)
    {
        ReadOnlySpan<byte> speech = RtpFile.Speech("a").Span;
        byte[] wav = new byte[44 + (2 * speech.Length)];
        "RIFF"u8.CopyTo(wav);
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(4), wav.Length - 8);
        "WAVEfmt "u8.CopyTo(wav.AsSpan(8));
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(16), 16);
        BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(20), 1);
        BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(22), 1);
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(24), G711.SampleRate);
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(28), 2 * G711.SampleRate);
        BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(32), 2);
        BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(34), 16);
        "data"u8.CopyTo(wav.AsSpan(36));
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(40), 2 * speech.Length);
        for (int i = 0; i < speech.Length; i++) BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(44 + (2 * i)), G711.DecodeMuLaw(speech[i]));
        File.WriteAllBytes(path, wav);
    }

    /// <summary>Of its module rtcpsummary: packets received and sent, and the lost ones, of what it was sent first.</summary>
    [GeneratedRegex(@"EX=BareSip;CS=\d+;CD=\d+;PR=(?<received>\d+);PS=(?<sent>\d+);PL=(?<lost>-?\d+),(?<lostByFar>-?\d+);")]
    private static partial Regex Summary();

    [GeneratedRegex("failed to decrypt")]
    private static partial Regex SrtpError();
}

/// <param name="Lost">Of what was sent to it.</param>
/// <param name="LostByFar">Of what it sent, as the far end's reports have it; nobody reports where the far end is sipp.</param>
public sealed record BaresipReport(long Received, long Sent, long LostByFar, long Lost);
