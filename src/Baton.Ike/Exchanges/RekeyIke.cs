using System.Buffers.Binary;
using Baton.Crypto;
using Baton.Crypto.Ike;
using Baton.Ike.Messages;
using Baton.Ike.Negotiation;
using Baton.Ike.Payloads;
using Baton.Ike.Sas;

namespace Baton.Ike.Exchanges;

/// <summary>CREATE_CHILD_SA that rekeys the IKE SA: a new one inherits the children (RFC 7296 sections 1.3.2, 2.8, 2.8.2, 2.18, 2.25).</summary>
/// <remarks>
/// <code>
///     Up --- SA(SPI), Ni, KEi ---> &lt;--- SA(SPI), Nr, KEr ---   the new one inherits; the old one is Replaced, and who asked deletes it
///
///     both at once:   we answer theirs: N1 comes of it, the children wait with the old one (InheritsFrom)
///                     their answer to ours: N2 comes of it; the one with the lowest nonce goes, by who asked for it, the other inherits
///                     TEMPORARY_FAILURE, or their Delete of the old one, or a request on N1: they did not see ours, N1 inherits
///
///     busy with a child, or ending: N(TEMPORARY_FAILURE)
/// </code>
/// </remarks>
internal static class RekeyIke
{
    public static void Ask(IkeEndpoint core, IkeSa sa)
    {
        if (sa.Connection is not { } connection)
        {
            (sa.DeleteReason, sa.DeleteAt) = (IkeSaDownReason.Configuration, core.Now);
            Informational.AskDeleteIke(core, sa);
            return;
        }

        KeyExchangeGroup group = sa.AskedGroup != 0 ? sa.AskedGroup : connection.IkeProposals[0].Groups.Contains(sa.Group) ? sa.Group : connection.IkeProposals[0].Groups[0];
        using KeyExchange exchange = core.KeyExchange.Create(group);
        using SecretBytes secret = exchange.ExportPrivate();
        ulong spi = core.NewSpi();
        var offer = new IkeOffer
        {
            Id = core.NewIkeSaId(), Spi = spi, Nonce = core.NewNonce(), Group = group, Private = secret.Span.ToArray(),
            Proposals = IkeProposals.Offer(connection.IkeProposals, SpiBytes.WriteIke(spi)),
        };
        Requests.Send(
            core, sa, new OutstandingRequest { Kind = RequestKind.RekeyIke, MessageId = sa.NextRequestId, Datagrams = [], Ike = offer },
            [new SaPayload(offer.Proposals), new NoncePayload(offer.Nonce), new KePayload((ushort)group, exchange.PublicValue)]);
    }

    public static void OnRequest(ExchangeContext exchange, IkeMessage request, SaPayload offer, NoncePayload nonce)
    {
        (IkeEndpoint core, IkeSa sa) = (exchange.Core, exchange.Sa);
        DecideByUse(core, sa);
        if (sa.State != IkeSaState.Up || sa.DeleteAt <= core.Now
            || sa.Outstanding?.Kind is RequestKind.NewChild or RequestKind.RekeyChild or RequestKind.DeleteChildren or RequestKind.DeleteIke)
        {
            CreateChildSa.TemporaryFailure(exchange, "the IKE SA is busy");
            return;
        }

        // The peer deletes the old one after each rekey, and decides one collision before the next; who does not, waits.
        bool undecided = sa.Outstanding is { Kind: RequestKind.RekeyIke, Ike.CollidedWith: { } rival } && core.Find(rival) is not null;
        if (undecided || !core.HasRoomInLine(sa))
        {
            core.Counters.RekeysPutOff++;
            CreateChildSa.TemporaryFailure(exchange, undecided ? "a collision is undecided" : "too many of its line are not deleted");
            return;
        }

        if (sa.Connection is not { } connection || request.Find<KePayload>() is not { } ke)
        {
            exchange.Answer(request.Find<KePayload>() is null ? NotifyType.InvalidSyntax : NotifyType.NoProposalChosen);
            return;
        }

        if (!IkeProposals.TryChoose(connection.IkeProposals, offer.Proposals, ke.Group, out Proposal chosen, out IkeSuite suite, out KeyExchangeGroup group)
            || !SpiBytes.TryReadIke(SpiOf(offer, chosen.Number), out ulong peerSpi))
        {
            exchange.Answer(NotifyType.NoProposalChosen);
            return;
        }

        if (ke.Group != (ushort)group)
        {
            exchange.Answer([SaInit.InvalidKe(group)]);
            return;
        }

        using KeyExchange ours = core.KeyExchange.Create(group);
        if (!ours.TryAgree(ke.Data.Span, out SecretBytes? shared))
        {
            exchange.Answer(NotifyType.InvalidSyntax);
            return;
        }

        byte[] theirNonce = nonce.Data.ToArray(), ourNonce = core.NewNonce();
        IkeSa heir = Make(core, sa, core.NewIkeSaId(), core.NewSpi(), peerSpi, isInitiator: false, suite, group, theirNonce, ourNonce, shared);
        if (sa.Outstanding is { Kind: RequestKind.RekeyIke, Ike: { } mine })
        {
            core.Note(IkeEventKind.RekeyCollision, sa, "IKE SA");
            mine.CollidedWith = heir.Id;
            heir.InheritsFrom = sa.Id;
        }

        exchange.Answer(
            [new SaPayload([IkeProposals.Answer(chosen.Number, SpiBytes.WriteIke(heir.LocalSpi), suite, group)]), new NoncePayload(ourNonce), new KePayload((ushort)group, ours.PublicValue)]);
        if (heir.InheritsFrom is null) Inherit(core, sa, heir);
    }

    public static void OnAnswer(ExchangeContext exchange, OutstandingRequest request, IkeMessage answer)
    {
        (IkeEndpoint core, IkeSa sa, IkeOffer offer) = (exchange.Core, exchange.Sa, request.Ike!);
        core.Change(sa);
        IkeSa? rival = offer.CollidedWith is { } id && core.Find(id) is { State: IkeSaState.Up } found ? found : null;
        if (answer.Find<SaPayload>() is not { } chosen)
        {
            OnRefused(core, sa, offer, rival, answer);
            return;
        }

        if (answer.Find<NoncePayload>() is not { } nonce || answer.Find<KePayload>() is not { } ke
            || !IkeProposals.TryAccept(offer.Proposals, chosen.Proposals, out IkeSuite suite, out KeyExchangeGroup group) || group != offer.Group
            || ke.Group != (ushort)group || !SpiBytes.TryReadIke(chosen.Proposals[0].Spi.Span, out ulong peerSpi))
        {
            Answers.Fail(core, sa, request);
            return;
        }

        using KeyExchange ours = core.KeyExchange.Import(offer.Group, offer.Private);
        if (!ours.TryAgree(ke.Data.Span, out SecretBytes? shared))
        {
            Answers.Fail(core, sa, request);
            return;
        }

        sa.TemporaryFailures = 0;
        IkeSa heir = Make(core, sa, offer.Id, offer.Spi, peerSpi, isInitiator: true, suite, group, offer.Nonce, nonce.Data.ToArray(), shared);
        if (sa.State == IkeSaState.Replaced || (rival is not null && heir.LowestNonce.AsSpan().SequenceCompareTo(rival.LowestNonce) < 0))
        {
            // Ours was made with the lowest nonce, or theirs is in use already: ours goes, theirs inherits, and they delete the old one.
            if (sa.State == IkeSaState.Up) Inherit(core, sa, rival!);
            (heir.DeleteReason, heir.DeleteAt) = (IkeSaDownReason.Rekeyed, core.Now);
            return;
        }

        if (rival is not null)
        {
            // They delete theirs; should they not, we do.
            (rival.InheritsFrom, rival.DeleteReason, rival.DeleteAt) = (null, IkeSaDownReason.Rekeyed, core.Now + core.Policy.ClosedLinger);
            core.Change(rival);
        }

        Inherit(core, sa, heir);
        (sa.DeleteReason, sa.DeleteAt) = (IkeSaDownReason.Rekeyed, core.Now);
    }

    /// <summary>A peer that uses an IKE SA of an undecided collision decided for it: what it does there concerns the children.</summary>
    public static void DecideByUse(IkeEndpoint core, IkeSa sa)
    {
        if (sa.InheritsFrom is not { } id) return;
        if (core.Find(id) is { State: IkeSaState.Up } old) Inherit(core, old, sa);
        sa.InheritsFrom = null;
        core.Change(sa);
    }

    /// <summary>The children, the addresses and what is wanted go over; the old one only waits for its Delete.</summary>
    public static void Inherit(IkeEndpoint core, IkeSa old, IkeSa heir)
    {
        heir.InheritsFrom = null;
        heir.Children.AddRange(old.Children);
        foreach (ChildSa child in old.Children)
        {
            child.MadeFor = ChildSa.NoRequest;
            core.Own(heir, child);
        }

        heir.Wanted.AddRange(old.Wanted);
        core.MoveAddresses(old, heir);
        heir.UpdateWanted |= old.UpdateWanted || old.Outstanding?.Kind == RequestKind.UpdateAddresses;
        heir.CookieCheckWanted |= old.CookieCheckWanted || old.Outstanding?.Kind == RequestKind.CookieCheck;
        heir.SynchronizeCountersBy = Math.Max(heir.SynchronizeCountersBy, old.SynchronizeCountersBy);
        old.Children.Clear();
        old.Wanted.Clear();
        old.State = IkeSaState.Replaced;
        old.Successor = heir.Id;
        (old.DeleteReason, old.DeleteAt) = (IkeSaDownReason.Rekeyed, core.Now + core.Policy.ClosedLinger);     // for the case that the peer does not
        core.Change(old);
        core.Change(heir);
        core.Join(heir);
        core.Put(new IkeOutput.IkeSaReplaced(old.Id, heir.Facts, [.. heir.Children.Select(each => each.Id)], core.StepCommit));
    }

    private static IkeSa Make(
        IkeEndpoint core, IkeSa old, IkeSaId id, ulong spi, ulong peerSpi, bool isInitiator, IkeSuite suite, KeyExchangeGroup group, byte[] ni, byte[] nr, SecretBytes shared)
    {
        var heir = new IkeSa
        {
            Id = id, Line = old.Line, ConnectionName = old.ConnectionName, Connection = old.Connection, State = IkeSaState.Up, LocalSpi = spi, RemoteSpi = peerSpi,
            IsInitiator = isInitiator, IsClient = old.IsClient, Local = old.Local, Remote = old.Remote, NatHere = old.NatHere, NatThere = old.NatThere,
            UdpEncapsulation = old.UdpEncapsulation, Suite = suite, Group = group, PeerIdentity = old.PeerIdentity, Abilities = old.Abilities,
            LowestNonce = ni.AsSpan().SequenceCompareTo(nr) < 0 ? ni : nr,
        };
        using (shared)
        {
            heir.Keys = IkeKeys.Rekeyed(old.Suite, old.Keys!, suite, shared.Span, ni, nr, heir.InitiatorSpi, heir.ResponderSpi);
        }

        if (old.Connection is { } connection) Auth.StartLifetime(core, heir, connection);
        core.Add(heir);
        core.Change(heir);
        return heir;
    }

    private static void OnRefused(IkeEndpoint core, IkeSa sa, IkeOffer offer, IkeSa? rival, IkeMessage answer)
    {
        if (sa.State == IkeSaState.Replaced) return;
        if (rival is not null)
        {
            Inherit(core, sa, rival);           // they did not see ours, or will not have it: theirs is the one
            return;
        }

        if (answer.Notification(NotifyType.InvalidKePayload) is { Data.Length: 2 } other)
        {
            var group = (KeyExchangeGroup)BinaryPrimitives.ReadUInt16BigEndian(other.Data.Span);
            if (group != offer.Group && sa.Connection is { } connection && connection.IkeProposals.Any(each => each.Groups.Contains(group)))
            {
                (sa.AskedGroup, sa.RekeyAt) = (group, core.Now);
                return;
            }
        }

        NotifyPayload? error = answer.Payloads.OfType<NotifyPayload>().FirstOrDefault(each => each.NotifyType.IsError());
        core.Note(IkeEventKind.TemporaryFailure, sa, $"rekey of the IKE SA: {error?.NotifyType}");
        if (error?.NotifyType == NotifyType.TemporaryFailure && ++sa.TemporaryFailures >= core.Policy.MostTemporaryFailures)
            (sa.DeleteReason, sa.DeleteAt) = (IkeSaDownReason.BadPeer, core.Now);
        sa.RekeyAt = core.RetryTime();
    }

    private static ReadOnlySpan<byte> SpiOf(SaPayload offer, byte number)
    {
        foreach (Proposal each in offer.Proposals)
        {
            if (each.Number == number) return each.Spi.Span;
        }

        return default;
    }
}
