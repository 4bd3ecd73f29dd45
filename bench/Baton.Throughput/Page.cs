using System.Globalization;
using System.Text;
using Baton.Lab.StrongSwan;

namespace Baton.Throughput;

/// <summary>docs/performance.md with its pictures, from one run.</summary>
public sealed class Page(RoundsFile rounds, string command)
{
    private readonly Results _results = rounds.ToResults();

    public void Write(string folder)
    {
        foreach (IGrouping<string, BenchCase> of in Pictures)
            File.WriteAllText(Path.Combine(folder, Picture(of.Key)), BarsPicture.Draw(of.Key, [.. of], _results));
        File.WriteAllText(Path.Combine(folder, "performance.md"), ToText());
    }

    private IEnumerable<IGrouping<string, BenchCase>> Pictures => _results.Cases.GroupBy(of => of.Unit);

    private static string Picture(string unit) => unit == "kpps" ? "performance-packets.svg" : "performance-throughput.svg";

    private string ToText()
    {
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"""
            # Throughput through two gateways

            `{command}` measured this and wrote this page: {Span()}; each system in turn, case by case and round by round, on the hosts of the [lab](../eng/lab/README.md). TCP goes by iperf3 ({rounds.Under.Seconds} s, one more before
            them is left out; {rounds.Under.Congestion} at both ends) from the host behind the peer to the host behind the cluster: two inner hosts, two gateways, a router and a switch between, for Baton also the standby and the
            handler, all on {rounds.Under.Machine}, which everything shares.

            - **baton** has everything on: a standby in sync, leases, ceilings, windows, selectors, counters; AES-128-GCM with ESN. **baton-null** is the same without its cipher (a build for measuring only).
            - **strongswan** is {Charon.Version()} with kernel-libipsec, AES-128-GCM, without ESN, which it refuses there. **wireguard-go** is that of Debian 13, with offloads; ChaCha20-Poly1305. **openvpn** is Debian's, AES-128-GCM
              over UDP. **veth** is the same way without a tunnel.
            - tcp8: eight flows to eight hosts, of Baton over eight SAs. tcp1-v6: IPv6 inside. raw-esp: ESP without UDP. udp200: packets of 200 bytes, sent singly by two senders, the highest rate of which less than
              0.5 % are lost. udp200-uso: the same from one sender with UDP segmentation.

            Ratios say more than figures: the machine changes its pace from hour to hour. What was tried, where the time goes, and older series: [performance-history.md](performance-history.md). Latency:
            [performance-latency.md](performance-latency.md). Many SAs: [performance-scale.md](performance-scale.md). ESP in memory: [performance-esp.md](performance-esp.md). Set-ups of IKE: [performance-setups.md](performance-setups.md).

            ## Bars

            | bar | wanted | between medians | round by round | |
            | --- | --- | --- | --- | --- |

            """));
        foreach (Bar bar in Bar.All)
        {
            if (bar.Row(_results) is { } row) text.AppendLine(row);
        }

        text.AppendLine().AppendLine("## Figures").AppendLine();
        foreach (IGrouping<string, BenchCase> of in Pictures)
            text.AppendLine(CultureInfo.InvariantCulture, $"![{of.Key} of each system: median, least and most]({Picture(of.Key)})").AppendLine();
        return text.Append(_results.ToTable().TrimEnd()).AppendLine().ToString();
    }

    /// <summary>How many rounds, and when.</summary>
    private string Span()
    {
        DateTimeOffset first = rounds.Measured.Min(one => one.At), last = rounds.Measured.Max(one => one.At);
        return string.Create(CultureInfo.InvariantCulture, $"{_results.Rounds} rounds, {first.UtcDateTime:yyyy-MM-dd HH:mm} to {last.UtcDateTime:HH:mm} UTC");
    }
}
