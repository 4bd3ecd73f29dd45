using Baton.Crypto.Ike;
using Baton.Ike.Authentication;
using Baton.Ike.Messages;
using Baton.Ike.Negotiation;
using Baton.Ike.Payloads;
using Baton.Ike.Sas;

namespace Baton.Ike.Exchanges;

/// <summary>IKE_AUTH as responder (RFC 7296 sections 1.2, 2.15, 2.16). The initiator's half is in Auth.Initiator.cs.</summary>
/// <remarks>
/// <code>
///     HalfOpen --- IDi, [CERT], [IDr], AUTH, [CP], SA, TSi, TSr --->
///         no AUTH: the initiator wants EAP. This is the place for it: more rounds with the SA half open, then AUTH from the EAP key.
///         none of the connections finds it authentic ------------> N(AUTHENTICATION_FAILED); Closed
///         authentic, the child is refused -----------------------> IDr, AUTH, N(why); Up without a child (section 1.2)
///         authentic ---------------------------------------------> IDr, [CERT], AUTH, [CP], SA, TSi, TSr; Up
/// </code>
/// All of it is one commit, before the answer leaves: the IKE SA, the child and the address come into being together.
/// </remarks>
internal static partial class Auth
{
    /// <summary>Connections that may be tried for one request: each may cost a signature check.</summary>
    private const int MostCandidates = 16;

    public static void OnRequest(ExchangeContext exchange, IkeMessage request)
    {
        (IkeEndpoint core, IkeSa sa) = (exchange.Core, exchange.Sa);
        Handshake handshake = sa.Handshake!;
        IdPayload? idI = Identification(request, ofInitiator: true), idR = Identification(request, ofInitiator: false);
        if (idI is null || request.Find<AuthPayload>() is not { } auth)
        {
            Refuse(exchange, idI is null ? "no identity" : "no AUTH: EAP is not spoken here");
            return;
        }

        byte[] theirs = Octets(sa, handshake.InitRequest, handshake.NonceR, idI.Rest(), ofInitiator: true);
        List<CertPayload> certificates = [.. request.Payloads.OfType<CertPayload>()];
        Identity peer = Identity.Of(idI);
        Connection? connection = Recognize(exchange, peer, idR is null ? null : Identity.Of(idR), auth, certificates, theirs, out AuthenticationVerdict verdict);
        if (connection is null)
        {
            Refuse(exchange, $"{peer}: {verdict}");
            return;
        }

        IdPayload ourId = connection.Credentials.LocalIdentity.ToPayload(isInitiator: false);
        byte[] ours = Octets(sa, handshake.InitAnswer, handshake.NonceI, ourId.Rest(), ofInitiator: false);
        if (connection.Credentials.Local.Sign(sa.Suite.Prf, ours, handshake.PeerHashes) is not { } ourAuth)
        {
            Refuse(exchange, "no signature hash in common");
            return;
        }

        core.Note(IkeEventKind.AuthenticationSucceeded, sa, peer.ToString());
        BecomeUp(core, sa, connection, peer, request);
        var payloads = new List<Payload> { ourId };
        payloads.AddRange(connection.Credentials.Local.Certificates);
        payloads.Add(ourAuth);
        NotifyPayload? noAddress = ConfigurationExchange.Give(core, sa, connection, request, payloads);
        if ((sa.Abilities & IkePeerAbilities.Mobike) != 0) payloads.Add(new NotifyPayload(NotifyType.MobikeSupported));
        if ((sa.Abilities & IkePeerAbilities.MessageIdSync) != 0) payloads.Add(new NotifyPayload(NotifyType.IkeMessageIdSyncSupported));
        if ((sa.Abilities & IkePeerAbilities.ReplayCounterSync) != 0) payloads.Add(new NotifyPayload(NotifyType.IpsecReplayCounterSyncSupported));
        core.Put(new IkeOutput.IkeSaUp(sa.Facts, core.StepCommit));
        if (noAddress is not null) payloads.Add(noAddress);
        else if (request.Find<SaPayload>() is not null) payloads.AddRange(ChildNegotiation.Answer(exchange, request, Nonces(handshake), default, duringAuth: true, rekeys: null));
        handshake.Dispose();
        sa.Handshake = null;
        exchange.Answer(payloads);
    }

    /// <summary>RealMessage | Nonce of the other side | prf(SK_p, RestOfID) (section 2.15).</summary>
    internal static byte[] Octets(IkeSa sa, ReadOnlySpan<byte> message, ReadOnlySpan<byte> otherNonce, ReadOnlySpan<byte> restOfId, bool ofInitiator)
    {
        byte[] octets = new byte[message.Length + otherNonce.Length + Prf.Length(sa.Suite.Prf)];
        message.CopyTo(octets);
        otherNonce.CopyTo(octets.AsSpan(message.Length));
        Prf.Compute(sa.Suite.Prf, sa.Keys!.P(ofInitiator), restOfId, octets.AsSpan(message.Length + otherNonce.Length));
        return octets;
    }

    internal static IdPayload? Identification(IkeMessage message, bool ofInitiator)
    {
        foreach (Payload payload in message.Payloads)
        {
            if (payload is IdPayload id && id.IsInitiator == ofInitiator) return id;
        }

        return null;
    }

    internal static (byte[] I, byte[] R) Nonces(Handshake handshake) => (handshake.NonceI, handshake.NonceR);

    /// <summary>What both sides say once, in IKE_AUTH.</summary>
    internal static void ReadAbilities(IkeSa sa, Connection connection, IkeMessage message, bool announceSync)
    {
        if (connection.Mobike && message.Notification(NotifyType.MobikeSupported) is not null) sa.Abilities |= IkePeerAbilities.Mobike;
        if (!announceSync) return;
        if (message.Notification(NotifyType.IkeMessageIdSyncSupported) is not null) sa.Abilities |= IkePeerAbilities.MessageIdSync;
        if (message.Notification(NotifyType.IpsecReplayCounterSyncSupported) is not null) sa.Abilities |= IkePeerAbilities.ReplayCounterSync;
    }

    internal static void StartLifetime(IkeEndpoint core, IkeSa sa, Connection connection)
    {
        sa.RekeyAt = core.Jittered(connection.IkeLifetime.Rekey, connection.IkeLifetime.Jitter);
        sa.ExpireAt = core.Now + connection.IkeLifetime.Hard;
    }

    private static void Refuse(ExchangeContext exchange, string why)
    {
        exchange.Core.Note(IkeEventKind.AuthenticationFailed, exchange.Sa, why);
        exchange.AnswerAndClose(NotifyType.AuthenticationFailed, IkeSaDownReason.AuthenticationFailed);
    }

    /// <summary>The connection whose peer this is: for these addresses and this suite, with this identity, and convinced by the proof.</summary>
    private static Connection? Recognize(
        ExchangeContext exchange, Identity peer, Identity? us, AuthPayload auth, List<CertPayload> certificates, byte[] octets, out AuthenticationVerdict verdict)
    {
        (IkeEndpoint core, IkeSa sa) = (exchange.Core, exchange.Sa);
        verdict = AuthenticationVerdict.WrongIdentity;
        var candidates = core.ConnectionsFor(exchange.Datagram.Local.Address, exchange.Datagram.Remote.Address)
            .Where(each => each.Credentials.RemoteIdentity is null || each.Credentials.RemoteIdentity.Equals(peer))
            .Where(each => IkeProposals.Allows(each.IkeProposals, sa.Suite, sa.Group))      // another's may have been laxer
            .Where(each => us is null || each.Credentials.LocalIdentity.Equals(us))
            .OrderBy(each => each.Credentials.RemoteIdentity is null)       // a connection for exactly this peer goes first; the order is stable
            .Take(MostCandidates);
        foreach (Connection candidate in candidates)
        {
            verdict = candidate.Credentials.Remote.Verify(new PeerProof(sa.Suite.Prf, peer, auth, certificates, octets, core.WallClock));
            if (verdict == AuthenticationVerdict.Authentic) return candidate;
        }

        return null;
    }

    private static void BecomeUp(IkeEndpoint core, IkeSa sa, Connection connection, Identity peer, IkeMessage request)
    {
        core.Unopen(sa);
        sa.State = IkeSaState.Up;
        sa.Connection = connection;
        sa.ConnectionName = connection.Name;
        sa.PeerIdentity = peer.ToString();
        ReadAbilities(sa, connection, request, core.Policy.AnnounceCounterSync);
        StartLifetime(core, sa, connection);
        if (connection.ForceUdpEncapsulation) sa.UdpEncapsulation = true;
        bool initial = request.Notification(NotifyType.InitialContact) is not null;
        if (initial || connection.OneSaPerPeer) core.EndOlder(sa, silently: initial);
        core.Join(sa);
    }
}
