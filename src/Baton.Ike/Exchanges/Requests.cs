using Baton.Ike.Messages;
using Baton.Ike.Payloads;
using Baton.Ike.Sas;

namespace Baton.Ike.Exchanges;

/// <summary>Sends our requests, and sends them again: the same bytes, at growing intervals, until an answer comes or the peer is called silent (RFC 7296 section 2.4).</summary>
internal static class Requests
{
    public const uint MostMessageIds = uint.MaxValue - 1_000_000;

    /// <summary>False: not sealed (no IV now, or too long); nothing was changed.</summary>
    public static bool Send(IkeEndpoint core, IkeSa sa, OutstandingRequest request, IReadOnlyList<Payload> payloads)
    {
        var header = new IkeHeader(
            new IkeSpi(sa.InitiatorSpi), new IkeSpi(sa.ResponderSpi), request.ExchangeType, sa.OurFlag, new MessageId(request.MessageId));
        SealVerdict sealing = ProtectedMessage.Seal(header, payloads, sa.Outbound, sa.Ivs!, sa.MaxDatagram(core.Policy), out IReadOnlyList<byte[]> datagrams);
        if (sealing != SealVerdict.Sealed)
        {
            core.Note(IkeEventKind.LimitReached, sa, $"{request.Kind} not sealed: {sealing}");
            request.Wipe();
            return false;
        }

        request.Datagrams = [.. datagrams.Select(each => new ReadOnlyMemory<byte>(each))];
        sa.Outstanding = request;
        sa.AnswerFragments = null;
        if (request.Kind != RequestKind.SynchronizeIds) sa.NextRequestId = request.MessageId + 1;
        if (sa.NextRequestId > MostMessageIds && sa.RekeyAt > core.Now) sa.RekeyAt = core.Now;      // before they grow too large (section 2.2)
        core.Change(sa);
        sa.RequestCommit = core.StepCommit;
        core.Counters.RequestsSent++;
        SendBytes(core, sa, request, core.StepCommit);
        return true;
    }

    /// <summary>Sends the bytes of IKE_SA_INIT: not protected, and in no record.</summary>
    public static void SendInit(IkeEndpoint core, IkeSa sa, OutstandingRequest request)
    {
        sa.Outstanding = request;
        sa.RequestCommit = 0;
        core.Touch(sa);
        core.Counters.RequestsSent++;
        SendBytes(core, sa, request, 0);
    }

    /// <summary>Its time has come: again, or never more.</summary>
    public static void OnDue(IkeEndpoint core, IkeSa sa, OutstandingRequest request)
    {
        if (request.ResendAt > core.Now) return;
        if (core.IsPending(sa.RequestCommit))
        {
            request.ResendAt = core.Now + core.Policy.Retransmit.After(1);      // it has not even left
            return;
        }

        if (request.Attempts >= core.Policy.Retransmit.Attempts)
        {
            GiveUp(core, sa, request);
            return;
        }

        if (request.Kind == RequestKind.SynchronizeIds)
        {
            // The peer drops what it has seen (RFC 6311 section 5.1): a new one, with a higher ID.
            (int attempts, sa.Outstanding) = (request.Attempts, null);
            CounterSynchronization.AskIds(core, sa);
            if (sa.Outstanding is { } again) again.Attempts = attempts + 1;
            return;
        }

        if (request.Attempts > 0)
        {
            core.Counters.Retransmissions++;
            core.EndTurn(sa);
            core.Note(IkeEventKind.Retransmitted, sa, $"{request.Kind} {request.MessageId}");
        }

        SendBytes(core, sa, request, 0);
    }

    /// <summary>Its message ID will never be answered; what it asked for is asked for again.</summary>
    public static void Abandon(IkeEndpoint core, IkeSa sa, OutstandingRequest request)
    {
        sa.Outstanding = null;
        switch (request.Kind)
        {
            case RequestKind.NewChild:
                core.Want(sa, request.Child!.Policy, core.Now, onlyFromStart: false);
                break;
            case RequestKind.RekeyChild when request.Child!.Rekeys is { } id && sa.Child(id) is { IsReplaced: false } old:
                old.RekeyAt = core.Now;
                break;
            case RequestKind.RekeyIke:
                sa.RekeyAt = core.Now;
                break;
            case RequestKind.DeleteChildren:
                foreach (ChildSaId child in request.Children)
                {
                    if (sa.Child(child) is { } going) going.DeleteAt = core.Now;
                }

                break;
            case RequestKind.DeleteIke:
                sa.DeleteAt = core.Now;
                break;
            case RequestKind.UpdateAddresses:
                sa.UpdateWanted = true;
                break;
            case RequestKind.CookieCheck:
                sa.CookieCheckWanted = true;
                break;
        }

        request.Wipe();
        core.Change(sa);
    }

    private static void SendBytes(IkeEndpoint core, IkeSa sa, OutstandingRequest request, ulong afterCommit)
    {
        request.Attempts++;
        request.ResendAt = core.Now + core.Policy.Retransmit.After(request.Attempts);
        foreach (ReadOnlyMemory<byte> each in request.Datagrams)
        {
            core.Put(new IkeOutput.Send(sa.Local, sa.Remote, each, afterCommit));
            if (sa.Doubted is { } place) core.Put(new IkeOutput.Send(place.Local, place.Remote, each, afterCommit));
        }
    }

    private static void GiveUp(IkeEndpoint core, IkeSa sa, OutstandingRequest request)
    {
        core.Note(IkeEventKind.PeerSilent, sa, $"no answer to {request.Kind} {request.MessageId}");
        if (request is { Kind: RequestKind.RekeyIke, Ike.CollidedWith: { } other } && core.Find(other) is { } heir) RekeyIke.Inherit(core, sa, heir);
        bool leaving = request.Kind == RequestKind.DeleteIke;
        core.Drop(sa, leaving ? sa.DeleteReason : sa.State == IkeSaState.Replaced ? IkeSaDownReason.Rekeyed : IkeSaDownReason.PeerSilent);
    }
}
