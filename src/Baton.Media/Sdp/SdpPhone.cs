using System.Globalization;
using System.Net;

namespace Baton.Media.Sdp;

/// <summary>Where a phone wants one media: what its description says of it.</summary>
/// <param name="Rtp">Of <c>m=</c> and <c>c=</c>; the zero address: nowhere for now (RFC 3264 8.4).</param>
/// <param name="Rtcp">Of <c>a=rtcp</c> (RFC 3605); the next port without; the same with <paramref name="Mux"/> where none is said.</param>
/// <param name="Mux">It offers, or takes, RTP and RTCP on one port (RFC 5761).</param>
public sealed record SdpPhone(IPEndPoint Rtp, IPEndPoint Rtcp, bool Mux)
{
    /// <summary>The phone sends nothing to, and hears nothing at, an address of zeros.</summary>
    public bool IsOnHold => Rtp.Address.Equals(IPAddress.Any) || Rtp.Address.Equals(IPAddress.IPv6Any);

    /// <param name="media">One that is used: its port is not 0.</param>
    /// <param name="instead">Where it is whatever it says; null: where it says.</param>
    /// <param name="wrong">The line that names no unicast address, or no port; empty otherwise.</param>
    public static SdpPhone? Read(SdpSession session, SdpMedia media, IPAddress? instead, out string wrong)
    {
        SdpLine? line = Connection(media.Lines) ?? Connection(session.Lines);
        wrong = "c=";
        if (line is not { } connection || !TryAddress(connection.Value, out IPAddress? address))
            return null;
        wrong = "";
        var rtp = new IPEndPoint(instead ?? address!, media.Port);
        bool mux = media.Attributes("rtcp-mux").Any() || media.Attributes("rtcp-mux-only").Any();
        var rtcp = new IPEndPoint(rtp.Address, mux || media.Port == IPEndPoint.MaxPort ? media.Port : media.Port + 1);
        if (media.Attributes("rtcp").FirstOrDefault() is { } said)
        {
            string[] words = said.Split(' ', 2);
            wrong = "a=rtcp";
            if (!int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port is 0 or > IPEndPoint.MaxPort)
                return null;
            IPAddress? other = null;
            if (words.Length == 2 && !TryAddress(words[1], out other))
                return null;
            wrong = "";
            rtcp = new IPEndPoint(instead ?? other ?? rtp.Address, port);
        }

        return new SdpPhone(rtp, rtcp, mux);
    }

    private static SdpLine? Connection(IReadOnlyList<SdpLine> lines)
    {
        foreach (SdpLine line in lines)
        {
            if (line.Type == 'c')
                return line;
        }

        return null;
    }

    /// <summary><c>IN IP4|IP6 address</c>. A name is no address here: a controller waits for no name server. Nor is a group (a TTL behind "/").</summary>
    private static bool TryAddress(string value, out IPAddress? address)
    {
        address = null;
        string[] words = value.Split(' ');
        return words is ["IN", "IP4" or "IP6", _] && IPAddress.TryParse(words[2], out address) && words[2] == Plain(address!, words[2]) && !IsGroup(address)
            && (address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6) == (words[1] == "IP6");
    }

    /// <summary>The platform also reads "1" and "0x7f.1": a description does not write so.</summary>
    private static string Plain(IPAddress address, string text) => address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? address.ToString() : text;

    private static bool IsGroup(IPAddress address) =>
        address.IsIPv6Multicast || (address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork && address.GetAddressBytes()[0] is >= 224 and <= 239 or 255);
}
