using Baton.Crypto.Ike;
using Baton.Ike.Messages;
using Baton.Ike.Negotiation;
using Baton.Ike.Payloads;
using Baton.Ike.Sas;
using Baton.Wire;

namespace Baton.Ike.Exchanges;

/// <summary>How a child SA comes of an offer and its answer (RFC 7296 sections 1.3.1, 2.9, 2.17): the same in IKE_AUTH and in CREATE_CHILD_SA.</summary>
internal static class ChildNegotiation
{
    /// <summary>What we ask for.</summary>
    /// <param name="packet">The packet that wants it: its selectors go first (section 2.9).</param>
    /// <param name="group">Asked for by the peer; 0: the policy's first, if it wants forward secrecy.</param>
    public static ChildOffer Offer(
        IkeEndpoint core, IkeSa sa, ChildPolicy policy, WantedChild? packet, KeyExchangeGroup group, bool duringAuth, ChildSaId? rekeys = null)
    {
        if (group == 0 && !duringAuth) group = policy.Proposals[0].Groups is [var first, ..] ? first : 0;
        uint spi = core.NewChildSpi();
        List<TrafficSelector> local = [.. Selectors.OfUs(sa, policy, duringAuth)], remote = [.. Selectors.OfPeer(sa, policy)];
        if (packet is { Source: { } source, Destination: { } destination })
        {
            local.Insert(0, source);
            remote.Insert(0, destination);
        }

        byte[] secret = [];
        if (!duringAuth && group != 0)
        {
            using KeyExchange exchange = core.KeyExchange.Create(group);
            using Crypto.SecretBytes exported = exchange.ExportPrivate();
            secret = exported.Span.ToArray();
        }

        return new ChildOffer
        {
            Id = core.NewChildSaId(), Policy = policy.Name, Spi = spi, Nonce = duringAuth ? [] : core.NewNonce(), Group = duringAuth ? 0 : group, Private = secret,
            Proposals = ChildProposals.Offer(policy.Proposals, SpiBytes.Write(spi), withGroups: !duringAuth), Local = local, Remote = remote, Mode = policy.Mode, Rekeys = rekeys,
        };
    }

    /// <summary>[N(USE_TRANSPORT_MODE)], SA, [Ni], [KEi], TSi, TSr.</summary>
    public static void Append(ChildOffer offer, List<Payload> payloads, KePayload? withKe, byte[]? nonce, bool weAreInitiatorOfExchange)
    {
        if (offer.Mode == ChildMode.Transport) payloads.Add(new NotifyPayload(NotifyType.UseTransportMode));
        payloads.Add(new NotifyPayload(NotifyType.EspTfcPaddingNotSupported));
        payloads.Add(new SaPayload(offer.Proposals));
        if (nonce is not null) payloads.Add(new NoncePayload(nonce));
        if (withKe is not null) payloads.Add(withKe);
        payloads.Add(new TsPayload(true, weAreInitiatorOfExchange ? offer.Local : offer.Remote));
        payloads.Add(new TsPayload(false, weAreInitiatorOfExchange ? offer.Remote : offer.Local));
    }

    /// <summary>As responder: the child, or the one notification that says why not.</summary>
    public static IReadOnlyList<Payload> Answer(ExchangeContext exchange, IkeMessage request, (byte[] I, byte[] R) nonces, KePayload? theirKey, bool duringAuth, ChildSa? rekeys)
    {
        (IkeEndpoint core, IkeSa sa) = (exchange.Core, exchange.Sa);
        TsPayload? tsI = Selectors.Find(request, ofInitiator: true), tsR = Selectors.Find(request, ofInitiator: false);
        if (request.Find<SaPayload>() is not { } offer || tsI is null || tsR is null || sa.Connection is not { } connection) return [new NotifyPayload(NotifyType.InvalidSyntax)];
        bool wantsTransport = request.Notification(NotifyType.UseTransportMode) is not null;
        if (Match(sa, connection, tsI, tsR, wantsTransport, rekeys) is not { } match) return Refused(core, sa, NotifyType.TsUnacceptable);
        uint spi = core.NewChildSpi();
        if (!ChildProposals.TryChoose(
            match.Policy.Proposals, offer.Proposals, !duringAuth, theirKey?.Group ?? 0, spi, out Proposal answer, out ChildSuite suite, out KeyExchangeGroup? group, out uint peerSpi))
            return Refused(core, sa, NotifyType.NoProposalChosen);

        KePayload? ourKey = null;
        byte[] shared = [];
        if (group is { } chosen)
        {
            if (theirKey is null || theirKey.Group != (ushort)chosen) return [SaInit.InvalidKe(chosen)];
            using KeyExchange ours = core.KeyExchange.Create(chosen);
            if (!ours.TryAgree(theirKey.Data.Span, out Crypto.SecretBytes? agreed)) return [new NotifyPayload(NotifyType.InvalidSyntax)];
            using (agreed) shared = agreed.Span.ToArray();
            ourKey = new KePayload((ushort)chosen, ours.PublicValue.ToArray());
        }

        var mode = match.Policy.Mode == ChildMode.Transport && wantsTransport ? ChildMode.Transport : ChildMode.Tunnel;
        var made = new Made(core.NewChildSaId(), match.Policy, spi, peerSpi, suite, mode, match.Local, match.Remote, WeInitiated: false, rekeys?.Id);
        ChildSa child = Create(core, sa, made, nonces, shared, request.Notification(NotifyType.EspTfcPaddingNotSupported) is not null);
        if (!duringAuth) child.MadeFor = sa.ExpectedRequestId;
        var payloads = new List<Payload>();
        if (mode == ChildMode.Transport) payloads.Add(new NotifyPayload(NotifyType.UseTransportMode));
        payloads.Add(new NotifyPayload(NotifyType.EspTfcPaddingNotSupported));
        payloads.Add(new SaPayload([answer]));
        if (!duringAuth) payloads.Add(new NoncePayload(nonces.R));
        if (ourKey is not null) payloads.Add(ourKey);
        payloads.Add(new TsPayload(true, match.Remote));
        payloads.Add(new TsPayload(false, match.Local));
        return payloads;
    }

    /// <summary>As initiator: the child of the answer. Null: none came of it, and it is noted why.</summary>
    public static ChildSa? Accept(
        ExchangeContext exchange, ChildOffer offer, IkeMessage answer, (byte[] I, byte[] R) nonces, ReadOnlySpan<byte> shared)
    {
        (IkeEndpoint core, IkeSa sa) = (exchange.Core, exchange.Sa);
        if (sa.PolicyOf(offer.Policy) is not { } policy) return null;
        if (answer.Find<SaPayload>() is not { } chosen)
        {
            NotifyPayload? error = answer.Payloads.OfType<NotifyPayload>().FirstOrDefault(each => each.NotifyType.IsError());
            RefusedByPeer(core, sa, offer, $"{error?.NotifyType.ToString() ?? "no SA payload"}");
            return null;
        }

        TsPayload? tsI = Selectors.Find(answer, ofInitiator: true), tsR = Selectors.Find(answer, ofInitiator: false);
        bool transport = answer.Notification(NotifyType.UseTransportMode) is not null;
        if (!ChildProposals.TryAccept(offer.Proposals, chosen.Proposals, out ChildSuite suite, out KeyExchangeGroup? group, out uint peerSpi)
            || (group ?? 0) != (shared.Length > 0 ? offer.Group : 0)
            || tsI is null || tsR is null
            || !TrafficSelectorNarrowing.IsSubset(tsI.Selectors, offer.Local) || !TrafficSelectorNarrowing.IsSubset(tsR.Selectors, offer.Remote)
            || (transport && offer.Mode != ChildMode.Transport))
        {
            // The peer has a child that we do not: the two sides differ, and there is no error that says so in an answer.
            core.Note(IkeEventKind.PeerError, sa, $"{offer.Policy}: the answer is not of what we offered");
            (sa.DeleteReason, sa.DeleteAt) = (IkeSaDownReason.BadPeer, core.Now);
            return null;
        }

        if (offer.DeletedByPeer.Contains(peerSpi))
        {
            RefusedByPeer(core, sa, offer, "made and deleted again");
            return null;
        }

        var made = new Made(
            offer.Id, policy, offer.Spi, peerSpi, suite, transport ? ChildMode.Transport : ChildMode.Tunnel, tsI.Selectors, tsR.Selectors, WeInitiated: true, offer.Rekeys);
        ChildSa child = Create(core, sa, made, nonces, shared, answer.Notification(NotifyType.EspTfcPaddingNotSupported) is not null);
        if (offer.Mode == ChildMode.Transport && !transport)
        {
            // The peer declines transport mode, and a tunnel is not what was asked for (section 1.3.1).
            core.Note(IkeEventKind.ChildRefusedByPeer, sa, $"{offer.Policy}: no transport mode");
            (child.DeleteAt, child.DeleteReason) = (core.Now, ChildDownReason.Deleted);
        }

        return child;
    }

    public static void RefusedByPeer(IkeEndpoint core, IkeSa sa, ChildOffer offer, string why)
    {
        core.Note(IkeEventKind.ChildRefusedByPeer, sa, $"{offer.Policy}: {why}");
        if (sa is { IsClient: true, Assigned.Count: 0, Connection: { AsksForIPv4: true } or { AsksForIPv6: true } })
        {
            // No address, no child; and only IKE_AUTH asks for one. So the connection is made anew, later each time.
            (sa.DeleteAt, sa.DeleteReason) = (core.Now, IkeSaDownReason.Refused);
            core.Change(sa);
            return;
        }

        core.Want(sa, offer.Policy, core.RetryTime());
    }

    private static IReadOnlyList<Payload> Refused(IkeEndpoint core, IkeSa sa, NotifyType why)
    {
        core.Note(IkeEventKind.ChildRefused, sa, $"{why}");
        return [new NotifyPayload(why)];
    }

    private static ChildSa Create(IkeEndpoint core, IkeSa sa, Made made, (byte[] I, byte[] R) nonces, ReadOnlySpan<byte> shared, bool noPadding)
    {
        sa.Keys!.DeriveChild(sa.Suite.Prf, shared, nonces.I, nonces.R, made.Suite.KeyMaterialLength, out byte[] fromInitiator, out byte[] fromResponder);
        ChildLifetime lifetime = made.Policy.Lifetime;
        var child = new ChildSa
        {
            Id = made.Id, Policy = made.Policy.Name, InboundSpi = made.InboundSpi, OutboundSpi = made.OutboundSpi, Suite = made.Suite, Mode = made.Mode,
            Local = made.Local, Remote = made.Remote, WeInitiated = made.WeInitiated, Replaces = made.Replaces,
            LowestNonce = nonces.I.AsSpan().SequenceCompareTo(nonces.R) < 0 ? nonces.I : nonces.R,
            RekeyAt = core.Jittered(lifetime.Time.Rekey, lifetime.Time.Jitter), ExpireAt = core.Now + lifetime.Time.Hard,
            UseOutboundAt = made.Replaces is null ? Instant.Never : core.Now + core.Policy.OutboundSwitch,
        };
        child.ClaimTraffic(0, 0, TrafficLimits.Of(lifetime, child.InboundSpi));
        var pair = new ChildSaPair(
            child.Id, sa.Id, sa.ConnectionName, child.Policy, child.InboundSpi, child.OutboundSpi, child.Suite,
            InboundKeys: made.WeInitiated ? fromResponder : fromInitiator, OutboundKeys: made.WeInitiated ? fromInitiator : fromResponder,
            child.Mode, child.Local, child.Remote, sa.Local, sa.Remote, sa.UdpEncapsulation)
        {
            Replaces = child.Replaces, NoTfcPadding = noPadding, WeInitiated = made.WeInitiated, BehindNat = sa.NatHere,
        };
        core.ChildCreated(sa, child, pair);
        return child;
    }

    /// <summary>The policy whose selectors meet the offer; the old child's own goes first in a rekey (section 2.9.2).</summary>
    private static (ChildPolicy Policy, List<TrafficSelector> Local, List<TrafficSelector> Remote)? Match(
        IkeSa sa, Connection connection, TsPayload tsI, TsPayload tsR, bool wantsTransport, ChildSa? rekeys)
    {
        foreach (ChildPolicy policy in connection.Children.OrderBy(each => rekeys is null || each.Name != rekeys.Policy))
        {
            if (policy.Mode == ChildMode.Transport && !wantsTransport) continue;
            List<TrafficSelector> local = TrafficSelectorNarrowing.Narrow(tsR.Selectors, [.. Selectors.OfUs(sa, policy, duringAuth: false)]);
            List<TrafficSelector> remote = TrafficSelectorNarrowing.Narrow(tsI.Selectors, [.. Selectors.OfPeer(sa, policy)]);
            if (local.Count > 0 && remote.Count > 0) return (policy, local, remote);
        }

        return null;
    }

    private readonly record struct Made(
        ChildSaId Id, ChildPolicy Policy, uint InboundSpi, uint OutboundSpi, ChildSuite Suite, ChildMode Mode,
        IReadOnlyList<TrafficSelector> Local, IReadOnlyList<TrafficSelector> Remote, bool WeInitiated, ChildSaId? Replaces);
}
