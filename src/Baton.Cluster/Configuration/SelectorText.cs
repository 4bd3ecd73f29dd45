using System.Globalization;
using System.Net;
using Baton.Ike.Payloads;

namespace Baton.Cluster.Configuration;

/// <summary>A traffic selector as people write it: <c>10.1.0.0/16</c>, <c>10.1.0.5-10.1.0.9</c>, <c>10.1.0.1[udp/5060-5061]</c>.</summary>
public static class SelectorText
{
    private static readonly Dictionary<string, byte> Protocols = new() { ["icmp"] = 1, ["tcp"] = 6, ["udp"] = 17, ["gre"] = 47, ["icmpv6"] = 58, ["sctp"] = 132 };

    public const string Advice = "Write a prefix (\"10.1.0.0/16\"), a range (\"10.1.0.5-10.1.0.9\") or one address, and, if wanted, protocol and ports behind it (\"[udp/5060-5061]\").";

    public static bool TryParse(string text, out TrafficSelector selector)
    {
        selector = default;
        (byte protocol, ushort from, ushort to) = ((byte)0, (ushort)0, ushort.MaxValue);
        int bracket = text.IndexOf('[');
        if (bracket > 0)
        {
            if (!text.EndsWith(']')) return false;
            string[] parts = text[(bracket + 1)..^1].Split('/');
            if (parts.Length > 2) return false;
            if (!Protocols.TryGetValue(parts[0], out protocol) && !byte.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out protocol)) return false;
            if (parts.Length == 2)
            {
                string[] ports = parts[1].Split('-');
                if (ports.Length > 2 || !TryPort(ports[0], out from) || !TryPort(ports[^1], out to) || from > to) return false;
            }

            text = text[..bracket];
        }

        if (!TryAddresses(text, out IPAddress start, out IPAddress end)) return false;
        selector = new TrafficSelector(protocol, from, to, start, end);
        return true;
    }

    private static bool TryPort(string text, out ushort port) => ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port);

    private static bool TryAddresses(string text, out IPAddress start, out IPAddress end)
    {
        (start, end) = (IPAddress.Any, IPAddress.Any);
        if (PrefixText.TryParse(text, out IPNetwork network))
        {
            var selector = Records.SaSelector.Of(network);
            (start, end) = (selector.First.ToIPAddress(), selector.Last.ToIPAddress());
            return true;
        }

        string[] parts = text.Split('-');
        if (parts.Length > 2 || !TryAddress(parts[0], out start) || !TryAddress(parts[^1], out end) || start.AddressFamily != end.AddressFamily) return false;
        return start.GetAddressBytes().AsSpan().SequenceCompareTo(end.GetAddressBytes()) <= 0;
    }

    /// <summary>The platform also takes "1" for 0.0.0.1.</summary>
    private static bool TryAddress(string text, out IPAddress address) =>
        IPAddress.TryParse(text, out address!) && (text.Contains(':', StringComparison.Ordinal) || text.Count(c => c == '.') == 3);
}
