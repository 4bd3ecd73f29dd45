using Baton.Ike.Messages;
using Baton.Ike.Sas;

namespace Baton.Ike.Exchanges;

/// <summary>Takes the answer to our request: the request is over, whoever handles it decides what changed.</summary>
internal static class Answers
{
    /// <param name="message">Null: authentic, but malformed inside.</param>
    public static void Take(ExchangeContext exchange, OutstandingRequest request, IkeMessage? message)
    {
        (IkeEndpoint core, IkeSa sa) = (exchange.Core, exchange.Sa);
        if (request.Kind == RequestKind.SynchronizeIds && !CounterSynchronization.IsAnswer(core, request, message)) return;
        core.Counters.AnswersReceived++;
        sa.Outstanding = null;
        sa.AnswerFragments = null;
        core.Touch(sa);
        core.Follow(sa, exchange.Datagram);
        sa.Doubted = null;
        if (message is null || message.UnsupportedCritical is not null)
        {
            // An answer that cannot be used fails its exchange, and says that the two sides differ (section 2.21.2).
            core.Note(IkeEventKind.PeerError, sa, $"malformed answer to {request.Kind}");
            Fail(core, sa, request);
        }
        else
        {
            Dispatch(exchange, request, message);
        }

        request.Wipe();
    }

    /// <summary>Ends the IKE SA with a Delete, unless it never was up.</summary>
    public static void Fail(IkeEndpoint core, IkeSa sa, OutstandingRequest request)
    {
        if (sa.State is IkeSaState.Authenticating || request.Kind == RequestKind.DeleteIke)
        {
            core.Drop(sa, sa.DeleteReason == default ? IkeSaDownReason.BadPeer : sa.DeleteReason);
            return;
        }

        sa.DeleteReason = IkeSaDownReason.BadPeer;
        sa.DeleteAt = core.Now;
        core.Change(sa);
    }

    private static void Dispatch(ExchangeContext exchange, OutstandingRequest request, IkeMessage message)
    {
        switch (request.Kind)
        {
            case RequestKind.Auth:
                Auth.OnAnswer(exchange, request, message);
                break;
            case RequestKind.NewChild or RequestKind.RekeyChild:
                CreateChildSa.OnAnswer(exchange, request, message);
                break;
            case RequestKind.RekeyIke:
                RekeyIke.OnAnswer(exchange, request, message);
                break;
            case RequestKind.DeleteChildren:
                Informational.OnChildrenDeleted(exchange, request);
                break;
            case RequestKind.DeleteIke:
                Informational.OnIkeDeleted(exchange);
                break;
            case RequestKind.UpdateAddresses:
                Mobike.OnUpdated(exchange, request, message);
                break;
            case RequestKind.CookieCheck:
                Mobike.OnCookie(exchange, request, message);
                break;
            case RequestKind.SynchronizeIds:
                CounterSynchronization.OnIdsAnswer(exchange, message);
                break;
            case RequestKind.SynchronizeCounters:
                CounterSynchronization.OnCountersAnswer(exchange, message);
                break;
            case RequestKind.Probe:
                exchange.Sa.ProbeWanted = false;
                break;
        }
    }
}
