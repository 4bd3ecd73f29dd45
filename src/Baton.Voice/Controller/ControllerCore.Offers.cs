using System.Net;
using System.Net.Sockets;
using Baton.Media.Ng;
using Baton.Media.Sdp;
using Baton.Srtp;
using Baton.Srtp.Sdes;

namespace Baton.Voice.Controller;

public sealed partial class ControllerCore
{
    private void Serve(NgRequest.Offer request, Asked asked)
    {
        if (request.Options.Unsupported is { } unsupported)
        {
            Refuse(asked, ControllerVerdict.Unsupported, unsupported);
            return;
        }

        if (!TryRead(request.Sdp, request.Options, asked, out SdpSession? session, out SdpPhone?[] phones))
            return;
        _calls.TryGetValue(request.CallId, out Call? call);
        int side = 0;
        Branch? branch = call?.FindForOffer(request.FromTag, request.ToTag, request.ViaBranch, out side);
        if (branch is null && !TryBegin(request, asked, ref call, out branch))
            return;
        if (branch!.IsBusy)
        {
            Refuse(asked, ControllerVerdict.Busy, "");
            return;
        }

        if (phones.Length < branch.Streams.Count)
        {
            Refuse(asked, ControllerVerdict.BadSdp, "fewer media than before");
            return;
        }

        if (!TryFindAddresses(branch, side, request.Options, phones, asked, out (MediaNetwork Network, IPAddress Address)[] used)
            || !TryOffer(session!, phones, side, request.Options, asked, out Offer? offer))
        {
            return;
        }

        int mediaBefore = branch.Streams.Count;
        if (!TryTakePorts(branch, offer!, out List<CallStream> added))
        {
            offer!.Dispose();
            Refuse(asked, ControllerVerdict.NoPorts, "");
            return;
        }

        // Nothing can be refused any more but by the media gateways.
        bool begins = !branch.Call.Branches.Contains(branch);
        if (begins)
        {
            _calls.TryAdd(call!.Id, call);
            call.Branches.Add(branch);
            if (request.ToTag is { } answerer)
                branch.Answer(answerer);
        }

        for (int which = 0; which < 2; which++)
            branch.Use(which, used[which].Network, used[which].Address);
        branch.Offer?.Dispose();
        (branch.Offer, branch.OfferedAt, branch.EndsAt) = (offer, _now, Baton.Wire.Instant.Never);
        branch.Labels[side] = request.Options.Label ?? branch.Labels[side];
        string said = Rewrite(session!, branch, 1 - side, request.Options, [.. offer!.Media.Select((media, i) => OfferOn(branch, media, i, request.Options))]).Write();
        PutAll(branch, added, (outcome, detail) =>
        {
            if (outcome == OrderOutcome.PortTaken && branch.Call.Branches.Contains(branch))
                TryElsewhere(request, asked, branch, begins, mediaBefore, added, detail);
            else
                Offered(branch, mediaBefore, added, outcome, detail, asked, said);
        });
    }

    /// <summary>A member has another use for a port of ours: the offer is served anew with others, a few times; a call that begins may go to another group.</summary>
    private void TryElsewhere(NgRequest.Offer request, Asked asked, Branch branch, bool begins, int mediaBefore, List<CallStream> added, string detail)
    {
        Call call = branch.Call;
        bool mayMove = begins && call.Branches.Count == 1;
        asked = asked with { PortTries = asked.PortTries + 1, PortDetail = detail };
        if (asked.PortTries >= _policy.MostPortTries && mayMove)
            asked = asked with { PortTries = 0, Avoids = [.. asked.Avoids, call.Group.Name] };
        bool isLast = asked.PortTries >= _policy.MostPortTries;

        // Whose delete has come meanwhile, and only waits for its delay: another try would forget it.
        if (branch.EndsAt != Baton.Wire.Instant.Never || (isLast && !begins))
        {
            Offered(branch, mediaBefore, added, OrderOutcome.PortTaken, detail, asked, said: "");
            return;
        }

        Withdraw(branch, mediaBefore, added);
        if (begins)
            TakeBack(branch);
        else
            Forget(branch);
        if (isLast)
            Refuse(asked, ControllerVerdict.PortsTaken, detail);
        else
            Serve(request, asked);

        // It came to nothing: an agreed call goes on as it was; the other has no offer left that an answer could be for.
        if (!begins && branch.Offer is null && !branch.IsAgreed)
            Drop(branch, CallEnd.Failed);
    }

    /// <summary>There is nothing to answer any more (RFC 3264 8).</summary>
    private static void Forget(Branch branch)
    {
        branch.Offer?.Dispose();
        branch.Offer = null;
    }

    /// <summary>A branch that has not begun after all: as if its offer had not come.</summary>
    private void TakeBack(Branch branch)
    {
        branch.Call.Branches.Remove(branch);
        Forget(branch);
        if (branch.Call.Branches.Count == 0)
            _calls.Remove(branch.Call.Id);
    }

    private void Offered(Branch branch, int mediaBefore, List<CallStream> added, OrderOutcome outcome, string detail, Asked asked, string said)
    {
        if (outcome == OrderOutcome.Granted)
        {
            // A delete may have come meanwhile: who offers hears that there is no call.
            if (branch.Call.Branches.Contains(branch))
                Say(asked, ControllerVerdict.Offered, NgMessage.OkSdp(asked.Cookie, said));
            else
                Refuse(asked, ControllerVerdict.NoSuchCall, "");
            return;
        }

        if (!branch.IsAgreed)
        {
            Drop(branch, CallEnd.Failed);
        }
        else if (branch.Call.Branches.Contains(branch))
        {
            // The call goes on as it was.
            Withdraw(branch, mediaBefore, added);
            Forget(branch);
        }

        Refuse(asked, VerdictOf(outcome), detail);
    }

    private static ControllerVerdict VerdictOf(OrderOutcome outcome) => outcome switch
    {
        OrderOutcome.NoAnswer => ControllerVerdict.NoAnswer,
        OrderOutcome.PortTaken => ControllerVerdict.PortsTaken,
        _ => ControllerVerdict.Refused,
    };

    /// <summary>A call that is not there yet, or another branch of one: neither is in the table before its offer stands.</summary>
    private bool TryBegin(NgRequest.Offer request, Asked asked, ref Call? call, out Branch? branch)
    {
        branch = null;
        if (call is null)
        {
            if (_calls.Count >= _policy.MostCalls || _waiting.Count >= _policy.MostWaiting)
            {
                Refuse(asked, ControllerVerdict.TooManyCalls, "");
                return false;
            }

            if (_groups.Values.Where(group => group.Works && !asked.Avoids.Contains(group.Name)).MinBy(group => group.Load) is not { } freest)
            {
                if (asked.Avoids.Count > 0)
                    Refuse(asked, ControllerVerdict.PortsTaken, asked.PortDetail);
                else if (asked.HasWaited)
                    Refuse(asked, ControllerVerdict.NoGateway, "");
                else
                    Hold(request, asked, _now + _policy.Patience);
                return false;
            }

            call = new Call(request.CallId, freest, _clock);
        }
        else if (call.Branches.Count >= _policy.MostBranches)
        {
            Refuse(asked, ControllerVerdict.TooManyBranches, "");
            return false;
        }

        branch = new Branch(call, request.FromTag, request.ViaBranch);
        return true;
    }

    /// <summary>Which of our addresses each side sees.</summary>
    private bool TryFindAddresses(Branch branch, int side, NgOptions options, SdpPhone?[] phones, Asked asked, out (MediaNetwork Network, IPAddress Address)[] used)
    {
        used = new (MediaNetwork, IPAddress)[2];
        var directions = options.Direction;
        MediaGroup group = branch.Call.Group;
        AddressFamily came = Array.Find(phones, phone => phone is not null)?.Rtp.AddressFamily ?? AddressFamily.InterNetwork;
        for (int i = 0; i < 2; i++)
        {
            int which = i == 0 ? side : 1 - side;
            MediaNetwork? network = directions.Count == 2 ? group.Network(directions[i]) : branch.Network(which) ?? group.Network(null);
            if (network is null)
            {
                Refuse(asked, ControllerVerdict.Unsupported, "direction: no such network");
                return false;
            }

            // Asked for, else as it is, else as the offer has it, else whatever the network has.
            IPAddress? address = i == 1 && options.Family is { } family ? network.Address(family)
                : branch.Network(which) == network ? branch.Address(which)
                : network.Address(came) ?? (i == 1 ? network.V4 ?? network.V6 : null);
            if (address is null)
            {
                Refuse(asked, ControllerVerdict.NoAddress, network.Name);
                return false;
            }

            used[which] = (network, address);
        }

        return true;
    }

    private bool TryOffer(SdpSession session, SdpPhone?[] phones, int side, NgOptions options, Asked asked, out Offer? offer)
    {
        offer = null;
        var all = new List<OfferedMedia>();
        for (int i = 0; i < phones.Length; i++)
        {
            SdpMedia media = session.Media[i];
            string transport = options.Transport ?? media.Transport;
            List<CryptoAttribute> came = IsSrtp(media.Transport) && phones[i] is not null ? SdesChoice.Read(_policy.Suites, media.Attributes("crypto")) : [];
            bool mux = phones[i]?.Mux == true;
            all.Add(new OfferedMedia
            {
                Phone = phones[i],
                Kind = media.Kind,
                TransportIn = media.Transport,
                TransportOut = transport,
                Came = came,
                Out = IsSrtp(transport) && !SdesChoice.IsOff(options.Sdes) ? SdesChoice.Offered(_policy.Suites, options.Sdes, came) : [],
                MuxOut = options.Mux("offer") || options.Mux("require") || (mux && !options.Mux("demux") && !options.Mux("reject")),
                MuxRequired = options.Mux("require"),
                MuxBack = !mux || options.Mux("reject") ? false : options.Mux("demux") || options.Mux("accept") ? true : null,
                EncryptsRtcpOut = !(options.Sdes.Contains("unencrypted_srtcp", StringComparer.OrdinalIgnoreCase)
                    || (came.Count > 0 && !came[0].EncryptedRtcp && !options.Sdes.Contains("encrypted_srtcp", StringComparer.OrdinalIgnoreCase))),
                IsOnHold = phones[i] is not { IsOnHold: false } || !IsBothWays(session, media),
            });
            if (phones[i] is null)
                continue;
            string? wrong = IsSrtp(media.Transport) && came.Count == 0 ? "no crypto attribute that we take"
                : IsSrtp(transport) && all[i].Out.Count == 0 ? $"{transport} without SDES"
                : null;
            if (wrong is null)
                continue;
            all.ForEach(each => each.Dispose());
            Refuse(asked, ControllerVerdict.Unsupported, $"m= line {i + 1}: {wrong}");
            return false;
        }

        offer = new Offer(side, all);
        return true;
    }

    /// <summary>Two pairs for each media that is used and has none; all of them or none.</summary>
    private bool TryTakePorts(Branch branch, Offer offer, out List<CallStream> added)
    {
        added = [];
        MediaGroup group = branch.Call.Group;
        int mediaBefore = branch.Streams.Count;
        while (branch.Streams.Count < offer.Media.Count)
            branch.Streams.Add(null);
        for (int i = 0; i < offer.Media.Count; i++)
        {
            if (!offer.Media[i].IsUsed || branch.Streams[i] is not null)
                continue;
            if (!group.Ports.TryTake(out ushort a))
            {
                Withdraw(branch, mediaBefore, added);
                return false;
            }

            if (!group.Ports.TryTake(out ushort b))
            {
                group.Ports.Free(a);
                Withdraw(branch, mediaBefore, added);
                return false;
            }

            var stream = new CallStream(_nextStream++, branch, a, b) { Kind = offer.Media[i].Kind };
            group.Streams++;
            branch.Streams[i] = stream;
            _streams.Add(stream.Id, stream);
            added.Add(stream);
        }

        foreach (CallStream stream in added)
        {
            StreamSide side = stream.Side(offer.From);
            side.Phone = offer.Media[branch.Streams.IndexOf(stream)].Phone;
        }

        return true;
    }

    /// <summary>Media that an offer brought goes again, and its m= lines with it.</summary>
    private void Withdraw(Branch branch, int mediaBefore, List<CallStream> added)
    {
        foreach (CallStream stream in added)
        {
            if (branch.Streams.IndexOf(stream) is >= 0 and var line)
            {
                branch.Streams[line] = null;
                Drop(stream);
            }
        }

        branch.Streams.RemoveRange(mediaBefore, branch.Streams.Count - mediaBefore);
    }

    /// <summary>What the other phone is offered.</summary>
    private SdpMediaRewrite OfferOn(Branch branch, OfferedMedia media, int index, NgOptions options)
    {
        if (!media.IsUsed)
            return new SdpMediaRewrite(0, null, media.TransportOut, []);
        StreamSide side = branch.Streams[index]!.Side(1 - branch.Offer!.From);
        List<string> crypto = [];
        foreach (SrtpSuite suite in media.Out)
        {
            // Not disposed: the key is the stream's.
            var line = new CryptoAttribute(crypto.Count + 1, side.Ours(suite, _random), media.EncryptsRtcpOut);
            crypto.Add(line.Format());
        }

        return Line(side.Port, media.MuxOut, media.MuxRequired, media.TransportOut, crypto, options, media.Phone!);
    }
}
