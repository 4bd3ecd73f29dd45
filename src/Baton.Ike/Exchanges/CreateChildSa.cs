using Baton.Crypto;
using Baton.Crypto.Ike;
using Baton.Ike.Messages;
using Baton.Ike.Negotiation;
using Baton.Ike.Payloads;
using Baton.Ike.Sas;
using Baton.Wire;

namespace Baton.Ike.Exchanges;

/// <summary>CREATE_CHILD_SA for child SAs, new or in another's place, as responder (RFC 7296 sections 1.3.1, 1.3.3, 2.8, 2.25). The initiator's half is in
/// CreateChildSa.Initiator.cs; a rekey of the IKE SA is in RekeyIke.cs.</summary>
/// <remarks>
/// <code>
///     request ---> we are ending or rekeying the IKE SA ----------> N(TEMPORARY_FAILURE)
///                  rekeys a child that we do not have ------------> N(CHILD_SA_NOT_FOUND), but while we wait for an answer that may make it:
///                                                                    N(TEMPORARY_FAILURE)
///                  rekeys a child that we are ending, or rekeyed --> N(TEMPORARY_FAILURE); after a SYNC what it had us rekey is taken back first
///                  too many children ------------------------------> N(NO_ADDITIONAL_SAS)
///                  nothing of it acceptable, other group ----------> N(why)
///                  else -------------------------------------------> SA, Nr, [KEr], TSi, TSr
///                       and if we are rekeying that child too: the answer to ours decides by the nonces (section 2.8.1)
/// </code>
/// </remarks>
internal static partial class CreateChildSa
{
    public static void OnRequest(ExchangeContext exchange, IkeMessage request)
    {
        (IkeEndpoint core, IkeSa sa) = (exchange.Core, exchange.Sa);
        if (request.Find<SaPayload>() is not { } offer || request.Find<NoncePayload>() is not { } nonce)
        {
            exchange.Answer(NotifyType.InvalidSyntax);
            return;
        }

        if (offer.Proposals.Any(each => each.Protocol == ProtocolId.Ike))
        {
            RekeyIke.OnRequest(exchange, request, offer, nonce);
            return;
        }

        RekeyIke.DecideByUse(core, sa);
        bool busy = sa.State != IkeSaState.Up || sa.DeleteAt <= core.Now || sa.Outstanding?.Kind is RequestKind.DeleteIke or RequestKind.RekeyIke;
        if (busy)
        {
            TemporaryFailure(exchange, "the IKE SA is being rekeyed or deleted");
            return;
        }

        ChildSa? old = null;
        if (request.Notification(NotifyType.RekeySa) is { } rekey)
        {
            old = SpiBytes.TryRead(rekey.Spi.Span, out uint spi) ? sa.ChildByOutbound(spi) : null;
            if (old is null && sa.Outstanding?.Kind is RequestKind.NewChild or RequestKind.RekeyChild)
            {
                TemporaryFailure(exchange, "it may be the one whose answer we wait for");
                return;
            }

            if (old is null)
            {
                exchange.Answer([new NotifyPayload(rekey.Protocol, rekey.Spi, NotifyType.ChildSaNotFound, default)]);
                return;
            }

            TakeBackGivenUp(core, sa, old);
            if (IsEnding(sa, old))
            {
                TemporaryFailure(exchange, $"child {old.InboundSpi:x8} is being deleted");
                return;
            }
        }

        if (sa.Children.Count >= core.Policy.MostChildren)
        {
            core.Note(IkeEventKind.LimitReached, sa, "children");
            exchange.Answer(NotifyType.NoAdditionalSas);
            return;
        }

        byte[] ourNonce = core.NewNonce();
        int before = sa.Children.Count;
        IReadOnlyList<Payload> answer = ChildNegotiation.Answer(exchange, request, (nonce.Data.ToArray(), ourNonce), request.Find<KePayload>(), duringAuth: false, old);
        if (old is not null && sa.Children.Count > before) Replaced(core, sa, old, sa.Children[^1]);
        exchange.Answer(answer);
    }

    /// <summary>
    /// The first request after a SYNC rekeys it once more: the peer never got our answer to the one before, gave it up (RFC 6311 section 9), and has nothing of the
    /// successor that came of it. Kept, that would carry our traffic soon, to nobody.
    /// </summary>
    private static void TakeBackGivenUp(IkeEndpoint core, IkeSa sa, ChildSa old)
    {
        bool isFirstAfterSync = sa.LastAnswer.Count == 0;
        if (!isFirstAfterSync || old.ReplacedBy is not { } id || sa.Child(id) is not { WeInitiated: false } successor || successor.UseOutboundAt == Instant.Never) return;
        core.ChildGone(sa, successor, ChildDownReason.NotFoundByPeer);
        old.LoseSuccessor();
    }

    /// <summary>We are closing it, or it has a successor already.</summary>
    private static bool IsEnding(IkeSa sa, ChildSa child) => child.IsReplaced || child.DeleteAt != Instant.Never || sa.IsGoing(child);

    /// <summary>The peer rekeyed it and will delete it; should it not, we do.</summary>
    private static void Replaced(IkeEndpoint core, IkeSa sa, ChildSa old, ChildSa successor)
    {
        old.ReplacedBy = successor.Id;
        old.DeleteReason = ChildDownReason.Rekeyed;
        old.DeleteAt = core.Now + core.Policy.ClosedLinger;
        if (sa.Outstanding is { Kind: RequestKind.RekeyChild, Child: { } ours } && ours.Rekeys == old.Id)
        {
            core.Note(IkeEventKind.RekeyCollision, sa, $"child {old.InboundSpi:x8}");
            ours.CollidedWith = successor.Id;
        }
    }

    internal static void TemporaryFailure(ExchangeContext exchange, string why)
    {
        exchange.Core.Note(IkeEventKind.TemporaryFailure, exchange.Sa, why);
        exchange.Answer(NotifyType.TemporaryFailure);
    }

    internal static byte[] Agree(IkeEndpoint core, KeyExchangeGroup group, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> theirs)
    {
        using KeyExchange ours = core.KeyExchange.Import(group, secret);
        if (!ours.TryAgree(theirs, out SecretBytes? shared)) return [];
        using (shared) return shared.Span.ToArray();
    }
}
