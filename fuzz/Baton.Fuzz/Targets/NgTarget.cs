using System.Text;
using Baton.Media.Ng;
using Baton.Media.Sdp;

namespace Baton.Fuzz.Targets;

/// <summary>A datagram of the ng port, and the SDP in it. What is refused has an answer; what is accepted is rewritten, and both are read again as the same.</summary>
public sealed class NgTarget : IFuzzTarget
{
    public string Name => "ng";

    public InputBounds Bounds { get; } = new(TimeSpan.FromMilliseconds(100), 1 << 20);

    public void Run(ReadOnlySpan<byte> input)
    {
        byte[] datagram = input.ToArray();
        if (Bencode.TryParse(datagram, out BencodeValue? value) == BencodeVerdict.Parsed)
            CheckFixedPoint(value!);
        NgVerdict verdict = NgMessage.TryParse(datagram, out string cookie, out NgRequest? request, out string detail);
        FuzzFaultException.Unless((verdict == NgVerdict.Parsed) == (request is not null), "a verdict without its request");
        FuzzFaultException.Unless((verdict == NgVerdict.NoCookie) == (cookie.Length == 0), "a verdict without its cookie");
        if (verdict is not (NgVerdict.Parsed or NgVerdict.NoCookie))
        {
            byte[] answer = NgMessage.Error(cookie, verdict, detail);
            FuzzFaultException.Unless(answer.Length < 1_024, "an answer that is longer than what a stranger should be sent");
            CheckFixedPoint(Parse(answer.AsMemory(cookie.Length + 1)));
        }

        switch (request)
        {
            case NgRequest.Offer offer:
                Rewrite(offer.Sdp);
                break;
            case NgRequest.Answer answer:
                Rewrite(answer.Sdp);
                break;
        }
    }

    private static void Rewrite(string text)
    {
        if (SdpSession.TryParse(text, out SdpSession? session) != SdpVerdict.Parsed)
            return;
        Same(session!.Write());
        SdpMediaRewrite[] media = [.. session.Media.Select((_, i) => new SdpMediaRewrite(30_000 + (2 * i), 30_001 + (2 * i), "RTP/SAVP", ["1 AES_CM_128_HMAC_SHA1_80 inline:x"]))];
        string changed = new SdpRewrite(System.Net.IPAddress.IPv6Loopback, Origin: true, RemoveIce: true, media).Apply(session).Write();
        Same(changed);

        static void Same(string written)
        {
            if (written.Length > SdpSession.MaximumLength)
                return;
            FuzzFaultException.Unless(SdpSession.TryParse(written, out SdpSession? again) == SdpVerdict.Parsed, "SDP of ours that we do not read");
            FuzzFaultException.Unless(again!.Write() == written, "SDP that is read as another");
        }
    }

    private static BencodeValue Parse(ReadOnlyMemory<byte> bytes)
    {
        FuzzFaultException.Unless(Bencode.TryParse(bytes, out BencodeValue? value) == BencodeVerdict.Parsed, $"bencode of ours that we do not read: {Encoding.ASCII.GetString(bytes.Span)}");
        return value!;
    }

    private static void CheckFixedPoint(BencodeValue value)
    {
        byte[] written = Bencode.Write(value);
        FuzzFaultException.Unless(written.Length > Bencode.MaximumBytes || Bencode.Write(Parse(written)).AsSpan().SequenceEqual(written), "bencode that is read as another");
    }
}
