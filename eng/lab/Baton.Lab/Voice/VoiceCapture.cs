using System.Text.RegularExpressions;
using Baton.Lab.Hosts;
using Baton.Lab.Processes;

namespace Baton.Lab.Voice;

/// <summary>A capture at a host of phones: all UDP, whole packets. One that lost a packet itself fails the story: then nobody may count.</summary>
public sealed partial class VoiceCapture : IDisposable
{
    private readonly LabProcess _process;

    public VoiceCapture(Host host, Wait wait)
    {
        File = Path.Combine(host.Folder, "voice.pcap");
        _process = host.Start("capture", ["dumpcap", "-P", "-q", "-i", "voice", "-s", "2048", "-B", "64", "-f", "udp", "-w", File]);
        wait.Until("the capture runs", TimeSpan.FromSeconds(10), () => System.IO.File.Exists(File) && new FileInfo(File).Length > 0, () => _process.LastWords());
    }

    public string File { get; }

    /// <summary>Ends it. The media are over by then, and what came since is nobody's business.</summary>
    public VoiceTrace Finish()
    {
        _process.Stop(TimeSpan.FromSeconds(10));
        if (Dropped().Match(_process.LastWords()) is not { Success: true } told) throw new LabException($"the capture does not say how it ended: {_process.LastWords()}");
        if (told.Groups["dropped"].Value != "0") throw new LabException($"the capture lost packets itself: {told.Value}");
        return VoiceTrace.Read(File);
    }

    public void Dispose() => _process.Dispose();

    [GeneratedRegex(@"Packets received/dropped on interface '\w+': \d+/(?<dropped>\d+)")]
    private static partial Regex Dropped();
}
