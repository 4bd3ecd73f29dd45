using System.Globalization;
using System.Net;
using Baton.Cluster.Records;

namespace Baton.Cluster.Configuration;

/// <summary>SAs keyed by the configuration: <c>[[sa]]</c> tables, or a side file with a line for each.</summary>
/// <remarks>
/// Refused unless <c>[insecure] static-keying = true</c>: RFC 8221 3 (and RFC 4106 2) forbid static keys with counter ciphers, because a
/// restart would repeat numbers under the same key. The demo and tests draw fresh keys for each run.
/// </remarks>
internal static class StaticKeying
{
    public static readonly IReadOnlyDictionary<string, SaSuite> Suites = new Dictionary<string, SaSuite>
    {
        ["aes-gcm-128"] = SaSuite.AesGcm128,
        ["aes-gcm-256"] = SaSuite.AesGcm256,
        ["chacha20-poly1305"] = SaSuite.ChaCha20Poly1305,
        ["aes-cbc-128-sha256"] = SaSuite.AesCbc128Sha256,
        ["aes-cbc-256-sha256"] = SaSuite.AesCbc256Sha256,
    };

    private static readonly Dictionary<string, SaMode> Modes = new() { ["tunnel"] = SaMode.Tunnel, ["transport"] = SaMode.Transport };

    private static readonly string[] Columns =
        ["name", "suite", "spi-to-peer", "spi-from-peer", "key-to-peer", "key-from-peer", "local", "remote", "peer", "esn", "window"];

    public static IReadOnlyList<StaticSa> Read(ConfigSection root, List<string> warnings)
    {
        ConfigSection insecure = root.Section("insecure");
        bool allowed = insecure.Flag("static-keying", false);
        string? file = insecure.Path("sas-file", "A file with a line for each pair of SAs.", mustExist: true, required: false);
        insecure.Finish();

        var sas = new List<StaticSa>();
        foreach (ConfigSection table in root.Sections("sa"))
        {
            if (Table(table) is { } sa) sas.Add(sa);
        }

        if (file is not null) ReadFile(insecure, file, sas);
        if (sas.Count == 0) return sas;
        if (!allowed)
        {
            insecure.Error("static-keying", "is needed for SAs with keys from a file",
                "Static keys repeat nonces after a restart (RFC 8221 3). For a demo or a test, with fresh keys for each run, write [insecure] static-keying = true.");
            return [];
        }

        warnings.Add($"INSECURE: {sas.Count} pairs of SAs are keyed by the configuration (static-keying = true). Never do this outside of a demo or a test (RFC 8221 3).");
        RefuseTwice(root, sas);
        return sas;
    }

    private static StaticSa? Table(ConfigSection table)
    {
        string? name = table.Name("name", "Any name; it is used in the log.");
        SaSuite? suite = table.Choice("suite", Suites, fallback: null);
        SaMode mode = table.Choice("mode", Modes, SaMode.Tunnel) ?? SaMode.Tunnel;
        long? toPeer = table.Number("spi-to-peer", 256, uint.MaxValue, "the SPI of the SA to the peer; 0 to 255 are reserved (RFC 4303 2.1).", required: true);
        long? fromPeer = table.Number("spi-from-peer", 256, uint.MaxValue, "the SPI of the SA from the peer; 0 to 255 are reserved (RFC 4303 2.1).", required: true);
        byte[]? keyToPeer = Key(table, "key-to-peer", suite);
        byte[]? keyFromPeer = Key(table, "key-from-peer", suite);
        IPNetwork? local = table.Network("local", "The inner addresses on the cluster's side.");
        IPNetwork? remote = table.Network("remote", "The inner addresses on the peer's side.");
        IPEndPoint? peer = table.Endpoint("peer", "Where the peer is; leave it out to learn it from its first packet.", required: false);
        bool extended = table.Flag("esn", true);
        long window = table.Number("window", 32, 4096, "the size of the replay window.") ?? 1024;
        table.Finish();
        if (mode == SaMode.Transport && !(IsHost(local) && IsHost(remote)))
        {
            table.Error("mode", "is transport, which is between two hosts (RFC 4301 4.1)", "Write one address for local and for remote (/32 or /128), or mode = \"tunnel\".");
            return null;
        }

        if (name is null || suite is null || toPeer is null || fromPeer is null || keyToPeer is null || keyFromPeer is null || local is null || remote is null) return null;
        return new(name, suite.Value, mode, (uint)toPeer, (uint)fromPeer, keyToPeer, keyFromPeer, local.Value, remote.Value, peer, extended, (int)window);
    }

    private static bool IsHost(IPNetwork? network) =>
        network is { } known && known.PrefixLength == (known.BaseAddress.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 32 : 128);

    private static byte[]? Key(ConfigSection table, string key, SaSuite? suite)
    {
        string? text = table.Text(key, "Hexadecimal: cipher key, then salt or integrity key.");
        if (text is null || suite is null) return null;
        if (TryKey(text, suite.Value, out byte[] bytes)) return bytes;
        table.Error(key, "is not a key of this suite", $"Write {2 * SaDescription.KeyBytes(suite.Value)} hexadecimal digits: cipher key, then salt or integrity key.");
        return null;
    }

    private static bool TryKey(ReadOnlySpan<char> text, SaSuite suite, out byte[] key)
    {
        key = new byte[SaDescription.KeyBytes(suite)];
        return text.Length == key.Length * 2
            && Convert.FromHexString(text, key, out _, out int written) == System.Buffers.OperationStatus.Done && written == key.Length;
    }

    /// <summary>Comma-separated, the names of the columns in the first line; ten thousand lines take milliseconds.</summary>
    private static void ReadFile(ConfigSection insecure, string path, List<StaticSa> sas)
    {
        int number = 0;
        int bad = 0;
        try
        {
            foreach (string line in File.ReadLines(path))
            {
                number++;
                if (line.Length == 0 || line[0] == '#') continue;
                if (line.StartsWith("name,", StringComparison.Ordinal))
                {
                    if (line == string.Join(',', Columns)) continue;
                    insecure.Error("sas-file", $"line {number} names other columns", $"The columns are {string.Join(',', Columns)}.");
                    return;
                }

                if (TryLine(line, out StaticSa sa, out string problem)) sas.Add(sa);
                else if (bad++ < 20) insecure.Error("sas-file", $"line {number}: {problem}", $"The columns are {string.Join(',', Columns)}.");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            insecure.Error("sas-file", $"cannot be read ({e.Message})", "Name a file that this user may read.");
        }

        if (bad > 20) insecure.Error("sas-file", $"{bad - 20} more lines are wrong", "Repair the first ones and look again.");
    }

    private static bool TryLine(string line, out StaticSa sa, out string problem)
    {
        sa = null!;
        ReadOnlySpan<char> text = line;
        Span<Range> fields = stackalloc Range[Columns.Length + 1];
        if (text.Split(fields, ',') != Columns.Length)
        {
            problem = $"has not {Columns.Length} fields";
            return false;
        }

        string name = text[fields[0]].ToString();
        problem = "bad name";
        if (!Certificates.NodeName.IsValid(name)) return false;
        problem = "unknown suite";
        if (!Suites.TryGetValue(text[fields[1]].ToString(), out SaSuite suite)) return false;
        problem = "bad SPI (a number from 256, or 0x and hexadecimal digits)";
        if (!TrySpi(text[fields[2]], out uint toPeer) || !TrySpi(text[fields[3]], out uint fromPeer)) return false;
        problem = $"a key is not {2 * SaDescription.KeyBytes(suite)} hexadecimal digits";
        if (!TryKey(text[fields[4]], suite, out byte[] keyToPeer) || !TryKey(text[fields[5]], suite, out byte[] keyFromPeer)) return false;
        problem = "bad prefix";
        if (!PrefixText.TryParse(text[fields[6]], out IPNetwork local) || !PrefixText.TryParse(text[fields[7]], out IPNetwork remote)) return false;
        problem = "bad peer address (empty: learned)";
        IPEndPoint? peer = null;
        if (!text[fields[8]].IsEmpty && !EndpointText.TryParse(text[fields[8]].ToString(), out peer)) return false;
        problem = "esn is neither true nor false";
        if (!bool.TryParse(text[fields[9]], out bool extended)) return false;
        problem = "window is not a number from 32 to 4096";
        if (!int.TryParse(text[fields[10]], NumberStyles.None, CultureInfo.InvariantCulture, out int window) || window is < 32 or > 4096) return false;
        sa = new(name, suite, SaMode.Tunnel, toPeer, fromPeer, keyToPeer, keyFromPeer, local, remote, peer, extended, window);
        return true;
    }

    private static bool TrySpi(ReadOnlySpan<char> text, out uint spi) =>
        (text.StartsWith("0x")
            ? uint.TryParse(text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out spi)
            : uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out spi)) && spi >= 256;

    private static void RefuseTwice(ConfigSection root, List<StaticSa> sas)
    {
        var spis = new HashSet<uint>();
        var keys = new HashSet<string>();
        int doubles = 0;
        foreach (StaticSa sa in sas)
        {
            if (doubles > 20) return;                     // the rest is the same mistake
            if ((!spis.Add(sa.SpiToPeer) | !spis.Add(sa.SpiFromPeer)) && doubles++ >= 0)
                root.Error("sa", $"{sa.Name} uses an SPI that is there already", "Give every SA, of both directions, an SPI of its own.");
            if ((!keys.Add(Convert.ToHexString(sa.KeyToPeer)) | !keys.Add(Convert.ToHexString(sa.KeyFromPeer))) && doubles++ >= 0)
                root.Error("sa", $"{sa.Name} uses a key that is there already", "Draw a fresh key for every SA and direction.");
        }
    }
}
