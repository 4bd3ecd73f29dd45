using Baton.Media.Ng;
using Baton.Wire;

namespace Baton.Voice.Controller;

public sealed partial class ControllerCore
{
    private void Serve(NgRequest.Delete request, Asked asked)
    {
        List<Branch> meant = _calls.TryGetValue(request.CallId, out Call? call) ? call.Match(request.FromTag, request.ToTag, request.ViaBranch) : [];
        if (meant.Count == 0)
        {
            if (request.Fatal)
                Refuse(asked, ControllerVerdict.NoSuchCall, "");
            else
                Say(asked, ControllerVerdict.NothingToDelete, NgMessage.Ok(asked.Cookie, new KeyValuePair<string, BencodeValue>("warning", new BencodeValue.Text("NoSuchCall"))));
            return;
        }

        TimeSpan delay = request.Delay is { } seconds ? TimeSpan.FromSeconds(seconds) : _policy.DeleteDelay;
        if (delay > _policy.MostDeleteDelay)
            delay = _policy.MostDeleteDelay;
        foreach (Branch branch in meant)
        {
            if (delay > TimeSpan.Zero)
                branch.EndsAt = Instant.Min(branch.EndsAt, _now + delay);
            else
                Drop(branch, CallEnd.Deleted);
        }

        Say(asked, ControllerVerdict.Deleted, NgMessage.Ok(asked.Cookie));
    }

    private void Serve(NgRequest.Query request, Asked asked)
    {
        if (!_calls.TryGetValue(request.CallId, out Call? call) || call.Match(request.FromTag, request.ToTag, null) is not { Count: > 0 } branches)
        {
            Refuse(asked, ControllerVerdict.NoSuchCall, "");
            return;
        }

        List<CallStream> streams = [.. branches.SelectMany(branch => branch.Streams).OfType<CallStream>()];
        var reports = new Dictionary<ulong, StreamReport>();
        Waiting? waiting = null;
        if (streams.Count == 0 || _waiting.Count >= _policy.MostWaiting)
        {
            Done();
            return;
        }

        int left = streams.Count;
        waiting = new Waiting(_now + _policy.Patience, Done);
        _waiting.Add(waiting);
        foreach (CallStream stream in streams)
        {
            ulong id = stream.Id;
            long order = Expect(told =>
            {
                if (told.Report is { } report)
                    reports[id] = report;
                if (--left == 0)
                    Done();
            });
            _outputs.Add(new ControllerOutput.Query(order, call.Group.Name, id));
        }

        // What is known, also where a media gateway said nothing: the client has a second at most.
        void Done()
        {
            if (waiting is null || _waiting.Remove(waiting))
                Say(asked, ControllerVerdict.Queried, NgReports.Query(asked.Cookie, call, branches, reports, _clock));
        }
    }

    private byte[] Statistics(string cookie) => NgReports.Statistics(cookie, new ControllerTotals(
        _calls.Count, _streams.Count, PortsTaken, _now - (_since ?? _now), Count(ControllerVerdict.Offered), Count(ControllerVerdict.Answered), Count(CallEnd.Deleted),
        Count(CallEnd.Unanswered), Count(CallEnd.Silent), Count(CallEnd.Failed)));
}
