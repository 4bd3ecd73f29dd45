using System.Net;
using Baton.Ike.Messages;
using Baton.Ike.Payloads;
using Baton.Ike.Sas;

namespace Baton.Ike.Exchanges;

/// <summary>Addresses that change under an IKE SA (RFC 4555). The original initiator decides; the responder follows, and may ask for a cookie from the new place.</summary>
/// <remarks>
/// <code>
///     initiator moved --- N(UPDATE_SA_ADDRESSES), NAT detection, N(COOKIE2), from the new address --->
///                     &lt;--- NAT detection, N(COOKIE2) ---          the child SAs follow; if it moved again meanwhile: once more
///     responder       --- N(COOKIE2) to the new address --->      is the peer really there? (section 3.7)
///                     &lt;--- N(COOKIE2) ---
/// </code>
/// </remarks>
internal static class Mobike
{
    private const int CookieLength = 16;

    public static void AskUpdate(IkeEndpoint core, IkeSa sa)
    {
        byte[] cookie = NewCookie(core);
        var payloads = new List<Payload> { new NotifyPayload(NotifyType.UpdateSaAddresses) };
        NatDetection.Append(payloads, sa.InitiatorSpi, sa.ResponderSpi, sa.Local, sa.Remote, sa.Connection?.ForceUdpEncapsulation ?? false);
        payloads.Add(new NotifyPayload(NotifyType.Cookie2, cookie));
        var request = new OutstandingRequest { Kind = RequestKind.UpdateAddresses, MessageId = sa.NextRequestId, Datagrams = [], Cookie = cookie };
        if (Requests.Send(core, sa, request, payloads)) sa.UpdateWanted = false;
    }

    public static void OnUpdated(ExchangeContext exchange, OutstandingRequest request, IkeMessage answer)
    {
        (IkeEndpoint core, IkeSa sa) = (exchange.Core, exchange.Sa);
        core.Change(sa);
        if (answer.Notification(NotifyType.UnacceptableAddresses) is not null)
        {
            core.Note(IkeEventKind.PeerError, sa, "UNACCEPTABLE_ADDRESSES");
            core.Drop(sa, IkeSaDownReason.CannotMove);      // the old address is no more: it begins anew from the new one
            return;
        }

        if (!HasCookie(answer, request)) return;
        UpdateNat(sa, answer, exchange.Datagram.Local, exchange.Datagram.Remote);
        core.Note(IkeEventKind.AddressUpdated, sa, $"{sa.Local}");
        core.TellEndpoint(sa);
    }

    public static void AskCookie(IkeEndpoint core, IkeSa sa)
    {
        byte[] cookie = NewCookie(core);
        var request = new OutstandingRequest { Kind = RequestKind.CookieCheck, MessageId = sa.NextRequestId, Datagrams = [], Cookie = cookie };
        if (Requests.Send(core, sa, request, [new NotifyPayload(NotifyType.Cookie2, cookie)])) sa.CookieCheckWanted = false;
    }

    /// <summary>No cookie, no peer at that address: the IKE SA ends (section 3.7).</summary>
    public static void OnCookie(ExchangeContext exchange, OutstandingRequest request, IkeMessage answer)
    {
        if (!HasCookie(answer, request)) Answers.Fail(exchange.Core, exchange.Sa, request);
    }

    /// <summary>True: something changed that a successor must know.</summary>
    public static bool OnRequest(ExchangeContext exchange, IkeMessage request, List<Payload> answer)
    {
        (IkeEndpoint core, IkeSa sa) = (exchange.Core, exchange.Sa);
        bool changed = false;
        bool theyMayMove = (sa.Abilities & IkePeerAbilities.Mobike) != 0 && !sa.IsClient;
        if (theyMayMove && request.Notification(NotifyType.UpdateSaAddresses) is not null)
        {
            RekeyIke.DecideByUse(core, sa);
            if (request.Notification(NotifyType.NoNatsAllowed) is { } fixedPath && !fixedPath.Data.Span.SequenceEqual(PathOf(exchange.Datagram)))
            {
                answer.Add(new NotifyPayload(NotifyType.UnexpectedNatDetected));
                return true;
            }

            bool moved = !sa.Remote.Equals(exchange.Datagram.Remote) || !sa.Local.Equals(exchange.Datagram.Local);
            UpdateNat(sa, request, exchange.Datagram.Local, exchange.Datagram.Remote);
            core.MoveTo(sa, exchange.Datagram.Local, exchange.Datagram.Remote);
            core.Note(IkeEventKind.AddressUpdated, sa, $"{sa.Remote}");
            NatDetection.Append(answer, sa.InitiatorSpi, sa.ResponderSpi, sa.Local, sa.Remote, sa.Connection?.ForceUdpEncapsulation ?? false);
            sa.CookieCheckWanted |= moved && core.Policy.CheckReturnRoutability;     // a second update from there does not spare it the check
            changed = true;
        }
        else if (request.Notification(NotifyType.NatDetectionSourceIp) is not null && (sa.Abilities & IkePeerAbilities.Mobike) != 0)
        {
            // Asks whether the mapping is still the same (section 3.8).
            NatDetection.Append(answer, sa.InitiatorSpi, sa.ResponderSpi, exchange.Datagram.Local, exchange.Datagram.Remote, sa.Connection?.ForceUdpEncapsulation ?? false);
        }

        if (request.Notification(NotifyType.Cookie2) is { Data.Length: >= 8 and <= 64 } cookie) answer.Add(new NotifyPayload(NotifyType.Cookie2, cookie.Data));
        return changed;
    }

    private static void UpdateNat(IkeSa sa, IkeMessage message, IPEndPoint local, IPEndPoint remote)
    {
        if (!NatDetection.TryRead(message, sa.InitiatorSpi, sa.ResponderSpi, local, remote, out bool here, out bool there)) return;
        (sa.NatHere, sa.NatThere) = (here, there);
        sa.UdpEncapsulation = here || there || sa.Connection is { ForceUdpEncapsulation: true };
    }

    private static bool HasCookie(IkeMessage answer, OutstandingRequest request) =>
        answer.Notification(NotifyType.Cookie2) is { } cookie && cookie.Data.Span.SequenceEqual(request.Cookie);

    private static byte[] NewCookie(IkeEndpoint core)
    {
        byte[] cookie = new byte[CookieLength];
        core.Random.Fill(cookie);
        return cookie;
    }

    /// <summary>NO_NATS_ALLOWED: source and destination address, source and destination port (section 4.2.6).</summary>
    private static byte[] PathOf(IkeInput.Datagram datagram) =>
    [
        .. datagram.Remote.Address.GetAddressBytes(), .. datagram.Local.Address.GetAddressBytes(),
        (byte)(datagram.Remote.Port >> 8), (byte)datagram.Remote.Port, (byte)(datagram.Local.Port >> 8), (byte)datagram.Local.Port,
    ];
}
