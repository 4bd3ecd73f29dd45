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

    private static readonly string[] Keying = ["crypto", "fingerprint", "setup", "tls-id", "identity"];

    /// <summary>Multiplexing is agreed with the gateway, not through it: each side has ports of its own.</summary>
    private static readonly string[] Multiplexing = ["rtcp", "rtcp-mux", "rtcp-mux-only", "bundle-only"];

    /// <summary>The session's own <c>c=</c> line too. Without it that line stays, and each media gets one.</summary>
    public bool SessionConnection { get; init; } = true;

    /// <summary>The name in the <c>o=</c> line becomes "-".</summary>
    public bool UserName { get; init; }

    /// <summary>The <c>s=</c> line becomes "-".</summary>
    public bool SessionName { get; init; }

    /// <summary>Header extensions go.</summary>
    public bool RemoveExtensions { get; init; }

    /// <summary>A media with port 0 keeps its port: it is not used. Everything that is not named here stays as it came.</summary>
    /// <exception cref="ArgumentException">Not as many media as the session has.</exception>
    public SdpSession Apply(SdpSession session)
    {
        if (Media.Count != session.Media.Count)
            throw new ArgumentException($"{session.Media.Count} media, and {Media.Count} to put in their places.", nameof(session));
        var lines = new List<SdpLine>();
        foreach (SdpLine line in session.Lines)
        {
            if (IsGone(line) || line.IsAttribute("group"))
                continue;
            lines.Add(line.Type switch
            {
                'c' when SessionConnection => new SdpLine('c', Connection(Address)),
                'o' => new SdpLine('o', OriginOf(line.Value.Split(' '))),
                's' when SessionName => new SdpLine('s', "-"),
                _ => line,
            });
        }

        return new SdpSession(lines, [.. session.Media.Select((media, i) => Apply(media, Media[i]))]);
    }

    private static string Connection(IPAddress address) => $"IN {(address.AddressFamily == AddressFamily.InterNetworkV6 ? "IP6" : "IP4")} {address}";

    private string OriginOf(string[] words)
    {
        if (UserName)
            words[0] = "-";
        return Origin ? string.Join(' ', words[..3]) + ' ' + Connection(Address) : string.Join(' ', words);
    }

    private SdpMedia Apply(SdpMedia media, SdpMediaRewrite change)
    {
        var lines = new List<SdpLine>();
        string connection = Connection(change.Address ?? Address);
        bool said = (SessionConnection && change.Address is null) || media.Port == 0;
        foreach (SdpLine line in media.Lines)
        {
            if (IsGone(line) || Array.Exists(Multiplexing, line.IsAttribute) || (line.IsAttribute("rtcp-fb") && !change.Transport.EndsWith('F')))
                continue;

            // RFC 4566 5: after the title, before everything else of the media.
            if (!said && line.Type is not ('i' or 'c'))
                lines.Add(new SdpLine('c', connection));
            said |= line.Type is not 'i';
            lines.Add(line.Type == 'c' ? new SdpLine('c', connection) : line);
        }

        if (!said)
            lines.Add(new SdpLine('c', connection));
        if (media.Port == 0)
            return media with { Transport = change.Transport, Lines = lines };
        if (change.RtcpPort is { } port)
            lines.Add(new SdpLine('a', string.Create(CultureInfo.InvariantCulture, $"rtcp:{port}{(change.FullRtcp ? " " + connection : "")}")));
        if (change.Mux)
            lines.Add(new SdpLine('a', "rtcp-mux"));
        foreach (string crypto in change.Crypto)
            lines.Add(new SdpLine('a', $"crypto:{crypto}"));
        return media with { Port = change.Port, PortCount = 1, Transport = change.Transport, Lines = lines };
    }

    private bool IsGone(SdpLine line) =>
        Array.Exists(Keying, line.IsAttribute) || (RemoveIce && Array.Exists(Ice, line.IsAttribute)) || (RemoveExtensions && line.IsAttribute("extmap"));
}

/// <summary>What is put into one media.</summary>
/// <param name="RtcpPort">Said in <c>a=rtcp</c>; null where it is the next port, or the same (rtcp-mux).</param>
/// <param name="Transport">RTP/AVP, RTP/SAVP, ...</param>
/// <param name="Crypto">Values of crypto attributes (RFC 4568), in order of preference. Those that came are the other side's, and go.</param>
public sealed record SdpMediaRewrite(int Port, int? RtcpPort, string Transport, IReadOnlyList<string> Crypto)
{
    /// <summary>Another one than the session's; the zero address of a call on hold (RFC 3264 8.4) stays one.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>RTP and RTCP share the port (RFC 5761).</summary>
    public bool Mux { get; init; }

    /// <summary>The <c>a=rtcp</c> line with the address too (RFC 3605).</summary>
    public bool FullRtcp { get; init; }
}
