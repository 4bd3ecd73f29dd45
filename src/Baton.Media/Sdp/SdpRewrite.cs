using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Baton.Media.Sdp;

/// <summary>What a media gateway puts into a description that passes: its own addresses, ports, transport and keys.</summary>
/// <param name="Address">Where the gateway takes this side's media.</param>
/// <param name="Origin">Also in the <c>o=</c> line.</param>
/// <param name="RemoveIce">Candidates and what belongs to them go; with a relay in between they would lead around it.</param>
/// <param name="Media">One for each media of the session, in order.</param>
public sealed record SdpRewrite(IPAddress Address, bool Origin, bool RemoveIce, IReadOnlyList<SdpMediaRewrite> Media)
{
    private static readonly string[] Ice =
        ["candidate", "end-of-candidates", "ice-ufrag", "ice-pwd", "ice-options", "ice-lite", "ice-mismatch", "ice-pacing", "remote-candidates"];

    private static readonly string[] Keying = ["crypto", "fingerprint", "setup", "tls-id"];

    private string Connection => $"IN {(Address.AddressFamily == AddressFamily.InterNetworkV6 ? "IP6" : "IP4")} {Address}";

    /// <summary>A media with port 0 keeps its port: it is not used. Everything that is not named here stays as it came.</summary>
    /// <exception cref="ArgumentException">Not as many media as the session has.</exception>
    public SdpSession Apply(SdpSession session)
    {
        if (Media.Count != session.Media.Count)
            throw new ArgumentException($"{session.Media.Count} media, and {Media.Count} to put in their places.", nameof(session));
        var lines = new List<SdpLine>();
        foreach (SdpLine line in session.Lines)
        {
            if (IsGone(line))
                continue;
            lines.Add(line.Type switch
            {
                'c' => new SdpLine('c', Connection),
                'o' when Origin => new SdpLine('o', string.Join(' ', line.Value.Split(' ')[..3]) + ' ' + Connection),
                _ => line,
            });
        }

        return new SdpSession(lines, [.. session.Media.Select((media, i) => Apply(media, Media[i]))]);
    }

    private SdpMedia Apply(SdpMedia media, SdpMediaRewrite change)
    {
        var lines = new List<SdpLine>();
        foreach (SdpLine line in media.Lines)
        {
            if (line.IsAttribute("rtcp") || IsGone(line))
                continue;
            lines.Add(line.Type == 'c' ? new SdpLine('c', Connection) : line);
        }

        if (media.Port == 0)
            return media with { Transport = change.Transport, Lines = lines };
        if (change.RtcpPort is { } port)
            lines.Add(new SdpLine('a', string.Create(CultureInfo.InvariantCulture, $"rtcp:{port}")));
        foreach (string crypto in change.Crypto)
            lines.Add(new SdpLine('a', $"crypto:{crypto}"));
        return media with { Port = change.Port, PortCount = 1, Transport = change.Transport, Lines = lines };
    }

    private bool IsGone(SdpLine line) => Keying.Any(line.IsAttribute) || (RemoveIce && Ice.Any(line.IsAttribute));
}

/// <summary>What is put into one media.</summary>
/// <param name="RtcpPort">Said in <c>a=rtcp</c>; null where it is the next port, or the same (rtcp-mux).</param>
/// <param name="Transport">RTP/AVP, RTP/SAVP, ...</param>
/// <param name="Crypto">Values of crypto attributes (RFC 4568), in order of preference. Those that came are the other side's, and go.</param>
public sealed record SdpMediaRewrite(int Port, int? RtcpPort, string Transport, IReadOnlyList<string> Crypto);
