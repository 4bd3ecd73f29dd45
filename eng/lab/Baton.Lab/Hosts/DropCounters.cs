using System.Globalization;
using System.Text.RegularExpressions;
using Baton.Lab.Processes;
using Baton.Linux;

namespace Baton.Lab.Hosts;

/// <summary>Every counter of a host's kernel that grows when a packet is lost there: IP and UDP, the receive queue of each socket, devices, queueing disciplines.</summary>
/// <remarks>What a host's own device refuses to take ahead of its queue, and TUN devices whose program does not read, are the device's; a program that does not read its socket is the socket's.</remarks>
public static partial class DropCounters
{
    private static readonly string[] Protocols = ["snmp", "snmp6"];

    private static readonly string[] Sockets = ["udp", "udp6", "raw", "raw6"];

    /// <summary>By name, such as <c>peer: socket udp 4500 drops</c>; those that are zero are there too, as far as the kernel lists them.</summary>
    public static IEnumerable<(string Name, long Value)> Read(Host host)
    {
        IEnumerable<(string Name, long Value)> counters = NetworkNamespace.In(host.SpacePath, ReadHere).Concat(Disciplines(host));
        return counters.Select(counter => ($"{host.Name}: {counter.Name}", counter.Value));
    }

    /// <summary>Packets that no processor took in time from the queue in which each arrives that crosses a cable: of the whole machine.</summary>
    public static (string Name, long Value) Backlog() =>
        ("the machine: backlog of the processors dropped", File.ReadLines("/proc/net/softnet_stat").Sum(line => long.Parse(line.Split(' ')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture)));

    /// <summary>What <c>/proc/net</c> says in the namespace of this thread.</summary>
    private static List<(string Name, long Value)> ReadHere() =>
    [
        .. Protocols.SelectMany(file => OfProtocols(Lines(file))).Where(counter => IsLoss().IsMatch(counter.Name)),
        .. Sockets.SelectMany(file => Lines(file).Skip(1).Select(Words).Select(words => ($"socket {file} {Port(words[1])} drops", Number(words[^1])))),
        .. Lines("dev").Skip(2).SelectMany(OfDevice),
    ];

    private static string[] Lines(string file) => File.ReadAllLines($"/proc/thread-self/net/{file}");

    /// <summary>IPv4: a line of names and one of values for each protocol. IPv6: a name and a value a line.</summary>
    private static IEnumerable<(string Name, long Value)> OfProtocols(string[] lines)
    {
        string[] names = [];
        foreach (string[] words in lines.Select(Words))
        {
            if (!words[0].EndsWith(':')) yield return (words[0], Number(words[1]));
            else if (names is [] || names[0] != words[0]) names = words;
            else
            {
                for (int i = 1; i < words.Length; i++) yield return ($"{words[0].TrimEnd(':')} {names[i]}", Number(words[i]));
            }
        }
    }

    /// <summary>The name, eight columns received, eight sent; the third and the fourth of each are errors and drops.</summary>
    private static IEnumerable<(string Name, long Value)> OfDevice(string line)
    {
        (string device, string[] columns) = line.Split(':') is [var name, var rest] ? (name.Trim(), Words(rest)) : throw new LabException($"/proc/net/dev: {line}");
        yield return ($"device {device} receive errors", Number(columns[2]));
        yield return ($"device {device} receive drops", Number(columns[3]));
        yield return ($"device {device} send errors", Number(columns[10]));
        yield return ($"device {device} send drops", Number(columns[11]));
    }

    private static IEnumerable<(string Name, long Value)> Disciplines(Host host) =>
        Discipline().Matches(Command.Try("ip", host.Inside("tc", "-s", "qdisc").Skip(1)).Output)
            .Select(match => ($"queue {match.Groups["kind"].Value} of {match.Groups["device"].Value} dropped", Number(match.Groups["dropped"].Value)));

    private static string[] Words(string line) => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static long Number(string text) => long.TryParse(text, CultureInfo.InvariantCulture, out long value) ? value : 0;

    private static int Port(string address) => int.Parse(address.Split(':')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    /// <summary>Whatever is named after a loss. Without ICMP: it only tells of one.</summary>
    [GeneratedRegex("^(?!Icmp).*(Errors|Discards|NoRoutes|NoPorts|Fails|TooBig|Truncated)")]
    private static partial Regex IsLoss();

    [GeneratedRegex(@"^qdisc (?<kind>\S+) \S+ dev (?<device>\S+)[^\n]*\n[^\n]*\(dropped (?<dropped>\d+),", RegexOptions.Multiline)]
    private static partial Regex Discipline();
}
