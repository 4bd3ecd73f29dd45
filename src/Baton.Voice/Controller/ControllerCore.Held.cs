using Baton.Media.Ng;
using Baton.Wire;

namespace Baton.Voice.Controller;

public sealed partial class ControllerCore
{
    /// <summary>Requests that wait until a group works: at start all of them, until every group has said what it carries; later new calls, while a standby takes over. In the order in which they came.</summary>
    public int HeldRequests => _held.Count;

    private void Hold(NgRequest request, Asked asked, Instant until)
    {
        if (_held.Count < _policy.MostWaiting)
            _held.Enqueue(new Held(request, asked, until));
        else
            Refuse(asked, ControllerVerdict.NoGateway, "");
    }

    /// <summary>What waits of the same call: a delete that overtook its offer would find nothing, and nobody would end the call.</summary>
    private Held? HoldsCall(NgRequest request) => _held.Count > 0 && CallOf(request) is { } call ? _held.LastOrDefault(held => CallOf(held.Request) == call) : null;

    private static string? CallOf(NgRequest request) => request switch
    {
        NgRequest.Offer offer => offer.CallId,
        NgRequest.Answer answer => answer.CallId,
        NgRequest.Delete delete => delete.CallId,
        NgRequest.Query query => query.CallId,
        _ => null,
    };

    private void ServeHeld()
    {
        _hasLooked |= (_groups.Values.All(group => group.IsSeen) && AnyWorks) || _now >= _since + _policy.FirstLook;
        while (_held.TryPeek(out Held? held) && ((_hasLooked && AnyWorks) || held.Until <= _now))
        {
            _held.Dequeue();
            Serve(held.Request, held.Asked with { HasWaited = true });
        }
    }

    private bool AnyWorks => _groups.Values.Any(group => group.Works);

    private sealed record Held(NgRequest Request, Asked Asked, Instant Until);
}
