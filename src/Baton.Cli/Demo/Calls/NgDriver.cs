using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Baton.Media.Ng;
using Baton.Media.Sdp;
using Baton.Srtp;
using Baton.Srtp.Sdes;

namespace Baton.Cli.Demo.Calls;

/// <summary>A SIP proxy's side of the ng protocol, asking as Kamailio's rtpengine module does. A request goes again with its cookie until it is answered.</summary>
internal sealed class NgDriver : IDisposable
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly UdpClient _socket;
    private readonly IPAddress _plain;
    private readonly IPAddress _secure;
    private int _cookie;

    public NgDriver(CallsFiles files)
    {
        (_plain, _secure) = (files.PlainPhones, files.SecurePhones);
        _socket = new UdpClient(new IPEndPoint(files.Proxy, 0));
        _socket.Connect(files.Ng);
    }

    /// <summary>Offer and answer of a call from a plain phone to one with SRTP.</summary>
    /// <param name="number">Chooses among the suites that the controller offers.</param>
    public async Task<PlacedCall> CallAsync(string id, int port, int number, CancellationToken cancellation)
    {
        SdpSession offered = await SdpAsync(Asked("offer", id, [new("transport-protocol", Text("RTP/SAVP"))], Description(_plain, port, "RTP/AVP")), cancellation).ConfigureAwait(false);
        string[] cryptos = [.. offered.Media[0].Attributes("crypto")];
        if (cryptos.Length == 0) throw new DemoException($"{id}: the controller offered no key to the SRTP phone");
        string gateways = cryptos[number % cryptos.Length];
        if (CryptoAttribute.TryParse(gateways, out CryptoAttribute? said) != SdesVerdict.Parsed) throw new DemoException($"{id}: a crypto attribute of the controller cannot be read");
        using CryptoAttribute theirs = said!;
        using var ours = new CryptoAttribute(theirs.Tag, new SrtpMasterKey(theirs.Key.Suite, RandomNumberGenerator.GetBytes(SrtpMasterKey.LengthOf(theirs.Key.Suite))));
        SdpSession answered = await SdpAsync(
            Asked("answer", id, [new("to-tag", Text("t"))], $"{Description(_secure, port, "RTP/SAVP")}a=crypto:{ours.Format()}\r\n"), cancellation).ConfigureAwait(false);
        return new PlacedCall(id, port, Where(answered), Where(offered), ours.Format(), gateways, ours.Key.Suite);
    }

    public Task DeleteAsync(string id, CancellationToken cancellation) => AskAsync(Asked("delete", id, [], null), cancellation);

    /// <summary>How many calls the controller knows.</summary>
    public async Task<int> CountAsync(CancellationToken cancellation)
    {
        BencodeValue.Dictionary answer = await AskAsync([new("command", Text("list")), new("limit", new BencodeValue.Number(1_000))], cancellation).ConfigureAwait(false);
        return answer.Find("calls") is BencodeValue.List list ? list.Items.Count : 0;
    }

    public void Dispose() => _socket.Dispose();

    private static List<KeyValuePair<string, BencodeValue>> Asked(string command, string id, List<KeyValuePair<string, BencodeValue>> more, string? sdp)
    {
        List<KeyValuePair<string, BencodeValue>> fields = [new("command", Text(command)), new("call-id", Text(id)), new("from-tag", Text("f")), .. more];
        if (sdp is null) return fields;
        fields.Add(new("replace", new BencodeValue.List([Text("origin"), Text("session-connection")])));
        fields.Add(new("ICE", Text("remove")));
        fields.Add(new("sdp", Text(sdp)));
        return fields;
    }

    private async Task<SdpSession> SdpAsync(List<KeyValuePair<string, BencodeValue>> fields, CancellationToken cancellation)
    {
        BencodeValue.Dictionary answer = await AskAsync(fields, cancellation).ConfigureAwait(false);
        return SdpSession.TryParse(answer.Find("sdp")?.ToString() ?? "", out SdpSession? session) == SdpVerdict.Parsed ? session! : throw new DemoException("the controller answered no description");
    }

    private async Task<BencodeValue.Dictionary> AskAsync(List<KeyValuePair<string, BencodeValue>> fields, CancellationToken cancellation)
    {
        byte[] cookie = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"d{_cookie++} "));
        byte[] request = [.. cookie, .. Bencode.Write(new BencodeValue.Dictionary(fields))];
        long end = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (Environment.TickCount64 < end)
        {
            using var wait = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            wait.CancelAfter(Again);
            try
            {
                await _socket.SendAsync(request, wait.Token).ConfigureAwait(false);
                byte[] reply;
                do reply = (await _socket.ReceiveAsync(wait.Token).ConfigureAwait(false)).Buffer;
                while (!reply.AsSpan().StartsWith(cookie));
                if (Bencode.TryParse(reply.AsMemory(cookie.Length), out BencodeValue? value) != BencodeVerdict.Parsed || value is not BencodeValue.Dictionary answer)
                    throw new DemoException("the controller's answer is no bencode");
                if (answer.Find("result")?.ToString() == "ok") return answer;
                throw new DemoException($"the controller refused {fields[0].Value}: {answer.Find("error-reason")}{answer.Find("message")}");
            }
            catch (Exception e) when (e is SocketException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                await Task.Delay(20, cancellation).ConfigureAwait(false);   // nobody listens there yet, or it waits for its media gateways
            }
        }

        throw new DemoException($"the controller does not answer {fields[0].Value}");
    }

    private static BencodeValue.Text Text(string text) => new(text);

    private static string Description(IPAddress phone, int port, string transport) =>
        $"v=0\r\no=- 1 1 IN IP4 {phone}\r\ns=-\r\nc=IN IP4 {phone}\r\nt=0 0\r\nm=audio {port} {transport} 0\r\n";

    private static IPEndPoint Where(SdpSession session) => SdpPhone.Read(session, session.Media[0], null, out string wrong)?.Rtp ?? throw new DemoException($"the controller's description has no {wrong}");
}

/// <summary>A call as both phones know it from their descriptions.</summary>
/// <param name="OurCrypto">What the SRTP phone said; <paramref name="GatewayCrypto"/>: what its gateway seals with. They hold keys.</param>
internal sealed record PlacedCall(string Id, int Port, IPEndPoint PlainGateway, IPEndPoint SecureGateway, string OurCrypto, string GatewayCrypto, SrtpSuite Suite);
