using Baton.Lab.Hosts;
using Baton.Lab.Processes;

namespace Baton.Lab.Captures;

/// <summary>A capture of the outer switch by dumpcap: headers only, or frames whole where they hold several datagrams. Reading it ends it: so nothing is missing.</summary>
public sealed class Capture : IDisposable
{
    /// <summary>Enough for the headers of every packet that is counted.</summary>
    private const int Headers = 128;

    private const int Whole = 262_144;

    private readonly LabProcess _process;
    private readonly string _file;
    private readonly Wait _wait;

    public Capture(Host host, string device, string name, bool whole, Wait wait)
    {
        _wait = wait;
        _file = Path.Combine(host.Folder, $"{name}.pcap");
        _process = host.Start(name,
            ["dumpcap", "-P", "-q", "-i", device, "-s", $"{(whole ? Whole : Headers)}", "-B", "16", "-f", "udp port 500 or udp port 4500 or esp", "-w", _file]);
        wait.Until("the capture runs", TimeSpan.FromSeconds(10), () => File.Exists(_file) && new FileInfo(_file).Length > 0, () => _process.LastWords());
    }

    public static bool IsInstalled => File.Exists("/usr/bin/dumpcap");

    /// <summary>While packets flow: dumpcap leaves what it has not read yet when it is stopped, so first it must have caught up with now.</summary>
    /// <param name="stir">Sends something, where nothing flows by itself.</param>
    public List<CapturedPacket> Finish(Action? stir = null)
    {
        TimeSpan now = DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch;
        _wait.Until("the capture has caught up", TimeSpan.FromSeconds(15), HasCaughtUp, () => _process.LastWords());
        _process.Stop(TimeSpan.FromSeconds(10));
        return PcapReader.Read(_file);

        bool HasCaughtUp()
        {
            stir?.Invoke();
            return PcapReader.Read(_file) is [.., var last] && last.At > now;
        }
    }

    public void Dispose() => _process.Dispose();
}
