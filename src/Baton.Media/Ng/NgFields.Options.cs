using System.Net;
using System.Net.Sockets;

namespace Baton.Media.Ng;

internal sealed partial class NgFields
{
    private static readonly string[] Transports = ["RTP/AVP", "RTP/SAVP", "RTP/AVPF", "RTP/SAVPF"];

    /// <summary>Flags whose work we do not do and that nobody asks for without needing it.</summary>
    private static readonly string[] ForeignFlags =
    [
        "record-call", "inject-DTMF", "detect-DTMF", "block-DTMF", "always-transcode", "allow-transcoding", "asymmetric", "WebRTC", "generate-RTCP", "single-codec",
        "recording-announcement", "mirror-RTCP",
    ];

    /// <summary>The same of <c>replace</c>.</summary>
    private static readonly string[] ForeignReplacements = ["SDP-version", "origin-full", "force-increment-sdp-ver"];

    /// <summary>The same of session parameters of SDES: SRTP that is not encrypted or not authenticated is none.</summary>
    private static readonly string[] ForeignSdes = ["unencrypted_srtp", "unauthenticated_srtp"];

    /// <summary>Keys that ask for work we do not do, unless they say one of these.</summary>
    private static readonly (string Key, string[] Harmless)[] ForeignKeys =
    [
        ("codec", []), ("ptime", []), ("ptime-reverse", []), ("repacketize", []), ("sdp-attr", []), ("rtpp-flags", []), ("template", []), ("delay-buffer", ["0"]),
        ("record-call", ["no", "off"]), ("media-echo", []), ("drop-traffic", ["stop"]), ("DTMF-security", ["off"]), ("audio-player", ["off", "default"]),
        ("generate-RTCP", ["off"]), ("endpoint-learning", ["immediate", "delayed", "heuristic"]),
    ];

    internal NgOptions Options()
    {
        var flags = Words("flags");
        List<string> replace = Words("replace"), mux = Words("rtcp-mux"), sdes = Words("SDES"), direction = Words("direction"), supports = Words("supports");
        foreach (string flag in flags)
        {
            _ = TryMove(flag, "replace-", replace) || TryMove(flag, "rtcp-mux-", mux) || TryMove(flag, "SDES-", sdes);
        }

        if (direction.Count is not (0 or 2))
            Fail(NgVerdict.BadField, "direction");
        string? transport = Text("transport-protocol", 64);
        NgIce ice = Ice();
        return new NgOptions
        {
            Flags = flags,
            Replace = replace,
            Transport = transport,
            Ice = ice,
            RtcpMux = mux,
            Sdes = sdes,
            ReceivedFrom = ReceivedFrom(),
            Direction = direction,
            Family = Family(),
            MediaAddress = MediaAddress(),
            Label = Text("label", MaximumLabel) ?? Text("from-label", MaximumLabel),
            KnowsLoadLimit = supports.Contains("load-limit"),
            Unsupported = Foreign(flags, replace, sdes, transport, ice),
        };
    }

    /// <summary>Words that a client that does not know them put among the flags.</summary>
    private static bool TryMove(string flag, string prefix, List<string> words)
    {
        if (!flag.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            return false;
        words.Add(flag[prefix.Length..]);
        return true;
    }

    private string? Foreign(List<string> flags, List<string> replace, List<string> sdes, string? transport, NgIce ice)
    {
        if (transport is not null && !Transports.Contains(transport))
            return $"transport-protocol {Printable(transport)}";
        if (ice == NgIce.Force)
            return "ICE";
        foreach (string flag in ForeignFlags)
        {
            if (flags.Contains(flag, StringComparer.OrdinalIgnoreCase))
                return flag;
        }

        foreach (string what in ForeignReplacements)
        {
            if (replace.Contains(what, StringComparer.OrdinalIgnoreCase))
                return $"replace {what}";
        }

        foreach (string what in ForeignSdes)
        {
            if (sdes.Contains(what, StringComparer.OrdinalIgnoreCase))
                return $"SDES {what}";
        }

        if (flags.Exists(flag => flag.StartsWith("codec-", StringComparison.OrdinalIgnoreCase) || flag.StartsWith("transcode", StringComparison.OrdinalIgnoreCase)))
            return "codec";
        if (Find("T.38") is BencodeValue.List { Items: var items } && items.Any(item => item.ToString() is "decode" or "force"))
            return "T.38";
        foreach ((string key, string[] harmless) in ForeignKeys)
        {
            if (Find(key) is { } value && !harmless.Contains(value.ToString()))
                return key;
        }

        return null;
    }

    private NgIce Ice() => Text("ICE", 64) switch
    {
        "remove" => NgIce.Remove,
        "force" or "force-relay" or "optional" => NgIce.Force,
        _ => NgIce.Default,
    };

    private IPAddress? ReceivedFrom()
    {
        List<string> words = Words("received-from");
        if (words.Count == 0)
            return null;
        if (words is [("IP4" or "IP6"), var text] && IPAddress.TryParse(text, out IPAddress? address))
            return address;
        Fail(NgVerdict.BadField, "received-from");
        return null;
    }

    private AddressFamily? Family()
    {
        switch (Text("address-family", 16))
        {
            case null:
                return null;
            case "IP4":
                return AddressFamily.InterNetwork;
            case "IP6":
                return AddressFamily.InterNetworkV6;
            default:
                Fail(NgVerdict.BadField, "address-family");
                return null;
        }
    }

    private IPAddress? MediaAddress()
    {
        if (Text("media-address", 64) is not { } text)
            return null;
        if (IPAddress.TryParse(text, out IPAddress? address))
            return address;
        Fail(NgVerdict.BadField, "media-address");
        return null;
    }

    /// <summary>What a sender wrote and a log may show.</summary>
    private static string Printable(string text) => new([.. text.Select(c => c is > ' ' and <= '~' ? c : '?')]);
}
