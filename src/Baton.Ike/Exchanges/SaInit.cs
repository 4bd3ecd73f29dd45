using System.Buffers.Binary;
using System.Net;
using Baton.Crypto;
using Baton.Crypto.Ike;
using Baton.Ike.Messages;
using Baton.Ike.Negotiation;
using Baton.Ike.Payloads;
using Baton.Ike.Sas;

namespace Baton.Ike.Exchanges;

/// <summary>IKE_SA_INIT as responder (RFC 7296 sections 1.2, 2.6, 2.7, 2.14). The initiator's half is in SaInit.Initiator.cs.</summary>
/// <remarks>
/// <code>
///     request ---> seen before: its answer again
///                  too many half open: nothing
///                  many half open, no good cookie ------> N(COOKIE)               stateless
///                  no proposal of ours -----------------> N(NO_PROPOSAL_CHOSEN)   stateless
///                  another group than we chose ---------> N(INVALID_KE_PAYLOAD)   stateless
///                  else: keys, HalfOpen, commit --------> SA, KE, Nonce, NAT detection, what we can
/// </code>
/// </remarks>
internal static partial class SaInit
{
    public static void OnRequest(IkeEndpoint core, IkeInput.Datagram datagram, IkeHeader header)
    {
        if (!header.IsFromInitiator || !header.ResponderSpi.IsZero || header.MessageId.Value != 0)
        {
            core.Counters.Count(IkeDrop.MalformedInit);
            return;
        }

        byte[] hash = IkeEndpoint.Hash(datagram.Message.Span);
        if (core.FindOpened(hash) is { } known)
        {
            core.SendAnswerAgain(known, datagram);
            return;
        }

        IkeParseVerdict verdict = IkeMessage.TryParse(datagram.Message.Span, out IkeMessage? request);
        if (request is null)
        {
            core.Counters.Parsed.Count(verdict);
            return;
        }

        if (request.UnsupportedCritical is { } critical)
        {
            Refuse(core, datagram, header, new NotifyPayload(NotifyType.UnsupportedCriticalPayload, new[] { (byte)critical }));
            return;
        }

        if (request.Find<SaPayload>() is not { } offer || request.Find<KePayload>() is not { } ke || request.Find<NoncePayload>() is not { } nonce)
        {
            core.Counters.Count(IkeDrop.MalformedInit);
            return;
        }

        if (!IsAdmitted(core, datagram, header, request, nonce)) return;
        if (!TryChoose(core, datagram, offer.Proposals, ke.Group, out Proposal answer, out IkeSuite suite, out KeyExchangeGroup group))
        {
            core.Note(IkeEventKind.NoProposalChosen, null, "IKE_SA_INIT", datagram.Remote);
            Refuse(core, datagram, header, new NotifyPayload(NotifyType.NoProposalChosen));
            return;
        }

        if ((ushort)group != ke.Group)
        {
            core.Note(IkeEventKind.OtherGroupAsked, null, $"{group}", datagram.Remote);
            Refuse(core, datagram, header, InvalidKe(group));
            return;
        }

        using KeyExchange ours = core.KeyExchange.Create(group);
        if (!ours.TryAgree(ke.Data.Span, out SecretBytes? shared))
        {
            core.Counters.Count(IkeDrop.MalformedInit);         // not a value of this group (RFC 6989)
            core.HalfOpen.Spend(datagram.Remote.Address, core.Now);
            return;
        }

        using (shared) Accept(core, datagram, request, hash, answer, suite, group, ours, nonce, shared);
    }

    public static void RefuseVersion(IkeEndpoint core, IkeInput.Datagram datagram, IkeHeader header)
    {
        if (!header.IsResponse && header.Exchange == ExchangeType.IkeSaInit) Refuse(core, datagram, header, new NotifyPayload(NotifyType.InvalidMajorVersion, new byte[] { 2 }));
    }

    public static NotifyPayload InvalidKe(KeyExchangeGroup group)
    {
        byte[] data = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(data, (ushort)group);
        return new NotifyPayload(NotifyType.InvalidKePayload, data);
    }

    /// <summary>Keeps strangers from filling our memory: by count, by address, and by a cookie that shows where they are (section 2.6).</summary>
    private static bool IsAdmitted(IkeEndpoint core, IkeInput.Datagram datagram, IkeHeader header, IkeMessage request, NoncePayload nonce)
    {
        IPAddress from = datagram.Remote.Address;
        if (core.HalfOpen.WantsCookieFrom(from, core.Now))
        {
            NotifyPayload? cookie = request.Notification(NotifyType.Cookie);
            if (cookie is null || !core.Cookies.IsGood(cookie.Data.Span, nonce.Data.Span, from, header.InitiatorSpi.Value, core.Now))
            {
                if (cookie is not null) core.Counters.Count(IkeDrop.BadCookie);
                core.Counters.CookiesSent++;
                Refuse(core, datagram, header, new NotifyPayload(NotifyType.Cookie, core.Cookies.Make(nonce.Data.Span, from, header.InitiatorSpi.Value, core.Now)));
                return false;
            }
        }

        if (core.HalfOpen.HasRoomFor(from) && core.IkeSas < core.Policy.MostIkeSas) return true;
        core.Counters.Count(core.IkeSas >= core.Policy.MostIkeSas ? IkeDrop.TooManyIkeSas : core.HalfOpen.HasRoom ? IkeDrop.HalfOpenPerAddress : IkeDrop.HalfOpenFull);
        return false;
    }

    /// <summary>By the first connection for these addresses that likes a proposal; which one it really is, IKE_AUTH tells.</summary>
    private static bool TryChoose(
        IkeEndpoint core, IkeInput.Datagram datagram, IReadOnlyList<Proposal> offer, ushort offeredGroup,
        out Proposal answer, out IkeSuite suite, out KeyExchangeGroup group)
    {
        foreach (Connection connection in core.ConnectionsFor(datagram.Local.Address, datagram.Remote.Address))
        {
            if (IkeProposals.TryChoose(connection.IkeProposals, offer, offeredGroup, out answer, out suite, out group)) return true;
        }

        (answer, suite, group) = (null!, default, default);
        return false;
    }

    private static void Accept(
        IkeEndpoint core, IkeInput.Datagram datagram, IkeMessage request, byte[] hash, Proposal answer, IkeSuite suite, KeyExchangeGroup group,
        KeyExchange ours, NoncePayload nonce, SecretBytes shared)
    {
        ulong spiI = request.Header.InitiatorSpi.Value;
        byte[] ourNonce = core.NewNonce();
        IkeSaId id = core.NewIkeSaId();
        var sa = new IkeSa
        {
            Id = id, Line = id, ConnectionName = "", State = IkeSaState.HalfOpen, LocalSpi = core.NewSpi(), RemoteSpi = spiI, IsInitiator = false, IsClient = false,
            Local = datagram.Local, Remote = datagram.Remote, Suite = suite, Group = group, ExpectedRequestId = 1,
            ExpireAt = core.Now + core.Policy.Flood.HalfOpenTimeout, LastRequestHash = hash,
        };
        sa.Keys = IkeKeys.Initial(suite, shared.Span, nonce.Data.Span, ourNonce, spiI, sa.LocalSpi);
        ReadAbilities(core, sa, request, spiI, 0, out IReadOnlyList<ushort> hashes);
        bool force = core.ConnectionsFor(datagram.Local.Address, datagram.Remote.Address).Any(each => each.ForceUdpEncapsulation);
        var payloads = new List<Payload> { new SaPayload([answer]), new KePayload((ushort)group, ours.PublicValue), new NoncePayload(ourNonce) };
        NatDetection.Append(payloads, spiI, sa.LocalSpi, datagram.Local, datagram.Remote, force);
        if (force) sa.UdpEncapsulation = true;
        if (sa.CanFragment) payloads.Add(new NotifyPayload(NotifyType.IkeFragmentationSupported));
        if (hashes.Count > 0) payloads.Add(OurHashes);
        if (core.CertificateRequest(datagram.Local.Address, datagram.Remote.Address) is { } authorities) payloads.Add(authorities);
        byte[] message = IkeMessageWriter.Write(
            new IkeHeader(request.Header.InitiatorSpi, new IkeSpi(sa.LocalSpi), ExchangeType.IkeSaInit, IkeFlags.Response, default), payloads);
        sa.LastAnswer = [message];
        sa.Handshake = new Handshake
        {
            InitRequest = datagram.Message.ToArray(), InitAnswer = message, NonceI = nonce.Data.ToArray(), NonceR = ourNonce, PeerHashes = hashes,
        };
        core.Add(sa);
        core.Open(sa);
        core.Change(sa);
        sa.AnswerCommit = core.StepCommit;
        core.Put(new IkeOutput.Send(datagram.Local, datagram.Remote, message, core.StepCommit));
    }

    /// <summary>SHA-256, -384, -512 (RFC 7427 section 4).</summary>
    private static NotifyPayload OurHashes => new(NotifyType.SignatureHashAlgorithms, new byte[] { 0, 2, 0, 3, 0, 4 });

    /// <summary>NAT or not, fragments, signature hashes: what both first messages say. True: the peer does NAT traversal.</summary>
    private static bool ReadAbilities(IkeEndpoint core, IkeSa sa, IkeMessage message, ulong spiI, ulong spiR, out IReadOnlyList<ushort> hashes)
    {
        if (message.Notification(NotifyType.IkeFragmentationSupported) is not null) sa.Abilities |= IkePeerAbilities.Fragmentation;
        if (message.Notification(NotifyType.Redirect) is not null) core.Note(IkeEventKind.RedirectIgnored, sa, "IKE_SA_INIT");
        bool traversesNats = NatDetection.TryRead(message, spiI, spiR, sa.Local, sa.Remote, out bool here, out bool there);
        if (traversesNats)
        {
            (sa.NatHere, sa.NatThere, sa.UdpEncapsulation) = (here, there, here || there);
            if (here || there) core.Note(IkeEventKind.NatFound, sa, here && there ? "both" : here ? "here" : "there");
        }

        var list = new List<ushort>();
        if (message.Notification(NotifyType.SignatureHashAlgorithms) is { } notify)
        {
            for (int at = 0; at + 1 < notify.Data.Length && list.Count < 16; at += 2) list.Add(BinaryPrimitives.ReadUInt16BigEndian(notify.Data.Span[at..]));
            sa.Abilities |= IkePeerAbilities.SignatureHashes;
        }

        hashes = list;
        return traversesNats;
    }

    /// <summary>Answers without keeping anything; the responder's SPI is zero (sections 2.6, 3.1).</summary>
    private static void Refuse(IkeEndpoint core, IkeInput.Datagram datagram, IkeHeader request, NotifyPayload why)
    {
        var header = new IkeHeader(request.InitiatorSpi, default, request.Exchange, IkeFlags.Response, request.MessageId);
        core.Put(new IkeOutput.Send(datagram.Local, datagram.Remote, IkeMessageWriter.Write(header, [why]), 0));
    }
}
