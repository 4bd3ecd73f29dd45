using System.Globalization;
using System.Net;
using System.Text;

namespace Baton.Media.Ng;

/// <summary>The fields of one request; remembers the first that is wrong.</summary>
internal sealed class NgFields(BencodeValue.Dictionary fields)
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: false);

    internal NgVerdict Verdict { get; private set; }

    internal string Detail { get; private set; } = "";

    internal string Name(string field) => OptionalName(field) ?? Missing(field);

    internal string? OptionalName(string field) => Text(field, NgMessage.MaximumName);

    internal string Sdp() => Text("sdp", Bencode.MaximumBytes) ?? Missing("sdp");

    /// <summary>Null where it is not there or empty.</summary>
    internal string? Text(string field, int maximum)
    {
        switch (fields.Find(field))
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
        bool right = fields.Find(field) switch
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

    internal NgOptions Options() => new(
        Words("flags"), Words("replace"), Text("transport-protocol", 64), Ice(), Words("rtcp-mux"), Words("SDES"), ReceivedFrom());

    private List<string> Words(string field)
    {
        var words = new List<string>();
        if (fields.Find(field) is not { } value)
            return words;
        if (value is not BencodeValue.List list)
        {
            Fail(NgVerdict.BadField, field);
            return words;
        }

        foreach (BencodeValue item in list.Items)
        {
            if (item is BencodeValue.Text { Bytes.Length: > 0 and <= 256 } word && System.Text.Unicode.Utf8.IsValid(word.Bytes.Span))
                words.Add(Utf8.GetString(word.Bytes.Span));
            else
                Fail(NgVerdict.BadField, field);
        }

        return words;
    }

    private NgIce Ice() => Text("ICE", 64) switch
    {
        "remove" => NgIce.Remove,
        "force" or "force-relay" => NgIce.Force,
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
