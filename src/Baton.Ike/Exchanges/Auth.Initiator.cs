using Baton.Ike.Authentication;
using Baton.Ike.Messages;
using Baton.Ike.Payloads;
using Baton.Ike.Sas;

namespace Baton.Ike.Exchanges;

/// <remarks>
/// <code>
///     Authenticating --- IDi, [CERT], [CERTREQ], [IDr], AUTH, [CP], SA, TSi, TSr --->
///         (its first commit: from here on a successor goes on)
///         &lt;--- N(AUTHENTICATION_FAILED) or without IDr and AUTH: gone
///         &lt;--- not who it should be: Up for no longer than our Delete takes (section 2.21.2)
///         &lt;--- IDr, AUTH, N(why no child): Up, the child is wanted later
///         &lt;--- IDr, AUTH, [CP], SA, TSi, TSr: Up
/// </code>
/// </remarks>
internal static partial class Auth
{
    public static void Ask(IkeEndpoint core, IkeSa sa)
    {
        (Connection connection, Handshake handshake) = (sa.Connection!, sa.Handshake!);
        ConnectionCredentials credentials = connection.Credentials;
        IdPayload ourId = credentials.LocalIdentity.ToPayload(isInitiator: true);
        byte[] ours = Octets(sa, handshake.InitRequest, handshake.NonceR, ourId.Rest(), ofInitiator: true);
        if (credentials.Local.Sign(sa.Suite.Prf, ours, handshake.PeerHashes) is not { } auth)
        {
            core.Note(IkeEventKind.AuthenticationFailed, sa, "no signature hash in common");
            core.Drop(sa, IkeSaDownReason.AuthenticationFailed);
            return;
        }

        var payloads = new List<Payload> { ourId };
        payloads.AddRange(credentials.Local.Certificates);
        if (!core.HasOther(sa)) payloads.Add(new NotifyPayload(NotifyType.InitialContact));
        if (credentials.Remote.Request is { } authorities) payloads.Add(authorities);
        if (credentials.RemoteIdentity is { } peer) payloads.Add(peer.ToPayload(isInitiator: false));
        payloads.Add(auth);
        ConfigurationExchange.Ask(connection, payloads);
        ChildPolicy policy = connection.Children.FirstOrDefault(each => each.Name == handshake.First?.Policy) ?? connection.Children[0];
        ChildOffer child = ChildNegotiation.Offer(core, sa, policy, handshake.First, 0, duringAuth: true);
        ChildNegotiation.Append(child, payloads, withKe: null, nonce: null, weAreInitiatorOfExchange: true);
        if (connection.Mobike) payloads.Add(new NotifyPayload(NotifyType.MobikeSupported));
        if (core.Policy.AnnounceCounterSync)
        {
            payloads.Add(new NotifyPayload(NotifyType.IkeMessageIdSyncSupported));
            payloads.Add(new NotifyPayload(NotifyType.IpsecReplayCounterSyncSupported));
        }

        sa.State = IkeSaState.Authenticating;
        var request = new OutstandingRequest { Kind = RequestKind.Auth, MessageId = sa.NextRequestId, Datagrams = [], Child = child };
        if (!sa.Ivs!.Ensure(IkeEndpoint.IvsForAuth) || !Requests.Send(core, sa, request, payloads)) core.Drop(sa, IkeSaDownReason.Refused);
    }

    public static void OnAnswer(ExchangeContext exchange, OutstandingRequest request, IkeMessage answer)
    {
        (IkeEndpoint core, IkeSa sa) = (exchange.Core, exchange.Sa);
        Handshake handshake = sa.Handshake!;
        if (Identification(answer, ofInitiator: false) is not { } id || answer.Find<AuthPayload>() is not { } auth)
        {
            NotifyPayload? error = answer.Payloads.OfType<NotifyPayload>().FirstOrDefault(each => each.NotifyType.IsError());
            core.Note(IkeEventKind.AuthenticationFailed, sa, $"the peer says {error?.NotifyType.ToString() ?? "nothing"}");
            core.Drop(sa, IkeSaDownReason.AuthenticationFailed);
            return;
        }

        if (sa.Connection is not { } connection)
        {
            core.Drop(sa, IkeSaDownReason.Configuration);
            return;
        }

        Identity peer = Identity.Of(id);
        byte[] theirs = Octets(sa, handshake.InitAnswer, handshake.NonceI, id.Rest(), ofInitiator: false);
        List<CertPayload> certificates = [.. answer.Payloads.OfType<CertPayload>()];
        AuthenticationVerdict verdict = connection.Credentials.RemoteIdentity is { } wanted && !wanted.Equals(peer)
            ? AuthenticationVerdict.WrongIdentity
            : connection.Credentials.Remote.Verify(new PeerProof(sa.Suite.Prf, peer, auth, certificates, theirs, core.WallClock));
        sa.State = IkeSaState.Up;
        sa.PeerIdentity = peer.ToString();
        core.Change(sa);
        if (verdict != AuthenticationVerdict.Authentic)
        {
            core.Note(IkeEventKind.AuthenticationFailed, sa, $"{peer}: {verdict}");
            (sa.DeleteReason, sa.DeleteAt) = (IkeSaDownReason.AuthenticationFailed, core.Now);
            EndHandshake(sa);
            return;
        }

        core.Note(IkeEventKind.AuthenticationSucceeded, sa, sa.PeerIdentity);
        ReadAbilities(sa, connection, answer, core.Policy.AnnounceCounterSync);
        StartLifetime(core, sa, connection);
        core.ConnectionIsUp(sa);
        ConfigurationExchange.Take(core, sa, answer);
        core.Put(new IkeOutput.IkeSaUp(sa.Facts, core.StepCommit));
        ChildNegotiation.Accept(exchange, request.Child!, answer, Nonces(handshake), default);
        foreach (ChildPolicy more in connection.Children.Where(each => each.Start && each.Name != request.Child!.Policy)) sa.Wanted.Add(new WantedChild(more.Name, null, null, core.Now));
        EndHandshake(sa);
    }

    private static void EndHandshake(IkeSa sa)
    {
        sa.Handshake?.Dispose();
        sa.Handshake = null;
    }
}
