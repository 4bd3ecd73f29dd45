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
