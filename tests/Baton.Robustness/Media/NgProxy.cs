using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Baton.Media.Ng;
using Baton.Media.Sdp;
using Baton.Srtp;
using Baton.Srtp.Sdes;

namespace Baton.Robustness.Media;

/// <summary>A SIP proxy's side of the ng protocol. It sends a request again with its cookie until it is answered, and counts what it asked.</summary>
internal sealed class NgProxy : IDisposable
{
    private readonly UdpClient _socket;
    private int _cookie;

    public NgProxy(IPAddress at, IPEndPoint controller)
    {
        _socket = new UdpClient(new IPEndPoint(at, 0));
        _socket.Connect(controller);
    }

    public int Asked => _cookie;

    /// <summary>The answer's description.</summary>
    public async Task<SdpSession> SdpAsync(params (string Key, string Value)[] fields)
    {
        BencodeValue.Dictionary answer = await AskAsync(fields);
        Assert.Equal(SdpVerdict.Parsed, SdpSession.TryParse(answer.Find("sdp")!.ToString()!, out SdpSession? session));
        return session!;
    }

    /// <summary>An answer that says ok.</summary>
    public async Task<BencodeValue.Dictionary> AskAsync(params (string Key, string Value)[] fields)
    {
        string cookie = string.Create(CultureInfo.InvariantCulture, $"p{_cookie++}");
        byte[] request = [.. Encoding.ASCII.GetBytes(cookie + " "), .. Bencode.Write(new BencodeValue.Dictionary([.. fields.Select(field => new KeyValuePair<string, BencodeValue>(field.Key, new BencodeValue.Text(field.Value)))]))];
        for (long end = Environment.TickCount64 + 30_000; Environment.TickCount64 < end;)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            try
            {
                await _socket.SendAsync(request, patience.Token);
                byte[] reply;
                do
                    reply = (await _socket.ReceiveAsync(patience.Token)).Buffer;
                while (!reply.AsSpan().StartsWith(Encoding.ASCII.GetBytes(cookie + " ")));
                Assert.Equal(BencodeVerdict.Parsed, Bencode.TryParse(reply.AsMemory(cookie.Length + 1), out BencodeValue? value));
                BencodeValue.Dictionary answer = Assert.IsType<BencodeValue.Dictionary>(value);
                Assert.Equal("ok", $"{answer.Find("result")}{answer.Find("error-reason")}");
                return answer;
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                await Task.Delay(20);   // nobody listens there yet, or it waits for its media gateways
            }
        }

        throw new TimeoutException($"{fields[0].Value}: no answer");
    }

    /// <summary>Calls from a plain phone to one with SRTP: offer and answer, and the two phones where the descriptions say.</summary>
    public async Task<(MediaPhone Plain, MediaPhone Secure)> CallAsync(string id, IPAddress plain, uint plainSsrc, IPAddress secure, uint secureSsrc, ushort first)
    {
        SdpSession offered = await SdpAsync(("command", "offer"), ("call-id", id), ("from-tag", "f"), ("transport-protocol", "RTP/SAVP"), ("sdp", Description(plain, "RTP/AVP")));
        Assert.Equal(SdesVerdict.Parsed, CryptoAttribute.TryParse(offered.Media[0].Attributes("crypto").First(), out CryptoAttribute? gateways));
        using var ours = new CryptoAttribute(gateways!.Tag, MediaPhone.Fresh(gateways.Key.Suite));
        SdpSession answered = await SdpAsync(("command", "answer"), ("call-id", id), ("from-tag", "f"), ("to-tag", "t"), ("sdp", Description(secure, "RTP/SAVP") + $"a=crypto:{ours.Format()}\r\n"));
        return (new MediaPhone(plain, Where(answered), plainSsrc, first), new MediaPhone(secure, Where(offered), secureSsrc, first, Copy(ours.Key), gateways.Key));
    }

    public void Dispose() => _socket.Dispose();

    private static SrtpMasterKey Copy(SrtpMasterKey key) => new(key.Suite, key.KeyAndSalt);

    private static string Description(IPAddress phone, string transport) =>
        $"v=0\r\no=- 1 1 IN IP4 {phone}\r\ns=-\r\nc=IN IP4 {phone}\r\nt=0 0\r\nm=audio 4000 {transport} 0\r\n";

    private static IPEndPoint Where(SdpSession session) => SdpPhone.Read(session, session.Media[0], null, out string wrong)?.Rtp ?? throw new InvalidOperationException(wrong);
}
