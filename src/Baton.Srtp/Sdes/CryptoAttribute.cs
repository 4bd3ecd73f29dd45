using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Baton.Srtp.Sdes;

/// <summary>What became of a crypto attribute. Anything but <see cref="Parsed"/>: the line is passed over, and the next one of the media is looked at (RFC 4568 5.1.2).</summary>
public enum SdesVerdict
{
    Parsed,

    /// <summary>Not tag, suite, key and parameters (RFC 4568 9.1).</summary>
    Malformed,

    /// <summary>No number of one to nine digits, or one with a zero in front (4.1).</summary>
    BadTag,
    UnknownSuite,

    /// <summary>A method other than "inline".</summary>
    UnknownMethod,

    /// <summary>Not base64, or not as long as the suite's key and salt.</summary>
    BadKey,

    /// <summary>More than one key, or a key with an MKI: we speak neither.</summary>
    SeveralKeys,

    /// <summary>No number, zero, or more than 2^48 packets (6.1).</summary>
    BadLifetime,

    /// <summary>A parameter given twice or with a value that it cannot have.</summary>
    BadParameter,

    /// <summary>Unencrypted or unauthenticated RTP, FEC, a key derivation rate above zero, or a parameter we do not know and that is not optional ("-").</summary>
    UnsupportedParameter,
}

/// <summary>An SDP crypto attribute: suite and master key of what its writer sends (RFC 4568). Owns the key.</summary>
public sealed class CryptoAttribute : IDisposable
{
    /// <summary>The replay window that the writer wants its reader to have at least (6.3.7).</summary>
    public const int DefaultWindow = 64;

    private const ulong MostPackets = 1UL << 48;

    public CryptoAttribute(int tag, SrtpMasterKey key, bool encryptedRtcp = true, int window = DefaultWindow, ulong? lifetime = null) =>
        (Tag, Key, EncryptedRtcp, Window, Lifetime) = (tag, key, encryptedRtcp, window, lifetime);

    /// <summary>Which of several offered lines an answer takes: 0 to 999,999,999.</summary>
    public int Tag { get; }

    public SrtpMasterKey Key { get; }

    /// <summary>False: UNENCRYPTED_SRTCP (6.3.2).</summary>
    public bool EncryptedRtcp { get; }

    /// <summary>WSH (6.3.7), 64 or more.</summary>
    public int Window { get; }

    /// <summary>Packets that the key may protect; null: as many as the suite allows (6.1).</summary>
    public ulong? Lifetime { get; }

    /// <param name="value">What stands behind <c>a=crypto:</c>.</param>
    /// <param name="attribute">The caller's, to dispose.</param>
    public static SdesVerdict TryParse(ReadOnlySpan<char> value, out CryptoAttribute? attribute)
    {
        attribute = null;
        ReadOnlySpan<char> tag = NextWord(ref value), suiteName = NextWord(ref value), key = NextWord(ref value);
        if (key.IsEmpty)
            return SdesVerdict.Malformed;
        if (tag.Length > 9 || tag.ContainsAnyExceptInRange('0', '9') || (tag[0] == '0' && tag.Length > 1))
            return SdesVerdict.BadTag;
        if (!TryFind(suiteName, out SrtpSuite suite))
            return SdesVerdict.UnknownSuite;

        bool encrypted = true;
        int window = 0;
        for (ReadOnlySpan<char> word = NextWord(ref value); !word.IsEmpty; word = NextWord(ref value))
        {
            SdesVerdict said = ReadParameter(word, ref encrypted, ref window);
            if (said != SdesVerdict.Parsed)
                return said;
        }

        SdesVerdict verdict = ReadKey(key, suite, out SrtpMasterKey? master, out ulong? lifetime);
        if (verdict == SdesVerdict.Parsed)
            attribute = new CryptoAttribute(int.Parse(tag, CultureInfo.InvariantCulture), master!, encrypted, Math.Max(window, DefaultWindow), lifetime);
        return verdict;
    }

    /// <summary>What stands behind <c>a=crypto:</c>. It holds the key: for the SDP of a secured signalling path, never for a log.</summary>
    public string Format()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Tag} {Key.Suite.SdesName()} inline:{Convert.ToBase64String(Key.KeyAndSalt)}");
        if (Lifetime is { } packets && ulong.IsPow2(packets))
            text.Append(CultureInfo.InvariantCulture, $"|2^{ulong.Log2(packets)}");
        else if (Lifetime is not null)
            text.Append(CultureInfo.InvariantCulture, $"|{Lifetime}");
        if (!EncryptedRtcp)
            text.Append(" UNENCRYPTED_SRTCP");
        if (Window != DefaultWindow)
            text.Append(CultureInfo.InvariantCulture, $" WSH={Window}");
        return text.ToString();
    }

    public override string ToString() => $"{Tag} {Key}";

    public void Dispose() => Key.Dispose();

    private static ReadOnlySpan<char> NextWord(ref ReadOnlySpan<char> rest)
    {
        rest = rest.TrimStart([' ', '\t']);
        int end = rest.IndexOfAny(' ', '\t');
        ReadOnlySpan<char> word = end < 0 ? rest : rest[..end];
        rest = rest[word.Length..];
        return word;
    }

    private static bool TryFind(ReadOnlySpan<char> name, out SrtpSuite suite)
    {
        for (suite = SrtpSuite.AesCm128Tag80; suite <= SrtpSuite.AesGcm256; suite++)
        {
            if (name.Equals(suite.SdesName(), StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    /// <summary><c>inline:base64[|lifetime][|mki:length]</c>; an MKI is told from a lifetime by its colon.</summary>
    private static SdesVerdict ReadKey(ReadOnlySpan<char> text, SrtpSuite suite, out SrtpMasterKey? master, out ulong? lifetime)
    {
        (master, lifetime) = (null, null);
        if (text.Contains(';'))
            return SdesVerdict.SeveralKeys;
        int colon = text.IndexOf(':');
        if (colon < 0)
            return SdesVerdict.Malformed;
        if (!text[..colon].Equals("inline", StringComparison.OrdinalIgnoreCase))
            return SdesVerdict.UnknownMethod;
        ReadOnlySpan<char> key = text[(colon + 1)..];
        if (key.IndexOf('|') is var bar and >= 0)
        {
            ReadOnlySpan<char> limit = key[(bar + 1)..];
            key = key[..bar];
            if (limit.Contains(':'))
                return SdesVerdict.SeveralKeys;
            if (!TryReadLifetime(limit, out ulong packets))
                return SdesVerdict.BadLifetime;
            lifetime = packets;
        }

        Span<byte> bytes = stackalloc byte[64];
        bool read = key.Length <= 64 && Convert.TryFromBase64Chars(key, bytes, out int length) && length == SrtpMasterKey.LengthOf(suite);
        if (read)
            master = new SrtpMasterKey(suite, bytes[..SrtpMasterKey.LengthOf(suite)]);
        CryptographicOperations.ZeroMemory(bytes);
        return read ? SdesVerdict.Parsed : SdesVerdict.BadKey;
    }

    private static bool TryReadLifetime(ReadOnlySpan<char> text, out ulong packets)
    {
        if (!text.StartsWith("2^", StringComparison.Ordinal))
            return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out packets) && packets is > 0 and <= MostPackets;
        bool read = int.TryParse(text[2..], NumberStyles.None, CultureInfo.InvariantCulture, out int exponent) && exponent <= 48;
        packets = read ? 1UL << exponent : 0;
        return read;
    }

    private static SdesVerdict ReadParameter(ReadOnlySpan<char> word, ref bool encrypted, ref int window)
    {
        if (word.Equals("UNENCRYPTED_SRTCP", StringComparison.OrdinalIgnoreCase))
        {
            if (!encrypted)
                return SdesVerdict.BadParameter;
            encrypted = false;
            return SdesVerdict.Parsed;
        }

        if (word.StartsWith("WSH=", StringComparison.OrdinalIgnoreCase))
        {
            return window == 0 && int.TryParse(word[4..], NumberStyles.None, CultureInfo.InvariantCulture, out window) && window is >= 64 and <= 32_768
                ? SdesVerdict.Parsed
                : SdesVerdict.BadParameter;
        }

        if (word.StartsWith("KDR=", StringComparison.OrdinalIgnoreCase))
        {
            // 2^n packets a key derivation, n from 0 to 24; without the parameter there is one for all (6.3.1).
            return int.TryParse(word[4..], NumberStyles.None, CultureInfo.InvariantCulture, out int exponent) && exponent <= 24
                ? SdesVerdict.UnsupportedParameter
                : SdesVerdict.BadParameter;
        }

        return word[0] == '-' && word.Length > 1 ? SdesVerdict.Parsed : SdesVerdict.UnsupportedParameter;
    }
}
