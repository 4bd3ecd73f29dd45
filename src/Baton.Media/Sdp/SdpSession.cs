using System.Globalization;
using System.Text;

namespace Baton.Media.Sdp;

/// <summary>What became of an SDP text.</summary>
public enum SdpVerdict
{
    Parsed,

    /// <summary>More than <see cref="SdpSession.MaximumLength"/>.</summary>
    TooLong,

    /// <summary>It does not begin with <c>v=0</c>.</summary>
    NoVersion,

    /// <summary>A line that is not a letter, "=" and something, or that holds a control character.</summary>
    BadLine,
    NoOrigin,

    /// <summary>Not <c>o=name id version IN IP4|IP6 address</c>.</summary>
    BadOrigin,

    /// <summary>Not <c>c=IN IP4|IP6 address</c>.</summary>
    BadConnection,

    /// <summary>Not <c>m=kind port transport formats</c>.</summary>
    BadMedia,

    /// <summary>More than <see cref="SdpSession.MaximumMedia"/>.</summary>
    TooManyMedia,

    /// <summary>A media that is used, and no connection line for it.</summary>
    NoConnection,
}

/// <summary>A line: its letter, and what stands behind "=".</summary>
public readonly record struct SdpLine(char Type, string Value)
{
    /// <summary>Is it the attribute <c>a=name</c> or <c>a=name:...</c>?</summary>
    public bool IsAttribute(string name) =>
        Type == 'a' && Value.StartsWith(name, StringComparison.Ordinal) && (Value.Length == name.Length || Value[name.Length] == ':');

    public override string ToString() => $"{Type}={Value}";
}

/// <summary>One media of a session: its <c>m=</c> line, and the lines below it as they came.</summary>
/// <param name="Port">Zero: the media is not used.</param>
/// <param name="PortCount">Behind "/", or 1.</param>
/// <param name="Formats">Payload types, separated by spaces.</param>
public sealed record SdpMedia(string Kind, int Port, int PortCount, string Transport, string Formats, IReadOnlyList<SdpLine> Lines)
{
    /// <summary>The values of an attribute: what stands behind its colon; empty for a flag.</summary>
    public IEnumerable<string> Attributes(string name) =>
        Lines.Where(line => line.IsAttribute(name)).Select(line => line.Value.Length == name.Length ? "" : line.Value[(name.Length + 1)..]);
}

/// <summary>A session description (RFC 4566), as far as a media gateway needs it: what it does not know stays as it came.</summary>
public sealed record SdpSession(IReadOnlyList<SdpLine> Lines, IReadOnlyList<SdpMedia> Media)
{
    public const int MaximumLength = 65_535;
    public const int MaximumMedia = 64;

    public static SdpVerdict TryParse(string text, out SdpSession? session)
    {
        session = null;
        if (text.Length > MaximumLength)
            return SdpVerdict.TooLong;
        var own = new List<SdpLine>();
        var media = new List<SdpMedia>();
        List<SdpLine> lines = own;
        bool origin = false;
        ReadOnlySpan<char> rest = text.AsSpan().TrimEnd("\r\n");
        foreach (Range ended in rest.Split('\n'))
        {
            SdpVerdict verdict = ReadLine(rest[ended], out SdpLine line);
            if (verdict != SdpVerdict.Parsed)
                return verdict;
            if (own.Count == 0 && line is not { Type: 'v', Value: "0" })
                return SdpVerdict.NoVersion;
            if (line.Type == 'm')
            {
                if (media.Count == MaximumMedia)
                    return SdpVerdict.TooManyMedia;
                lines = [];
                if (!TryReadMedia(line.Value, lines, out SdpMedia? one))
                    return SdpVerdict.BadMedia;
                media.Add(one!);
                continue;
            }

            if (line.Type == 'c' && !IsConnection(line.Value, words: 3))
                return SdpVerdict.BadConnection;
            if (line.Type == 'o' && (origin || media.Count > 0 || !IsConnection(line.Value, words: 6)))
                return SdpVerdict.BadOrigin;
            origin |= line.Type == 'o';
            lines.Add(line);
        }

        if (!origin)
            return SdpVerdict.NoOrigin;
        bool common = own.Exists(line => line.Type == 'c');
        foreach (SdpMedia one in media)
        {
            if (one.Port != 0 && !common && !one.Lines.Any(line => line.Type == 'c'))
                return SdpVerdict.NoConnection;
        }

        session = new SdpSession(own, media);
        return SdpVerdict.Parsed;
    }

    /// <summary>Lines end with CR LF.</summary>
    public string Write()
    {
        var text = new StringBuilder();
        foreach (SdpLine line in Lines)
            Append(text, line);
        foreach (SdpMedia media in Media)
        {
            string ports = media.PortCount == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"/{media.PortCount}");
            text.Append(CultureInfo.InvariantCulture, $"m={media.Kind} {media.Port}{ports} {media.Transport} {media.Formats}\r\n");
            foreach (SdpLine line in media.Lines)
                Append(text, line);
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, SdpLine line) => text.Append(line.Type).Append('=').Append(line.Value).Append("\r\n");

    private static SdpVerdict ReadLine(ReadOnlySpan<char> text, out SdpLine line)
    {
        line = default;
        if (text.EndsWith("\r"))
            text = text[..^1];
        if (text.Length < 2 || text[0] is < 'a' or > 'z' || text[1] != '=')
            return SdpVerdict.BadLine;
        foreach (char c in text)
        {
            if (char.IsControl(c) && c != '\t')
                return SdpVerdict.BadLine;
        }

        line = new SdpLine(text[0], text[2..].ToString());
        return SdpVerdict.Parsed;
    }

    private static bool TryReadMedia(string value, List<SdpLine> lines, out SdpMedia? media)
    {
        media = null;
        string[] words = value.Split(' ', 4);
        if (words.Length < 4 || words.Any(word => word.Length == 0))
            return false;
        string[] ports = words[1].Split('/');
        int count = 1;
        if (ports.Length > 2 || !TryNumber(ports[0], 0, 65_535, out int port) || (ports.Length == 2 && !TryNumber(ports[1], 1, 32_767, out count)))
            return false;
        media = new SdpMedia(words[0], port, count, words[2], words[3], lines);
        return true;
    }

    /// <summary>Ends with <c>IN IP4|IP6 address</c>; the address may be a name, and have a TTL behind it.</summary>
    private static bool IsConnection(string value, int words)
    {
        string[] parts = value.Split(' ');
        return parts.Length == words && parts[^3] == "IN" && parts[^2] is ("IP4" or "IP6") && parts[^1].Length > 0;
    }

    private static bool TryNumber(string text, int least, int most, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= least && number <= most;
}
