using Baton.Ike.Messages;
using Baton.Ike.Payloads;
using Baton.Ike.Sas;
using Baton.Wire;

namespace Baton.Ike.Exchanges;

/// <summary>INFORMATIONAL: signs of life, deletes, errors (RFC 7296 sections 1.4, 1.4.1, 2.4, 2.25). MOBIKE and the synchronization of counters, which it carries too, have
/// files of their own.</summary>
/// <remarks>
/// <code>
///     nothing in it ---------------> nothing            no commit: a successor may answer anew
///     D(IKE) ----------------------> nothing            Closed: children gone, answer kept for repetitions
///     D(ESP, their SPIs) ----------> D(ESP, our SPIs)   those that we are deleting ourselves are not named
/// </code>
/// </remarks>
internal static class Informational
{
    private const int MostDeleted = 64;

    public static void OnRequest(ExchangeContext exchange, IkeMessage request)
    {
        (IkeEndpoint core, IkeSa sa) = (exchange.Core, exchange.Sa);
        List<DeletePayload> deletes = [.. request.Payloads.OfType<DeletePayload>()];
        if (deletes.Exists(each => each.Protocol == ProtocolId.Ike))
        {
            OnDeleteIke(exchange);
            return;
        }

        bool changed = false;
        var answer = new List<Payload>();
        if (deletes.Count > 0)
        {
            RekeyIke.DecideByUse(core, sa);
            changed = true;
            List<uint> ours = [.. deletes.Where(each => each.Protocol == ProtocolId.Esp).SelectMany(each => each.Spis).Take(MostDeleted).Select(spi => DeleteChild(core, sa, spi)).OfType<uint>()];
            if (ours.Count > 0) answer.Add(new DeletePayload(ProtocolId.Esp, ours));
        }

        foreach (NotifyPayload notify in request.Payloads.OfType<NotifyPayload>())
        {
            if (notify.NotifyType.IsError()) core.Note(IkeEventKind.PeerError, sa, $"{notify.NotifyType}");
            if (notify.NotifyType != NotifyType.IpsecReplayCounterSync) continue;
            changed |= CounterSynchronization.TakeCounters(core, sa, notify, out bool isWrong);
            if (isWrong) answer.Add(new NotifyPayload(NotifyType.InvalidSyntax));
        }

        changed |= Mobike.OnRequest(exchange, request, answer);
        exchange.Answer(answer, changed || answer.Count > 0);
    }

    public static void AskLife(IkeEndpoint core, IkeSa sa) => Ask(core, sa, RequestKind.Probe, []);

    public static void AskDeleteIke(IkeEndpoint core, IkeSa sa)
    {
        if (Ask(core, sa, RequestKind.DeleteIke, [DeletePayload.IkeSa])) sa.DeleteAt = Instant.Never;
    }

    public static void AskDeleteChildren(IkeEndpoint core, IkeSa sa)
    {
        List<ChildSa> due = [.. sa.Children.Where(child => child.DeleteAt <= core.Now).Take(MostDeleted)];
        var request = new OutstandingRequest
        {
            Kind = RequestKind.DeleteChildren, MessageId = sa.NextRequestId, Datagrams = [], Children = [.. due.Select(child => child.Id)],
        };
        if (!Requests.Send(core, sa, request, [new DeletePayload(ProtocolId.Esp, [.. due.Select(child => child.InboundSpi)])])) return;
        foreach (ChildSa child in due) child.DeleteAt = Instant.Never;
    }

    /// <summary>What the answer names matters little: from its side they are gone, or never were.</summary>
    public static void OnChildrenDeleted(ExchangeContext exchange, OutstandingRequest request)
    {
        foreach (ChildSaId id in request.Children)
        {
            if (exchange.Sa.Child(id) is { } child) exchange.Core.ChildGone(exchange.Sa, child, child.DeleteReason);
        }

        exchange.Core.Change(exchange.Sa);
    }

    public static void OnIkeDeleted(ExchangeContext exchange) => exchange.Core.Drop(exchange.Sa, exchange.Sa.DeleteReason);

    private static void OnDeleteIke(ExchangeContext exchange)
    {
        (IkeEndpoint core, IkeSa sa) = (exchange.Core, exchange.Sa);
        if (sa.State == IkeSaState.Up && sa.Outstanding is { Kind: RequestKind.RekeyIke, Ike.CollidedWith: { } other } && core.Find(other) is { State: IkeSaState.Up } heir)
            RekeyIke.Inherit(core, sa, heir);       // they did not see our rekey (section 2.8.2)
        IkeSaDownReason reason = sa.State == IkeSaState.Replaced ? IkeSaDownReason.Rekeyed : sa.InheritsFrom is not null ? IkeSaDownReason.Rekeyed : IkeSaDownReason.DeletedByPeer;
        exchange.Answer([]);
        core.Close(sa, reason);
    }

    /// <summary>Our SPI of the pair, to be named in the answer; null when it is unknown, or when our own Delete of it is under way.</summary>
    private static uint? DeleteChild(IkeEndpoint core, IkeSa sa, uint spi)
    {
        if (sa.ChildByOutbound(spi) is not { } child)
        {
            // It may be the one that the answer we wait for would make; the answer then comes too late (our request repeated, or reordering).
            if (sa.Outstanding?.Child is { } offer && offer.DeletedByPeer.Count < MostDeleted) offer.DeletedByPeer.Add(spi);
            return null;
        }

        bool crossing = sa.IsGoing(child);
        if (child.ReplacedBy is { } successor && sa.Child(successor) is { UseOutboundAt: var at } next && at != Instant.Never)
        {
            next.UseOutboundAt = Instant.Never;
            core.Put(new IkeOutput.UseOutbound(successor, core.StepCommit));
        }

        ChildDownReason reason = child.ReplacedBy is not null ? child.DeleteReason : ChildDownReason.Deleted;
        core.ChildGone(sa, child, reason);
        if (child.ReplacedBy is null && sa.Outstanding is not { Kind: RequestKind.RekeyChild, Child.Rekeys: { } })
        {
            if (!child.WeInitiated && sa.Children.Find(each => each.ReplacedBy == child.Id && !sa.IsGoing(each)) is { } before)
            {
                // In a collision the peer decided for ours, which a SYNC had us give up: we ask once more.
                before.LoseSuccessor();
                before.RekeyAt = core.Now;
            }
            else if (sa.Connection is { KeepUp: true })
            {
                core.Want(sa, child.Policy, core.RetryTime());
            }
        }

        return crossing ? null : child.InboundSpi;
    }

    private static bool Ask(IkeEndpoint core, IkeSa sa, RequestKind kind, IReadOnlyList<Payload> payloads) =>
        Requests.Send(core, sa, new OutstandingRequest { Kind = kind, MessageId = sa.NextRequestId, Datagrams = [] }, payloads);
}
