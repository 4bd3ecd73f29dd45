using System.Globalization;
using System.Net;
using System.Text;
using Baton.Linux;
using Baton.Media.Ng;
using Baton.Media.Sdp;
using Baton.Srtp;
using Baton.Voice.Controller;
using Baton.Wire;

namespace Baton.Voice.Tests.Controller;

/// <summary>A controller core with a client and media gateways that grant everything, unless told otherwise.</summary>
internal sealed class ControllerStage : IDisposable
{
    internal static readonly NgClient Proxy = new(UdpEndpoint.From(IPEndPoint.Parse("192.0.2.1:5061")), 0);
    internal static readonly IPAddress Ours = IPAddress.Parse("203.0.113.9");
    internal static readonly IPAddress Ours6 = IPAddress.Parse("2001:db8::9");

    /// <summary>Every controller of the cluster has it.</summary>
    internal static readonly byte[] ControlKey = [.. Enumerable.Repeat((byte)7, 32)];

    private readonly List<ControllerOutput> _outputs = [];
    private byte _random;
    private int _cookie;

    /// <summary>Of the group h, where there is one; those of g begin at 30,000.</summary>
    internal const int FirstPortOfH = 40_000;

    /// <param name="hasLooked">False: it has just begun, and its media gateways have not said anything.</param>
    /// <param name="further">The group h too, with as many ports.</param>
    internal ControllerStage(ControllerPolicy? policy = null, int ports = 100, bool hasLooked = true, bool further = false, params MediaNetwork[] networks)
    {
        MediaNetwork[] used = networks is [] ? [new MediaNetwork("pub", Ours, Ours6)] : networks;
        MediaGroupDescription[] groups = [Group("g", 30_000), .. further ? [Group("h", FirstPortOfH)] : Array.Empty<MediaGroupDescription>()];
        Core = new ControllerCore(
            policy ?? new ControllerPolicy(), groups, ControlKey,
            bytes =>
            {
                foreach (ref byte each in bytes)
                    each = ++_random;
            });
        if (!hasLooked)
            return;
        foreach (MediaGroupDescription group in groups)
        {
            Core.Step(new ControllerInput.Found(group.Name, []), Now, DateTimeOffset.UnixEpoch, _outputs);
            Core.Step(new ControllerInput.GroupWorks(group.Name, true), Now, DateTimeOffset.UnixEpoch, _outputs);
        }

        MediaGroupDescription Group(string name, int first) => new(name, used, first, first + (2 * ports) - 1);
    }

    internal ControllerCore Core { get; }

    /// <summary>As the core has it.</summary>
    internal NoteSealer Notes { get; } = new(ControlKey, bytes => bytes.Clear());

    internal Instant Now { get; set; } = Instant.FromMilliseconds(1_000);

    /// <summary>What the media gateways make of a Put; null: they say nothing.</summary>
    internal Func<StreamOrder, OrderOutcome?> Puts { get; set; } = _ => OrderOutcome.Granted;

    /// <summary>Told of a Put to which the media gateways say nothing.</summary>
    internal Action<ControllerOutput.Put> Waits { get; set; } = _ => { };

    /// <summary>The media gateways do not say that a stream has ended: its ports do not come back.</summary>
    internal bool Keeps { get; set; }

    internal Func<ulong, StreamReport?> Reports { get; set; } = _ => null;

    /// <summary>By id, as the media gateways have them.</summary>
    internal Dictionary<ulong, StreamOrder> Media { get; } = [];

    internal List<CallEnd> Ends { get; } = [];

    internal int PutsSeen { get; private set; }

    /// <summary>The answer to a request of the proxy; empty: none yet.</summary>
    internal BencodeValue.Dictionary? Ask(params (string Key, object Value)[] fields) => Read(Send(NextCookie(), fields));

    internal string NextCookie() => string.Create(CultureInfo.InvariantCulture, $"c{_cookie++}");

    internal byte[]? Send(string cookie, params (string Key, object Value)[] fields) => SendBytes(Datagram(cookie, fields));

    internal byte[]? SendBytes(ReadOnlyMemory<byte> datagram) => Step(new ControllerInput.Datagram(Proxy, datagram)).LastOrDefault();

    /// <summary>One step, and what the media gateways say to it; the answers that left.</summary>
    internal List<byte[]> Step(ControllerInput input)
    {
        var replies = new List<byte[]>();
        var inputs = new Queue<ControllerInput>([input]);
        while (inputs.TryDequeue(out ControllerInput? next))
        {
            _outputs.Clear();
            Core.Step(next, Now, DateTimeOffset.UnixEpoch, _outputs);
            foreach (ControllerOutput output in _outputs)
            {
                switch (output)
                {
                    case ControllerOutput.Reply reply:
                        replies.Add(reply.Bytes.ToArray());
                        break;
                    case ControllerOutput.Put put:
                        PutsSeen++;
                        if (Puts(put.Stream) is not { } outcome)
                        {
                            Waits(put);
                            break;
                        }

                        if (outcome == OrderOutcome.Granted)
                            Media[put.Stream.Id] = put.Stream;
                        inputs.Enqueue(new ControllerInput.Told(put.Order, outcome, "why"));
                        break;
                    case ControllerOutput.End end:
                        Media.Remove(end.Stream);
                        if (!Keeps)
                            inputs.Enqueue(new ControllerInput.Told(end.Order, OrderOutcome.Granted));
                        break;
                    case ControllerOutput.Query query:
                        inputs.Enqueue(new ControllerInput.Told(query.Order, OrderOutcome.Granted, "", Reports(query.Stream)));
                        break;
                    case ControllerOutput.Ended ended:
                        Ends.Add(ended.Why);
                        break;
                }
            }
        }

        return replies;
    }

    internal List<byte[]> After(TimeSpan time)
    {
        Now += time;
        return Step(new ControllerInput.Tick());
    }

    internal SdpSession Offer(string sdp, params (string Key, object Value)[] more) => Sdp(Ask([("command", "offer"), ("call-id", "c"), ("from-tag", "f"), ("sdp", sdp), .. more]));

    internal SdpSession Answer(string sdp, params (string Key, object Value)[] more) =>
        Sdp(Ask([("command", "answer"), ("call-id", "c"), ("from-tag", "f"), ("to-tag", "t"), ("sdp", sdp), .. more]));

    internal static SdpSession Sdp(BencodeValue.Dictionary? answer)
    {
        Assert.Equal("ok", answer!.Find("result")?.ToString() + answer.Find("error-reason"));
        Assert.Equal(SdpVerdict.Parsed, SdpSession.TryParse(answer.Find("sdp")!.ToString()!, out SdpSession? session));
        return session!;
    }

    internal static string Error(BencodeValue.Dictionary? answer)
    {
        Assert.Equal("error", answer!.Find("result")!.ToString());
        return answer.Find("error-reason")!.ToString()!;
    }

    internal static BencodeValue.Dictionary? Read(byte[]? reply)
    {
        if (reply is null)
            return null;
        Assert.Equal(BencodeVerdict.Parsed, Bencode.TryParse(reply.AsMemory(Array.IndexOf(reply, (byte)' ') + 1), out BencodeValue? value));
        return Assert.IsType<BencodeValue.Dictionary>(value);
    }

    internal static byte[] Datagram(string cookie, params (string Key, object Value)[] fields) =>
    [
        .. Encoding.ASCII.GetBytes(cookie + " "),
        .. Bencode.Write(new BencodeValue.Dictionary([.. fields.Select(field => new KeyValuePair<string, BencodeValue>(field.Key, field.Value switch
        {
            int number => new BencodeValue.Number(number),
            string[] words => new BencodeValue.List([.. words.Select(word => new BencodeValue.Text(word))]),
            var text => new BencodeValue.Text((string)text),
        }))])),
    ];

    /// <summary>A phone's description: one audio media at a port.</summary>
    internal static string Phone(int port, string transport = "RTP/AVP", string address = "IP4 198.51.100.1", params string[] attributes) =>
        $"v=0\r\no=- 1 1 IN {address}\r\ns=-\r\nc=IN {address}\r\nt=0 0\r\nm=audio {port} {transport} 0 8\r\n" + string.Concat(attributes.Select(a => $"a={a}\r\n"));

    internal static string CryptoLine(int tag, SrtpSuite suite, byte fill) =>
        string.Create(CultureInfo.InvariantCulture, $"crypto:{tag} {suite.SdesName()} inline:{Convert.ToBase64String(Enumerable.Repeat(fill, SrtpMasterKey.LengthOf(suite)).ToArray())}");

    internal static string Key(SrtpMasterKey? key) => key is null ? "plain" : $"{key.Suite.SdesName()} {Convert.ToBase64String(key.KeyAndSalt)}";

    public void Dispose()
    {
        Core.Dispose();
        Notes.Dispose();
    }
}
