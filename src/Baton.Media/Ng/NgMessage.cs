using System.Globalization;
using System.Text;

namespace Baton.Media.Ng;

/// <summary>What became of a datagram of the ng port. All but <see cref="Parsed"/> and <see cref="NoCookie"/> are answered with their name.</summary>
public enum NgVerdict
{
    Parsed,

    /// <summary>No cookie that an answer could carry: dropped.</summary>
    NoCookie,

    /// <summary>What stands behind the cookie is not bencode.</summary>
    BadBencode,
    NotADictionary,
    NoCommand,
    UnknownCommand,

    /// <summary>A field that the command needs is not there, or empty.</summary>
    MissingField,

    /// <summary>A field of another kind than it must be, longer than its like ever is, or not text.</summary>
    BadField,
}

/// <summary>Reads requests and writes replies: <c>cookie SP bencode</c>, a datagram each.</summary>
public static class NgMessage
{
    public const int MaximumCookie = 255;

    /// <summary>Call ids, tags and branches.</summary>
    public const int MaximumName = 1_024;

    private const int DefaultList = 32;

    /// <param name="cookie">What the answer begins with; empty for <see cref="NgVerdict.NoCookie"/>.</param>
    /// <param name="detail">Names the field or the fault, for the answer and the log. Holds nothing that the sender wrote but a command's name.</param>
    public static NgVerdict TryParse(ReadOnlyMemory<byte> datagram, out string cookie, out NgRequest? request, out string detail)
    {
        (cookie, request, detail) = ("", null, "");
        int space = datagram.Span.IndexOf((byte)' ');
        if (space is <= 0 or > MaximumCookie || datagram.Span[..space].ContainsAnyExceptInRange((byte)'!', (byte)'~'))
            return NgVerdict.NoCookie;
        cookie = Encoding.ASCII.GetString(datagram.Span[..space]);

        BencodeVerdict verdict = Bencode.TryParse(datagram[(space + 1)..], out BencodeValue? value);
        if (verdict != BencodeVerdict.Parsed)
        {
            detail = verdict.ToString();
            return NgVerdict.BadBencode;
        }

        if (value is not BencodeValue.Dictionary fields)
            return NgVerdict.NotADictionary;
        var reader = new NgFields(fields);
        string? command = reader.Text("command", 64);
        if (command is null)
            return NgVerdict.NoCommand;
        request = Read(command, reader);
        if (reader.Verdict != NgVerdict.Parsed)
            (request, detail) = (null, reader.Detail);
        else if (request is null)
            detail = "command";
        return request is null && reader.Verdict == NgVerdict.Parsed ? NgVerdict.UnknownCommand : reader.Verdict;
    }

    public static byte[] Pong(string cookie) => Write(cookie, [new("result", new BencodeValue.Text("pong"))]);

    public static byte[] Ok(string cookie, params IEnumerable<KeyValuePair<string, BencodeValue>> fields) =>
        Write(cookie, [new("result", new BencodeValue.Text("ok")), .. fields]);

    /// <summary>The answer to an offer or an answer.</summary>
    public static byte[] OkSdp(string cookie, string sdp) => Ok(cookie, new KeyValuePair<string, BencodeValue>("sdp", new BencodeValue.Text(sdp)));

    /// <summary>The answer to a list.</summary>
    public static byte[] OkCalls(string cookie, IEnumerable<string> callIds) =>
        Ok(cookie, new KeyValuePair<string, BencodeValue>("calls", new BencodeValue.List([.. callIds.Select(id => new BencodeValue.Text(id))])));

    /// <summary>No error: a client that knows the word goes to another one.</summary>
    public static byte[] LoadLimit(string cookie, string message) =>
        Write(cookie, [new("result", new BencodeValue.Text("load limit")), new("message", new BencodeValue.Text(message))]);

    public static byte[] Error(string cookie, string reason) =>
        Write(cookie, [new("result", new BencodeValue.Text("error")), new("error-reason", new BencodeValue.Text(reason))]);

    /// <summary>The answer to a datagram that is no request.</summary>
    public static byte[] Error(string cookie, NgVerdict verdict, string detail) =>
        Error(cookie, detail.Length == 0 ? verdict.ToString() : string.Create(CultureInfo.InvariantCulture, $"{verdict}: {detail}"));

    private static NgRequest? Read(string command, NgFields fields) => command switch
    {
        "ping" => new NgRequest.Ping(),
        "offer" => new NgRequest.Offer(
            fields.Name("call-id"), fields.Name("from-tag"), fields.OptionalName("to-tag"), fields.OptionalName("via-branch"), fields.Sdp(), fields.Options()),
        "answer" => new NgRequest.Answer(
            fields.Name("call-id"), fields.Name("from-tag"), fields.Name("to-tag"), fields.OptionalName("via-branch"), fields.Sdp(), fields.Options()),
        "delete" => new NgRequest.Delete(
            fields.Name("call-id"), fields.OptionalName("from-tag"), fields.OptionalName("to-tag"), fields.OptionalName("via-branch"), fields.OptionalNumber("delete-delay"), fields.Flag("fatal")),
        "query" => new NgRequest.Query(fields.Name("call-id"), fields.OptionalName("from-tag"), fields.OptionalName("to-tag")),
        "list" => new NgRequest.List(fields.Number("limit", DefaultList)),
        "statistics" => new NgRequest.Statistics(),
        _ => null,
    };

    private static byte[] Write(string cookie, IReadOnlyList<KeyValuePair<string, BencodeValue>> fields) =>
        [.. Encoding.ASCII.GetBytes(cookie), (byte)' ', .. Bencode.Write(new BencodeValue.Dictionary(fields))];
}
