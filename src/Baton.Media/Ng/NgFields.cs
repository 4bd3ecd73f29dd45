using System.Globalization;
using System.Text;

namespace Baton.Media.Ng;

/// <summary>The fields of one request; remembers the first that is wrong.</summary>
internal sealed partial class NgFields(BencodeValue.Dictionary fields)
{
    private const int MaximumLabel = 255;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: false);

    internal NgVerdict Verdict { get; private set; }

    internal string Detail { get; private set; } = "";

    internal string Name(string field) => OptionalName(field) ?? Missing(field);

    internal string? OptionalName(string field) => Text(field, NgMessage.MaximumName);

    internal string Sdp() => Text("sdp", Bencode.MaximumBytes) ?? Missing("sdp");

    /// <summary>Null where it is not there or empty.</summary>
    internal string? Text(string field, int maximum)
    {
        switch (Find(field))
        {
            case null:
                return null;
            case BencodeValue.Text text when text.Bytes.Length <= maximum && System.Text.Unicode.Utf8.IsValid(text.Bytes.Span) && !text.Bytes.Span.Contains((byte)0):
                return text.Bytes.IsEmpty ? null : Utf8.GetString(text.Bytes.Span);
            default:
                Fail(NgVerdict.BadField, field);
                return null;
        }
    }

    /// <summary>Clients write numbers as integers or as text.</summary>
    internal int Number(string field, int otherwise)
    {
        long number = otherwise;
        bool right = Find(field) switch
        {
            null => true,
            BencodeValue.Number integer => (number = integer.Value) >= 0,
            BencodeValue.Text text => long.TryParse(text.Bytes.Span, NumberStyles.None, CultureInfo.InvariantCulture, out number),
            _ => false,
        };
        if (!right)
            Fail(NgVerdict.BadField, field);
        return (int)Math.Clamp(number, 0, int.MaxValue);
    }

    /// <summary>Null where it is not there.</summary>
    internal int? OptionalNumber(string field) => Find(field) is null ? null : Number(field, 0);

    internal bool Flag(string flag) => Words("flags").Contains(flag);

    private List<string> Words(string field)
    {
        var words = new List<string>();
        if (Find(field) is not { } value)
            return words;
        if (value is not BencodeValue.List list)
        {
            Fail(NgVerdict.BadField, field);
            return words;
        }

        foreach (BencodeValue item in list.Items)
        {
            if (item is BencodeValue.Text { Bytes.Length: > 0 and <= 256 } word && System.Text.Unicode.Utf8.IsValid(word.Bytes.Span))
                words.Add(Utf8.GetString(word.Bytes.Span).Replace(' ', '-'));
            else
                Fail(NgVerdict.BadField, field);
        }

        return words;
    }

    /// <summary>Clients write a key with hyphens or with spaces.</summary>
    private BencodeValue? Find(string field)
    {
        foreach ((string name, BencodeValue value) in fields.Entries)
        {
            if (name.Length == field.Length && name.Replace(' ', '-').Equals(field, StringComparison.OrdinalIgnoreCase))
                return value;
        }

        return null;
    }

    private string Missing(string field)
    {
        Fail(NgVerdict.MissingField, field);
        return "";
    }

    private void Fail(NgVerdict verdict, string field)
    {
        if (Verdict == NgVerdict.Parsed)
            (Verdict, Detail) = (verdict, field);
    }
}
