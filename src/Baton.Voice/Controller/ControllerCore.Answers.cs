using System.Globalization;
using Baton.Media.Ng;
using Baton.Media.Sdp;
using Baton.Srtp.Sdes;

namespace Baton.Voice.Controller;

public sealed partial class ControllerCore
{
    private void Serve(NgRequest.Answer request, Asked asked)
    {
        if (request.Options.Unsupported is { } unsupported)
        {
            Refuse(asked, ControllerVerdict.Unsupported, unsupported);
            return;
        }

        int answerer = 1;
        Branch? branch = _calls.TryGetValue(request.CallId, out Call? call) ? call.FindForAnswer(request.FromTag, request.ToTag, request.ViaBranch, out answerer) : null;
        if (branch is null)
        {
            Refuse(asked, ControllerVerdict.NoSuchCall, "");
            return;
        }

        if (branch.IsBusy)
        {
            Refuse(asked, ControllerVerdict.Busy, "");
            return;
        }

        if (!TryRead(request.Sdp, request.Options, asked, out SdpSession? session, out SdpPhone?[] phones))
            return;
        if (Fit(branch.Offer!, session!, phones, out CryptoAttribute?[] taken) is { } wrong)
        {
            Refuse(asked, ControllerVerdict.BadAnswer, wrong);
            return;
        }

        if (answerer == 1)
            branch.Answer(request.ToTag);
        branch.Labels[answerer] = request.Options.Label ?? branch.Labels[answerer];
        (branch.IsAgreed, branch.EndsAt, branch.SilentAt) = (true, Baton.Wire.Instant.Never, Baton.Wire.Instant.Never);
        var lines = new List<SdpMediaRewrite>();
        for (int i = 0; i < phones.Length; i++)
        {
            lines.Add(Agree(branch, i, session!, phones[i], taken[i], request.Options));
            taken[i]?.Dispose();
        }

        string said = Rewrite(session!, branch, branch.Offer!.From, request.Options, lines).Write();
        List<CallStream> changed = [.. branch.Streams.OfType<CallStream>().Where(stream => stream.Told?.Wants(stream.Order(notes: null)) != true)];
        PutAll(branch, changed, (outcome, detail) =>
        {
            if (!branch.Call.Branches.Contains(branch))
                Refuse(asked, ControllerVerdict.NoSuchCall, "");
            else if (outcome == OrderOutcome.Granted)
                Say(asked, ControllerVerdict.Answered, NgMessage.OkSdp(asked.Cookie, said));
            else
                Refuse(asked, VerdictOf(outcome), detail);
        });
    }

    /// <summary>Does the answer fit its offer (RFC 3264 6, RFC 4568 5.1.3)? Null: it does.</summary>
    /// <param name="taken">By m= line: the crypto line, with the phone's key; the caller's, to dispose.</param>
    private string? Fit(Offer offer, SdpSession session, SdpPhone?[] phones, out CryptoAttribute?[] taken)
    {
        taken = new CryptoAttribute?[phones.Length];
        if (phones.Length != offer.Media.Count)
            return string.Create(CultureInfo.InvariantCulture, $"{phones.Length} media, and {offer.Media.Count} were offered");
        for (int i = 0; i < phones.Length; i++)
        {
            OfferedMedia offered = offer.Media[i];
            SdpMedia media = session.Media[i];
            if (!offered.IsUsed || phones[i] is null)
                continue;
            if (IsSrtp(offered.TransportOut) != IsSrtp(media.Transport))
                return Wrong(taken, i, $"{offered.TransportOut} was offered");
            if (!IsSrtp(media.Transport))
                continue;
            List<CryptoAttribute> lines = SdesChoice.Read(_policy.Suites, media.Attributes("crypto"));
            if (lines.Count == 1 && lines[0].Tag <= offered.Out.Count && lines[0].Tag > 0 && offered.Out[lines[0].Tag - 1] == lines[0].Key.Suite)
            {
                taken[i] = lines[0];
                continue;
            }

            lines.ForEach(line => line.Dispose());
            return Wrong(taken, i, "not one crypto attribute that was offered");
        }

        return null;

        static string Wrong(CryptoAttribute?[] taken, int i, string what)
        {
            foreach (CryptoAttribute? line in taken)
                line?.Dispose();
            return string.Create(CultureInfo.InvariantCulture, $"m= line {i + 1}: {what}");
        }
    }

    /// <summary>Both phones have said what they want of one media: it is so, and the offering one is told.</summary>
    private SdpMediaRewrite Agree(Branch branch, int index, SdpSession session, SdpPhone? phone, CryptoAttribute? taken, NgOptions options)
    {
        OfferedMedia offered = branch.Offer!.Media[index];
        CallStream? stream = branch.Streams[index];
        if (!offered.IsUsed || phone is null || stream is null)
        {
            // Also media that an answer before this one refused, or that was given up for want of one: its ports are gone.
            if (stream is not null)
                Drop(stream);
            branch.Streams[index] = null;
            return new SdpMediaRewrite(0, null, offered.TransportIn, []);
        }

        StreamSide offerer = stream.Side(branch.Offer.From), answerer = stream.Side(1 - branch.Offer.From);
        (answerer.Phone, answerer.Answered, answerer.IsSrtp) = (phone, true, taken is not null);
        answerer.Mux = offered.MuxOut && (phone.Mux || offered.MuxRequired);
        answerer.TakePhoneKey(taken?.Key);
        answerer.OurKey = taken is null ? null : answerer.Ours(taken.Key.Suite, _random);
        answerer.EncryptsRtcp = taken?.EncryptedRtcp ?? true;

        CryptoAttribute? came = offered.Came.Count > 0 ? offered.Came[0] : null;
        (offerer.Phone, offerer.Answered, offerer.IsSrtp) = (offered.Phone, true, came is not null);
        offerer.Mux = offered.MuxBack ?? answerer.Mux;
        offerer.TakePhoneKey(came?.Key);
        offerer.OurKey = came is null ? null : offerer.Ours(came.Key.Suite, _random);
        offerer.EncryptsRtcp = came?.EncryptedRtcp ?? true;

        stream.IsOnHold = offered.IsOnHold || phone.IsOnHold || !IsBothWays(session, session.Media[index]);
        stream.SaidSilentAt = null;
        List<string> crypto = [];
        if (came is not null)
        {
            // Not disposed: the key is the stream's.
            var line = new CryptoAttribute(came.Tag, offerer.OurKey!, came.EncryptedRtcp);
            crypto.Add(line.Format());
        }

        return Line(offerer.Port, offerer.Mux, false, offered.TransportIn, crypto, options, phone);
    }

    private bool TryRead(string text, NgOptions options, Asked asked, out SdpSession? session, out SdpPhone?[] phones)
    {
        phones = [];
        SdpVerdict verdict = SdpSession.TryParse(text, out session);
        string? wrong = verdict != SdpVerdict.Parsed ? verdict.ToString()
            : session!.Media.Count == 0 ? "no media"
            : session.Media.Count > _policy.MostStreams ? string.Create(CultureInfo.InvariantCulture, $"more than {_policy.MostStreams} media")
            : null;
        if (wrong is not null)
        {
            Refuse(asked, ControllerVerdict.BadSdp, wrong);
            return false;
        }

        phones = new SdpPhone?[session!.Media.Count];
        for (int i = 0; i < phones.Length; i++)
        {
            SdpMedia media = session.Media[i];
            if (media.Port == 0)
                continue;
            if (Array.IndexOf(Transports, media.Transport) < 0)
            {
                Refuse(asked, ControllerVerdict.Unsupported, string.Create(CultureInfo.InvariantCulture, $"m= line {i + 1}: transport {Printable(media.Transport)}"));
                return false;
            }

            if (media.PortCount != 1)
            {
                Refuse(asked, ControllerVerdict.Unsupported, string.Create(CultureInfo.InvariantCulture, $"m= line {i + 1}: several ports"));
                return false;
            }

            phones[i] = SdpPhone.Read(session, media, options.MediaAddress ?? (options.Has("SIP-source-address") ? options.ReceivedFrom : null), out string line);
            if (phones[i] is not null)
                continue;
            Refuse(asked, ControllerVerdict.BadSdp, string.Create(CultureInfo.InvariantCulture, $"m= line {i + 1}: {line} names no address and port"));
            return false;
        }

        return true;
    }

    private static readonly string[] Transports = ["RTP/AVP", "RTP/SAVP", "RTP/AVPF", "RTP/SAVPF"];

    private static bool IsSrtp(string transport) => transport.StartsWith("RTP/S", StringComparison.Ordinal);

    /// <summary>RFC 3264 6.1: of the media, else of the session, else both ways.</summary>
    private static bool IsBothWays(SdpSession session, SdpMedia media)
    {
        foreach (SdpLine line in media.Lines.Concat(session.Lines))
        {
            if (line.Type == 'a' && line.Value is "sendrecv" or "sendonly" or "recvonly" or "inactive")
                return line.Value == "sendrecv";
        }

        return true;
    }

    private static SdpMediaRewrite Line(ushort port, bool mux, bool muxOnly, string transport, List<string> crypto, NgOptions options, SdpPhone phone)
    {
        bool full = options.Has("full-rtcp-attribute");
        int rtcp = mux && muxOnly ? port : port + 1;
        return new SdpMediaRewrite(port, options.Has("no-rtcp-attribute") || (!full && !muxOnly) ? null : rtcp, transport, crypto)
        {
            Mux = mux,
            FullRtcp = full,
            Address = phone.IsOnHold && !options.Replaces("zero-address") ? phone.Rtp.Address : null,
        };
    }

    private static SdpSession Rewrite(SdpSession session, Branch branch, int to, NgOptions options, IReadOnlyList<SdpMediaRewrite> media) =>
        new SdpRewrite(branch.SaidAddress(to), options.Replaces("origin"), RemoveIce: true, media)
        {
            SessionConnection = options.Replaces("session-connection"),
            UserName = options.Replaces("username"),
            SessionName = options.Replaces("session-name"),
            RemoveExtensions = options.Has("strip-extmap"),
        }.Apply(session);

    /// <summary>What a client wrote, for an answer and the log.</summary>
    private static string Printable(string text) => new([.. text.Take(64).Select(c => c is > ' ' and <= '~' ? c : '?')]);
}
