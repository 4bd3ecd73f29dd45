using Baton.Cluster.Certificates;
using Baton.Cluster.Configuration;
using Baton.Cluster.Protos;
using Microsoft.Extensions.Logging;

namespace Baton.Voice.Controller;

/// <summary>The members of one group as the controller's loop sees them: each order goes to every one that is there, and their answers are one.</summary>
internal sealed class MediaGroupShell : IMediaLinkEvents, IAsyncDisposable
{
    private static readonly TimeSpan Gather = TimeSpan.FromSeconds(2);

    private readonly ControllerLoop _loop;
    private readonly List<MediaLink> _links;
    private readonly Dictionary<string, IReadOnlyList<CallVersion>> _found = [];
    private readonly TaskCompletionSource _gathered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal MediaGroupShell(GroupOptions group, TlsMaterial tls, ControllerPolicy policy, ControllerLoop loop, ILogger log)
    {
        (Name, _loop) = (group.Name, loop);

        // A standby that hangs must not make the client ask again.
        _links = [.. group.Members.Select(member => new MediaLink(group.Name, member, tls, policy.Patience * 0.75, this, log))];
    }

    internal string Name { get; }

    internal IEnumerable<MediaLink> Links => _links;

    internal bool Works => _links.Exists(link => link.IsActive);

    internal void Start() => _links.ForEach(link => link.Start());

    /// <summary>On the loop's thread.</summary>
    internal void Do(long order, MediaOrder what) => _ = DoAsync(order, what);

    /// <summary>On the loop's thread.</summary>
    internal void Query(long order, ulong stream) => _ = QueryAsync(order, stream);

    /// <summary>One outcome of what the members said. Pure.</summary>
    /// <remarks>A member that is not there is told everything when it is back: it spoils nothing. One that refuses what another took would not carry the call after a takeover.</remarks>
    internal static (OrderOutcome Outcome, string Detail) Reduce(IReadOnlyList<MediaReply?> replies)
    {
        MediaReply? refused = replies.FirstOrDefault(reply => reply is { Verdict: not (MediaVerdict.MediaGranted or MediaVerdict.MediaOldVersion) });
        if (refused is not null)
            return (refused.Verdict == MediaVerdict.MediaPortTaken ? OrderOutcome.PortTaken : OrderOutcome.Refused, $"{refused.Member}: {refused.Verdict} {refused.Detail}".TrimEnd());
        return replies.Any(reply => reply is not null) ? (OrderOutcome.Granted, "") : (OrderOutcome.NoAnswer, "");
    }

    public async Task<IReadOnlyList<MediaOrder>> UpAsync(MediaLink link, IReadOnlyList<CallVersion> calls)
    {
        await GatherAsync(link, calls);
        return await _loop.RunAsync<IReadOnlyList<MediaOrder>>(() =>
        {
            var wanted = _loop.Core.OrdersOf(Name).ToDictionary(order => order.Id);
            var first = new List<MediaOrder>();
            foreach (CallVersion known in calls)
            {
                if (!wanted.TryGetValue(known.Id, out StreamOrder? order))
                    first.Add(new MediaOrder(known.Id, null));
                else if (known.Version >= order.Version)
                    wanted.Remove(known.Id);
            }

            first.AddRange(wanted.Values.Select(order => new MediaOrder(order.Id, MediaMessages.Of(order))));
            link.Open();
            return first;
        });
    }

    public void Changed(MediaLink link)
    {
        if (link.IsActive)
            _links.ForEach(other => other.IsActive = ReferenceEquals(other, link));
        _loop.Post(new ControllerInput.GroupWorks(Name, Works));
    }

    public void Silent(ulong stream) => _loop.Post(new ControllerInput.Silent(stream));

    public async ValueTask DisposeAsync()
    {
        _gathered.TrySetResult();
        foreach (MediaLink link in _links)
            await link.DisposeAsync();
    }

    /// <summary>At start the calls of an earlier controller are taken from all members together, as far as they are there soon: one of them may have an older state.</summary>
    private async Task GatherAsync(MediaLink link, IReadOnlyList<CallVersion> calls)
    {
        if (_gathered.Task.IsCompleted)
            return;
        bool isFirst, isLast;
        lock (_found)
        {
            isFirst = _found.Count == 0;
            _found[link.Member] = calls;
            isLast = _found.Count == _links.Count;
        }

        if (!isFirst && !isLast)
        {
            await _gathered.Task;
            return;
        }

        if (!isLast)
            await Task.WhenAny(_gathered.Task, Task.Delay(Gather));
        FoundStream[] newest;
        lock (_found)
        {
            newest = [.. _found.Values.SelectMany(all => all).GroupBy(call => call.Id).Select(same => same.MaxBy(call => call.Version)!).Select(call => new FoundStream(call.Id, call.Version, call.Note.Memory))];
        }

        await _loop.RunAsync(() =>
        {
            if (!_gathered.Task.IsCompleted)
                _loop.Step(new ControllerInput.Found(Name, newest));
            _gathered.TrySetResult();
            return true;
        });
    }

    private async Task DoAsync(long order, MediaOrder what)
    {
        MediaReply?[] replies = await Task.WhenAll(_links.Where(link => link.IsUp).Select(link => link.DoAsync(what)));
        (OrderOutcome outcome, string detail) = Reduce(replies);
        _loop.Post(new ControllerInput.Told(order, outcome, detail));
    }

    private async Task QueryAsync(long order, ulong stream)
    {
        CallReport?[] reports = await Task.WhenAll(_links.Where(link => link.IsUp).Select(link => link.QueryAsync(stream)));
        CallReport? best = reports.FirstOrDefault(report => report is { Active: true, Verdict: MediaVerdict.MediaGranted });
        _loop.Post(new ControllerInput.Told(order, best is null ? OrderOutcome.NoAnswer : OrderOutcome.Granted, "", best is null ? null : MediaMessages.Of(best)));
    }
}
