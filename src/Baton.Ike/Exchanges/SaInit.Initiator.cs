using System.Buffers.Binary;
using System.Net;
using Baton.Crypto;
using Baton.Crypto.Ike;
using Baton.Ike.Messages;
using Baton.Ike.Negotiation;
using Baton.Ike.Payloads;
using Baton.Ike.Sas;

namespace Baton.Ike.Exchanges;

/// <remarks>
/// <code>
///     Connecting --- request --->
///          ^   &lt;--- N(COOKIE) ---------------- the same again, the cookie in front
///          |   &lt;--- N(INVALID_KE_PAYLOAD) ---- another key of that group
///          |   &lt;--- another error ------------ anybody can say that: wait a little longer for a better answer
///          '-- at most MostRestarts times
///              &lt;--- SA, KE, Nonce ------------ keys; IKE_AUTH
/// </code>
/// </remarks>
internal static partial class SaInit
{
    /// <summary>A responder under attack may change its secret, and each group costs a turn; nobody needs more.</summary>
    private const int MostRestarts = 10;

    /// <summary>Nothing of this is in a record: a takeover starts it anew.</summary>
    public static IkeSaId Ask(IkeEndpoint core, Connection connection, WantedChild? first = null)
    {
        IkeSaId id = core.NewIkeSaId();
        var sa = new IkeSa
        {
            Id = id, Line = id, ConnectionName = connection.Name, Connection = connection, State = IkeSaState.Connecting, LocalSpi = core.NewSpi(),
            IsInitiator = true, IsClient = true, Local = connection.Local!, Remote = connection.Remote!,
            Group = connection.IkeProposals[0].Groups[0],
        };
        sa.Handshake = new Handshake { NonceI = core.NewNonce(), KeyExchange = core.KeyExchange.Create(sa.Group), First = first };
        core.Add(sa);
        core.Join(sa);
        Send(core, sa);
        return sa.Id;
    }

    public static void OnAnswer(IkeEndpoint core, IkeInput.Datagram datagram, IkeHeader header)
    {
        if (core.FindBySpi(header.InitiatorSpi.Value) is not { State: IkeSaState.Connecting, Handshake: { } handshake } sa || header.IsFromInitiator || header.MessageId.Value != 0)
        {
            core.Counters.Count(IkeDrop.UnexpectedAnswer);
            return;
        }

        IkeParseVerdict verdict = IkeMessage.TryParse(datagram.Message.Span, out IkeMessage? answer);
        if (answer is null)
        {
            core.Counters.Parsed.Count(verdict);
            return;
        }

        if (answer.Find<SaPayload>() is null)
        {
            OnError(core, sa, handshake, answer);
            return;
        }

        if (answer.UnsupportedCritical is not null || header.ResponderSpi.IsZero
            || answer.Find<KePayload>() is not { } ke || answer.Find<NoncePayload>() is not { } nonce
            || !IkeProposals.TryAccept(IkeProposals.Offer(sa.Connection!.IkeProposals, default), answer.Find<SaPayload>()!.Proposals, out IkeSuite suite, out KeyExchangeGroup group)
            || group != sa.Group || ke.Group != (ushort)group
            || !handshake.KeyExchange!.TryAgree(ke.Data.Span, out SecretBytes? shared))
        {
            core.Counters.Count(IkeDrop.MalformedInit);
            return;
        }

        sa.RemoteSpi = header.ResponderSpi.Value;
        sa.Suite = suite;
        handshake.NonceR = nonce.Data.ToArray();
        handshake.InitAnswer = datagram.Message.ToArray();
        using (shared) sa.Keys = IkeKeys.Initial(suite, shared.Span, handshake.NonceI, handshake.NonceR, sa.LocalSpi, sa.RemoteSpi);
        bool traversesNats = ReadAbilities(core, sa, answer, sa.LocalSpi, sa.RemoteSpi, out IReadOnlyList<ushort> hashes);
        handshake.PeerHashes = hashes;
        handshake.KeyExchange.Dispose();
        handshake.KeyExchange = null;
        if (sa.Connection!.ForceUdpEncapsulation) sa.UdpEncapsulation = true;
        if (sa.UdpEncapsulation || (traversesNats && sa.Connection.Mobike)) Float(sa, sa.Connection);
        sa.Outstanding = null;
        sa.NextRequestId = 1;
        Auth.Ask(core, sa);
    }

    /// <summary>
    /// From IKE_AUTH on to the port that NATs let through (section 2.23), with MOBIKE also where there is none yet (RFC 4555 section 3.3); unless we are there already.
    /// </summary>
    private static void Float(IkeSa sa, Connection connection)
    {
        if (sa.Remote.Port != 500) return;
        sa.Local = new IPEndPoint(sa.Local.Address, connection.LocalNatPort);
        sa.Remote = new IPEndPoint(sa.Remote.Address, connection.RemoteNatPort);
    }

    private static void Send(IkeEndpoint core, IkeSa sa)
    {
        Handshake handshake = sa.Handshake!;
        var payloads = new List<Payload>();
        if (handshake.Cookie.Length > 0) payloads.Add(new NotifyPayload(NotifyType.Cookie, handshake.Cookie));
        payloads.Add(new SaPayload(IkeProposals.Offer(sa.Connection!.IkeProposals, default)));
        payloads.Add(new KePayload((ushort)sa.Group, handshake.KeyExchange!.PublicValue));
        payloads.Add(new NoncePayload(handshake.NonceI));
        NatDetection.Append(payloads, sa.LocalSpi, 0, sa.Local, sa.Remote, sa.Connection.ForceUdpEncapsulation);
        payloads.Add(new NotifyPayload(NotifyType.IkeFragmentationSupported));
        payloads.Add(OurHashes);
        var header = new IkeHeader(new IkeSpi(sa.LocalSpi), default, ExchangeType.IkeSaInit, IkeFlags.Initiator, default);
        handshake.InitRequest = IkeMessageWriter.Write(header, payloads);
        Requests.SendInit(core, sa, new OutstandingRequest { Kind = RequestKind.SaInit, MessageId = 0, Datagrams = [handshake.InitRequest] });
    }

    /// <summary>None of these is authentic: a cookie or a group is worth another try, everything else only shortens the wait (section 2.21.1).</summary>
    private static void OnError(IkeEndpoint core, IkeSa sa, Handshake handshake, IkeMessage answer)
    {
        if (handshake.Restarts < MostRestarts && answer.Notification(NotifyType.Cookie) is { Data.Length: > 0 and <= 64 } cookie)
        {
            core.Note(IkeEventKind.CookieReceived, sa, $"{cookie.Data.Length} bytes");
            handshake.Restarts++;
            handshake.Cookie = cookie.Data.ToArray();
            Send(core, sa);
            return;
        }

        if (handshake.Restarts < MostRestarts && answer.Notification(NotifyType.InvalidKePayload) is { Data.Length: 2 } wanted)
        {
            var group = (KeyExchangeGroup)BinaryPrimitives.ReadUInt16BigEndian(wanted.Data.Span);
            if (group != sa.Group && sa.Connection!.IkeProposals.Any(each => each.Groups.Contains(group)))
            {
                core.Note(IkeEventKind.OtherGroupAsked, sa, $"{group}");
                handshake.Restarts++;
                handshake.KeyExchange!.Dispose();
                handshake.KeyExchange = core.KeyExchange.Create(group);
                sa.Group = group;
                Send(core, sa);
                return;
            }
        }

        core.Counters.Count(IkeDrop.UnauthenticatedError);
        NotifyPayload? error = answer.Payloads.OfType<NotifyPayload>().FirstOrDefault(each => each.NotifyType.IsError());
        core.Note(IkeEventKind.PeerError, sa, $"IKE_SA_INIT: {error?.NotifyType}");
        if (error is not null && sa.Outstanding is { } request) request.Attempts = Math.Max(request.Attempts, core.Policy.Retransmit.Attempts - 1);
    }
}
