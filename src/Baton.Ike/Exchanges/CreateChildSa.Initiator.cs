using System.Buffers.Binary;
using Baton.Crypto.Ike;
using Baton.Ike.Messages;
using Baton.Ike.Negotiation;
using Baton.Ike.Payloads;
using Baton.Ike.Sas;
using Baton.Wire;

namespace Baton.Ike.Exchanges;

/// <remarks>
/// <code>
///     wanted or due --- [N(REKEY_SA)], SA, Ni, [KEi], TSi, TSr --->
///         &lt;--- N(INVALID_KE_PAYLOAD): again at once, with that group
///         &lt;--- N(TEMPORARY_FAILURE): again later, at random
///         &lt;--- N(CHILD_SA_NOT_FOUND): the old one is deleted silently, a new one wanted; unless a collision explains it
///         &lt;--- N(NO_ADDITIONAL_SAS) to a rekey: the old one is deleted first, then a new one made
///         &lt;--- another error: again later
///         &lt;--- SA, Nr, [KEr], TSi, TSr: the new one is up
///              rekey:     the old one is deleted a little later, when nothing is under way on it any more
///              collision: the one of the two new ones with the lowest nonce is deleted by who asked for it; who asked for the other deletes the old one
/// </code>
/// </remarks>
internal static partial class CreateChildSa
{
    public static void AskNew(IkeEndpoint core, IkeSa sa, WantedChild wanted)
    {
        ChildPolicy? policy = sa.PolicyOf(wanted.Policy);
        bool isThere = wanted.Source is null && sa.HasChild(wanted.Policy);
        if (policy is null || isThere)
        {
            sa.Wanted.Remove(wanted);
            core.Touch(sa);
            NextRequest.Pursue(core, sa);
            return;
        }

        if (Ask(core, sa, RequestKind.NewChild, ChildNegotiation.Offer(core, sa, policy, wanted, wanted.Group, duringAuth: false))) sa.Wanted.Remove(wanted);
    }

    public static void AskRekey(IkeEndpoint core, IkeSa sa, ChildSa old)
    {
        ChildPolicy? policy = sa.PolicyOf(old.Policy);
        if (policy is null)
        {
            (old.DeleteAt, old.DeleteReason) = (core.Now, ChildDownReason.Deleted);
            Informational.AskDeleteChildren(core, sa);
            return;
        }

        KeyExchangeGroup group = old.AskedGroup;
        Ask(core, sa, RequestKind.RekeyChild, ChildNegotiation.Offer(core, sa, policy, null, group, duringAuth: false, old.Id));
    }

    public static void OnAnswer(ExchangeContext exchange, OutstandingRequest request, IkeMessage answer)
    {
        (IkeEndpoint core, IkeSa sa, ChildOffer offer) = (exchange.Core, exchange.Sa, request.Child!);
        ChildSa? old = offer.Rekeys is { } rekeys ? sa.Child(rekeys) : null;
        core.Change(sa);
        if (answer.Find<SaPayload>() is null)
        {
            OnRefused(core, sa, offer, old, answer);
            return;
        }

        sa.TemporaryFailures = 0;
        if (answer.Find<NoncePayload>() is not { } nonce)
        {
            Retry(core, sa, offer, old, "no nonce");
            return;
        }

        byte[] shared = [];
        if (answer.Find<KePayload>() is { } ke && offer.Group != 0 && ke.Group == (ushort)offer.Group)
        {
            shared = Agree(core, offer.Group, offer.Private, ke.Data.Span);
            if (shared.Length == 0)
            {
                Retry(core, sa, offer, old, "key exchange value");
                return;
            }
        }

        ChildSa? rival = offer.CollidedWith is { } other ? sa.Child(other) : null;
        byte[] lowest = offer.Nonce.AsSpan().SequenceCompareTo(nonce.Data.Span) < 0 ? offer.Nonce : nonce.Data.ToArray();
        bool weLose = rival is not null && lowest.AsSpan().SequenceCompareTo(rival.LowestNonce) < 0;
        ChildSa? made = ChildNegotiation.Accept(exchange, offer, answer, (offer.Nonce, nonce.Data.ToArray()), shared);
        if (made is null || offer.Rekeys is null) return;
        if (weLose)
        {
            // Ours was made with the lowest nonce: ours goes, and the peer deletes the old one (section 2.8.1).
            (made.ReplacedBy, made.DeleteAt, made.DeleteReason, made.UseOutboundAt) = (rival!.Id, core.Now, ChildDownReason.Redundant, Instant.Never);
            return;
        }

        made.UseOutboundAt = Instant.Never;
        core.Put(new IkeOutput.UseOutbound(made.Id, core.StepCommit));
        if (rival is not null)
        {
            // The peer deletes the rival; should it not, we do.
            (rival.ReplacedBy, rival.DeleteAt, rival.DeleteReason, rival.UseOutboundAt) = (made.Id, core.Now + core.Policy.ClosedLinger, ChildDownReason.Redundant, Instant.Never);
        }

        if (old is null) return;
        (old.ReplacedBy, old.DeleteAt, old.DeleteReason) = (made.Id, core.Now + core.Policy.OldChildLinger, ChildDownReason.Rekeyed);
    }

    private static bool Ask(IkeEndpoint core, IkeSa sa, RequestKind kind, ChildOffer offer)
    {
        KePayload? ke = null;
        if (offer.Group != 0)
        {
            using KeyExchange exchange = core.KeyExchange.Import(offer.Group, offer.Private);
            ke = new KePayload((ushort)offer.Group, exchange.PublicValue.ToArray());
        }

        var payloads = new List<Payload>();
        if (offer.Rekeys is { } rekeys) payloads.Add(new NotifyPayload(ProtocolId.Esp, SpiBytes.Write(sa.Child(rekeys)!.InboundSpi), NotifyType.RekeySa, default));
        ChildNegotiation.Append(offer, payloads, ke, offer.Nonce, weAreInitiatorOfExchange: true);
        return Requests.Send(core, sa, new OutstandingRequest { Kind = kind, MessageId = sa.NextRequestId, Datagrams = [], Child = offer }, payloads);
    }

    private static void OnRefused(IkeEndpoint core, IkeSa sa, ChildOffer offer, ChildSa? old, IkeMessage answer)
    {
        if (answer.Notification(NotifyType.InvalidKePayload) is { Data.Length: 2 } other)
        {
            var group = (KeyExchangeGroup)BinaryPrimitives.ReadUInt16BigEndian(other.Data.Span);
            ChildPolicy? policy = sa.PolicyOf(offer.Policy);
            if (group != offer.Group && policy is not null && policy.Proposals.Any(each => each.Groups.Contains(group)))
            {
                core.Note(IkeEventKind.OtherGroupAsked, sa, $"{group}");
                if (old is not null) (old.AskedGroup, old.RekeyAt) = (group, core.Now);
                else if (offer.Rekeys is null) sa.Wanted.Add(new WantedChild(offer.Policy, null, null, core.Now, group));
                return;
            }
        }

        bool collided = offer.CollidedWith is not null;
        if (answer.Notification(NotifyType.ChildSaNotFound) is not null && offer.Rekeys is not null)
        {
            if (collided || old is null) return;                 // section 2.8.1, second ladder: the peer's rekey is the one that counts
            string policy = old.Policy;
            core.ChildGone(sa, old, ChildDownReason.NotFoundByPeer);
            core.Want(sa, policy, core.Now);
            return;
        }

        if (answer.Notification(NotifyType.TemporaryFailure) is not null)
        {
            if (++sa.TemporaryFailures >= core.Policy.MostTemporaryFailures)
            {
                (sa.DeleteReason, sa.DeleteAt) = (IkeSaDownReason.BadPeer, core.Now);
                return;
            }

            core.Note(IkeEventKind.TemporaryFailure, sa, $"{offer.Policy}: the peer is busy");
        }

        if (collided) return;
        if (old is not null && answer.Notification(NotifyType.NoAdditionalSas) is not null)
        {
            // A peer that has room for one only: first the old one goes, then a new one comes (section 4).
            (old.DeleteAt, old.DeleteReason) = (core.Now, ChildDownReason.Rekeyed);
            core.Want(sa, old.Policy, core.Now);
            return;
        }

        NotifyPayload? error = answer.Payloads.OfType<NotifyPayload>().FirstOrDefault(each => each.NotifyType.IsError());
        Retry(core, sa, offer, old, $"{error?.NotifyType.ToString() ?? "no SA payload"}");
    }

    private static void Retry(IkeEndpoint core, IkeSa sa, ChildOffer offer, ChildSa? old, string why)
    {
        core.Note(IkeEventKind.ChildRefusedByPeer, sa, $"{offer.Policy}: {why}");
        if (old is { IsReplaced: false }) old.RekeyAt = core.RetryTime();
        else if (offer.Rekeys is null) core.Want(sa, offer.Policy, core.RetryTime());
    }
}
