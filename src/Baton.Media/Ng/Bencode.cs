using System.Globalization;
using System.Text;

namespace Baton.Media.Ng;

/// <summary>What became of bencoded bytes.</summary>
public enum BencodeVerdict
{
    Parsed,

    /// <summary>More than <see cref="Bencode.MaximumBytes"/>.</summary>
    TooLong,

    /// <summary>It ends before its value does.</summary>
    CutShort,

    /// <summary>A byte where no value can begin.</summary>
    NoValue,

    /// <summary>An integer, or the length of a string, that is not one or is too large.</summary>
    BadNumber,

    /// <summary>A key that is not a string of UTF-8.</summary>
    BadKey,
    KeyTwice,

    /// <summary>Deeper than <see cref="Bencode.MaximumDepth"/>.</summary>
    TooDeep,

    /// <summary>Something stands behind the value.</summary>
    Trailing,
}

/// <summary>Bencode, the notation of the ng protocol: <c>4:text</c>, <c>i42e</c>, <c>l...e</c>, <c>d key value ... e</c>.</summary>
/// <remarks>Work and memory are bounded by the bytes, and the depth by a number: a stranger's datagram costs what it is long.</remarks>
public static class Bencode
{
    /// <summary>A UDP datagram holds no more.</summary>
    public const int MaximumBytes = 65_535;

    public const int MaximumDepth = 16;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>One value, which ends where <paramref name="bytes"/> ends.</summary>
    public static BencodeVerdict TryParse(ReadOnlyMemory<byte> bytes, out BencodeValue? value)
    {
        value = null;
        if (bytes.Length > MaximumBytes)
            return BencodeVerdict.TooLong;
        int at = 0;
        BencodeVerdict verdict = Read(bytes, ref at, 0, out BencodeValue? read);
        if (verdict != BencodeVerdict.Parsed)
            return verdict;
        if (at != bytes.Length)
            return BencodeVerdict.Trailing;
        value = read;
        return BencodeVerdict.Parsed;
    }

    public static byte[] Write(BencodeValue value)
    {
        using var output = new MemoryStream();
        Write(value, output);
        return output.ToArray();
    }

    private static BencodeVerdict Read(ReadOnlyMemory<byte> bytes, ref int at, int depth, out BencodeValue? value)
    {
        value = null;
        if (at >= bytes.Length)
            return BencodeVerdict.CutShort;
        if (depth == MaximumDepth)
            return BencodeVerdict.TooDeep;
        switch (bytes.Span[at])
        {
            case >= (byte)'0' and <= (byte)'9':
                BencodeVerdict verdict = ReadText(bytes, ref at, out ReadOnlyMemory<byte> text);
                value = new BencodeValue.Text(text);
                return verdict;
            case (byte)'i':
                at++;
                verdict = ReadNumber(bytes, ref at, (byte)'e', out long number);
                value = new BencodeValue.Number(number);
                return verdict;
            case (byte)'l':
                at++;
                return ReadList(bytes, ref at, depth, out value);
            case (byte)'d':
                at++;
                return ReadDictionary(bytes, ref at, depth, out value);
            default:
                return BencodeVerdict.NoValue;
        }
    }

    private static BencodeVerdict ReadList(ReadOnlyMemory<byte> bytes, ref int at, int depth, out BencodeValue? value)
    {
        value = null;
        var items = new List<BencodeValue>();
        while (!AtEnd(bytes, ref at))
        {
            BencodeVerdict verdict = Read(bytes, ref at, depth + 1, out BencodeValue? item);
            if (verdict != BencodeVerdict.Parsed)
                return verdict;
            items.Add(item!);
        }

        value = new BencodeValue.List(items);
        return BencodeVerdict.Parsed;
    }

    private static BencodeVerdict ReadDictionary(ReadOnlyMemory<byte> bytes, ref int at, int depth, out BencodeValue? value)
    {
        value = null;
        var entries = new List<KeyValuePair<string, BencodeValue>>();
        var keys = new HashSet<string>(StringComparer.Ordinal);
        while (!AtEnd(bytes, ref at))
        {
            if (at < bytes.Length && bytes.Span[at] is < (byte)'0' or > (byte)'9')
                return BencodeVerdict.BadKey;
            BencodeVerdict verdict = ReadText(bytes, ref at, out ReadOnlyMemory<byte> key);
            if (verdict != BencodeVerdict.Parsed)
                return verdict;
            if (!System.Text.Unicode.Utf8.IsValid(key.Span))
                return BencodeVerdict.BadKey;
            string name = Utf8.GetString(key.Span);
            if (!keys.Add(name))
                return BencodeVerdict.KeyTwice;
            verdict = Read(bytes, ref at, depth + 1, out BencodeValue? item);
            if (verdict != BencodeVerdict.Parsed)
                return verdict;
            entries.Add(new(name, item!));
        }

        value = new BencodeValue.Dictionary(entries);
        return BencodeVerdict.Parsed;
    }

    /// <summary>Steps over the <c>e</c> of a list or dictionary. At the end of the bytes it is false: the next value is the one that is cut short.</summary>
    private static bool AtEnd(ReadOnlyMemory<byte> bytes, ref int at)
    {
        if (at >= bytes.Length || bytes.Span[at] != (byte)'e')
            return false;
        at++;
        return true;
    }

    private static BencodeVerdict ReadText(ReadOnlyMemory<byte> bytes, ref int at, out ReadOnlyMemory<byte> text)
    {
        text = default;
        BencodeVerdict verdict = ReadNumber(bytes, ref at, (byte)':', out long length);
        if (verdict != BencodeVerdict.Parsed)
            return verdict;
        if (length > bytes.Length - at)
            return BencodeVerdict.CutShort;
        text = bytes.Slice(at, (int)length);
        at += (int)length;
        return BencodeVerdict.Parsed;
    }

    private static BencodeVerdict ReadNumber(ReadOnlyMemory<byte> bytes, ref int at, byte end, out long number)
    {
        number = 0;
        int length = bytes.Span[at..].IndexOf(end);
        if (length < 0)
            return bytes.Length - at > 20 ? BencodeVerdict.BadNumber : BencodeVerdict.CutShort;
        ReadOnlySpan<byte> digits = bytes.Span.Slice(at, length);
        at += length + 1;
        return long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number) && (digits[0] != (byte)'+') && (end != (byte)':' || number >= 0)
            ? BencodeVerdict.Parsed
            : BencodeVerdict.BadNumber;
    }

    private static void Write(BencodeValue value, MemoryStream output)
    {
        switch (value)
        {
            case BencodeValue.Text text:
                WriteText(text.Bytes.Span, output);
                break;
            case BencodeValue.Number integer:
                output.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"i{integer.Value}e")));
                break;
            case BencodeValue.List list:
                output.WriteByte((byte)'l');
                foreach (BencodeValue item in list.Items)
                    Write(item, output);
                output.WriteByte((byte)'e');
                break;
            case BencodeValue.Dictionary dictionary:
                output.WriteByte((byte)'d');
                foreach ((string key, BencodeValue item) in dictionary.Entries)
                {
                    WriteText(Utf8.GetBytes(key), output);
                    Write(item, output);
                }

                output.WriteByte((byte)'e');
                break;
        }
    }

    private static void WriteText(ReadOnlySpan<byte> bytes, MemoryStream output)
    {
        output.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{bytes.Length}:")));
        output.Write(bytes);
    }
}
