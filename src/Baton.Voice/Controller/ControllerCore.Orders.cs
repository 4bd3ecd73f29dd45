using Baton.Wire;

namespace Baton.Voice.Controller;

public sealed partial class ControllerCore
{
    /// <summary>Tells the members of a branch's group its streams, and says how that went, once.</summary>
    private void PutAll(Branch branch, List<CallStream> streams, Action<OrderOutcome, string> then)
    {
        if (streams.Count == 0)
        {
            then(OrderOutcome.Granted, "");
            return;
        }

        branch.IsBusy = true;
        int left = streams.Count;
        (OrderOutcome Outcome, string Detail) worst = (OrderOutcome.Granted, "");
        Waiting waiting = null!;
        waiting = new Waiting(_now + _policy.Patience, () => Done(OrderOutcome.NoAnswer, ""));
        _waiting.Add(waiting);
        foreach (CallStream stream in streams)
        {
            stream.Told = stream.Order(_notes);
            _outputs.Add(new ControllerOutput.Put(Expect(Heard), branch.Call.Group.Name, stream.Told));
        }

        void Heard(ControllerInput.Told told)
        {
            if (told.Outcome > worst.Outcome)
                worst = (told.Outcome, told.Detail);
            if (--left == 0)
                Done(worst.Outcome, worst.Detail);
        }

        void Done(OrderOutcome outcome, string detail)
        {
            if (!_waiting.Remove(waiting))
                return;
            branch.IsBusy = false;
            then(outcome, detail);
        }
    }

    /// <summary>A stream is over: its keys go now, its ports when the media gateways have let go.</summary>
    private void Drop(CallStream stream)
    {
        MediaGroup group = stream.Branch.Call.Group;
        _streams.Remove(stream.Id);
        group.Streams--;
        ushort a = stream.Side(0).Port, b = stream.Side(1).Port;
        bool told = stream.Told is not null;
        stream.Dispose();
        if (told)
            _outputs.Add(new ControllerOutput.End(Expect(_ => Free()), group.Name, stream.Id));
        else
            Free();

        void Free()
        {
            group.Ports.Free(a);
            group.Ports.Free(b);
        }
    }

    /// <summary>A branch is over, and with its last one the call.</summary>
    private void Drop(Branch branch, CallEnd why)
    {
        if (!branch.Call.Branches.Remove(branch))
            return;
        _ends[(int)why]++;
        foreach (CallStream? stream in branch.Streams)
        {
            if (stream is not null)
                Drop(stream);
        }

        branch.Streams.Clear();
        branch.Offer?.Dispose();
        branch.Offer = null;
        if (branch.Call.Branches.Count == 0 && _calls.Remove(branch.Call.Id))
            _outputs.Add(new ControllerOutput.Ended(branch.Call.Id, why));
    }

    /// <summary>A media gateway says so, again and again while it lasts: of all that is silent in one go, so that words of different times do not make a silence that never was.</summary>
    private void Silent(CallStream stream)
    {
        stream.SaidSilentAt = _now;
        Branch branch = stream.Branch;
        List<CallStream> streams = [.. branch.Streams.OfType<CallStream>().Where(each => each.IsAgreed)];
        if (!branch.IsAgreed || streams.Exists(each => !each.IsSilent(_now, _policy.SilentTogether)))
            return;
        if (!streams.Exists(each => each.IsOnHold))
            Drop(branch, CallEnd.Silent);
        else if (branch.SilentAt == Instant.Never)
            branch.SilentAt = _now;
    }

    /// <summary>Media that a later offer brought and that nobody answered: the call goes on without.</summary>
    private void DropUnanswered(Branch branch)
    {
        for (int i = 0; i < branch.Streams.Count; i++)
        {
            if (branch.Streams[i] is not { IsAgreed: false } stream)
                continue;
            branch.Streams[i] = null;
            Drop(stream);
        }
    }

    /// <summary>Once a second: what is over by time.</summary>
    private void GoRound()
    {
        _answers.Forget(_now);
        List<(Branch Branch, CallEnd Why)> over = [];
        foreach (Branch branch in _calls.Values.SelectMany(call => call.Branches))
        {
            if (branch.IsBusy)
                continue;
            if (branch.SilentAt != Instant.Never && branch.Streams.Exists(stream => stream is { IsAgreed: true } && !stream.IsSilent(_now, _policy.SilenceHolds)))
                branch.SilentAt = Instant.Never;  // it is heard again
            if (branch.EndsAt <= _now)
                over.Add((branch, CallEnd.Deleted));
            else if (!branch.IsAgreed && branch.OfferedAt + _policy.Unanswered <= _now)
                over.Add((branch, CallEnd.Unanswered));
            else if (branch.SilentAt + _policy.HoldTimeout <= _now || (branch.Streams.TrueForAll(stream => stream is null) && branch.OfferedAt + _policy.HoldTimeout <= _now))
                over.Add((branch, CallEnd.Silent));
            else if (branch.OfferedAt + _policy.Unanswered <= _now)
                DropUnanswered(branch);
        }

        foreach ((Branch branch, CallEnd why) in over)
            Drop(branch, why);
    }
}
