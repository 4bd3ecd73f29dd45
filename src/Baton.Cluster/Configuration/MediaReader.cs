using System.Net;
using Baton.Cluster.Protos;
using Google.Protobuf;

namespace Baton.Cluster.Configuration;

/// <summary>Reads <c>[media]</c> and the calls that stand in the file: <c>[[call]]</c> with <c>[call.a]</c> and <c>[call.b]</c>, for a trial without a controller.</summary>
internal static class MediaReader
{
    /// <summary>The suites by their names in SDP, with the bytes of master key and salt.</summary>
    private static readonly Dictionary<string, int> Suites = new()
    {
        ["AES_CM_128_HMAC_SHA1_80"] = 30,
        ["AES_CM_128_HMAC_SHA1_32"] = 30,
        ["AES_256_CM_HMAC_SHA1_80"] = 46,
        ["AES_256_CM_HMAC_SHA1_32"] = 46,
        ["AEAD_AES_128_GCM"] = 28,
        ["AEAD_AES_256_GCM"] = 44,
    };

    public static MediaOptions? Read(ConfigSection root, List<string> warnings)
    {
        ConfigSection media = root.Section("media");
        var addresses = new List<IPAddress>();
        IReadOnlyList<string> texts = media.Texts("addresses", "Where phones send to, as in [\"192.0.2.1\"].");
        foreach (string text in texts)
        {
            if (IPAddress.TryParse(text, out IPAddress? address)) addresses.Add(address);
            else media.Error("addresses", $"has \"{text}\", which is no address", "Write each as \"192.0.2.1\" or \"2001:db8::1\".");
        }

        if (texts.Count == 0)
            media.Error("addresses", "names none", "Write where phones send to, as in [\"192.0.2.1\"].");
        long first = media.Number("first-port", 1_024, 65_534, "the first UDP port of calls.") ?? 20_000;
        long last = media.Number("last-port", 1_025, 65_535, "the last UDP port of calls.") ?? 39_999;
        if (last <= first) media.Error("last-port", "is not above first-port", "A leg without rtcp-mux takes two ports.");
        TimeSpan? timeout = media.Milliseconds("call-timeout-ms", 1_000, 86_400_000, "after so long without media a call is told to the controller.");
        long most = media.Number("most-calls", 1, 100_000, "calls at once.") ?? 10_000;
        media.Finish();
        ConfigSection insecure = root.Section("insecure");
        bool staticKeys = insecure.Flag("static-keying", false);
        insecure.Finish();

        var calls = new List<MediaCall>();
        foreach (ConfigSection table in root.Sections("call"))
        {
            if (Call(table) is { } call) calls.Add(call);
        }

        if (calls.Exists(call => call.A.Transport == MediaTransport.Srtp || call.B.Transport == MediaTransport.Srtp))
        {
            if (staticKeys)
                warnings.Add("INSECURE: keys of calls stand in the file (static-keying = true): with a new ledger their indexes begin again. Never do this outside of a demo or a test.");
            else
                insecure.Error("static-keying", "is needed for calls with keys in the file", "For a demo or a test, with fresh keys for each run, write [insecure] static-keying = true.");
        }

        return addresses.Count == 0 ? null : new(addresses, (int)first, (int)last, timeout ?? TimeSpan.FromSeconds(60), calls) { MostCalls = (int)most };
    }

    private static MediaCall? Call(ConfigSection table)
    {
        long? id = table.Number("id", 1, long.MaxValue, "names the call at every member.", required: true);
        string? name = table.Text("name", "Any text.", required: false);
        (MediaLegSetting? a, MediaLegSetting? b) = (Leg(table.Section("a")), Leg(table.Section("b")));
        table.Finish();
        return id is null || a is null || b is null ? null : new MediaCall { Id = (ulong)id, Version = 1, Name = name ?? "", A = a, B = b };
    }

    private static MediaLegSetting? Leg(ConfigSection leg)
    {
        IPEndPoint? local = leg.Endpoint("local", "Our address and port for RTP; RTCP is one above.");
        IPEndPoint? phone = leg.Endpoint("phone", "Where the phone listens for RTP; leave it out to hear it first.", required: false);
        bool mux = leg.Flag("rtcp-mux", false);
        string? suite = leg.Text("suite", "An SRTP suite as SDP spells it; leave it out for plain RTP.", required: false);
        SrtpKey? theirs = null, ours = null;
        if (suite is not null && !Suites.ContainsKey(suite))
        {
            leg.Error("suite", "is not known", $"Write one of {string.Join(", ", Suites.Keys)}.");
        }
        else if (suite is not null)
        {
            (theirs, ours) = (Key(leg, "key-of-phone", suite), Key(leg, "key-to-phone", suite));
        }

        leg.Finish();
        if (local is null || (suite is not null && (theirs is null || ours is null))) return null;
        return new MediaLegSetting
        {
            LocalAddress = local.Address.ToString(),
            LocalRtpPort = (uint)local.Port,
            PhoneAddress = phone?.Address.ToString() ?? "",
            PhoneRtpPort = (uint)(phone?.Port ?? 0),
            RtcpMux = mux,
            Transport = suite is null ? MediaTransport.Plain : MediaTransport.Srtp,
            PhoneKey = theirs,
            OurKey = ours,
            Answered = true,
        };
    }

    private static SrtpKey? Key(ConfigSection leg, string key, string suite)
    {
        string? text = leg.Text(key, "Base64 of master key and salt, as behind \"inline:\" in SDP.");
        if (text is null) return null;
        var bytes = new byte[Suites[suite]];
        if (Convert.TryFromBase64String(text, bytes, out int written) && written == bytes.Length)
            return new SrtpKey { Suite = suite, KeyAndSalt = ByteString.CopyFrom(bytes) };
        leg.Error(key, "is no key of this suite", $"Write {bytes.Length} bytes in base64: master key, then salt.");
        return null;
    }
}
