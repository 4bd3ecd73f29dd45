using System.Threading.Channels;
using Baton.Cluster.Certificates;
using Baton.Cluster.Configuration;
using Baton.Cluster.Protos;
using Baton.Cluster.Session;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;

namespace Baton.Voice.Controller;

/// <summary>What a link to a media gateway tells. From any thread.</summary>
internal interface IMediaLinkEvents
{
    /// <summary>A member is there, with these calls; what must be done there first. Whoever answers opens the link at that moment (<see cref="MediaLink.Open"/>): from then on it is told each order.</summary>
    Task<IReadOnlyList<MediaOrder>> UpAsync(MediaLink link, IReadOnlyList<CallVersion> calls);

    /// <summary>It is gone, or carries the media now, or does not any more.</summary>
    void Changed(MediaLink link);

    void Silent(ulong stream);
}

/// <summary>One order to one member.</summary>
/// <param name="Put">Null: it ends.</param>
internal sealed record MediaOrder(ulong Stream, MediaCall? Put);

/// <summary>The gRPC connection to one media gateway: orders one after the other, in the order in which they were given; what it says of calls; and again when it breaks.</summary>
/// <remarks>
/// <code>
///   connect -> List (every call, in pages) -> UpAsync: what is missing, older or not wanted there -> orders, and Watch -> broken: wait, again
/// </code>
/// A member that does not answer one order in time is taken for gone: the next ones do not wait for it, and it is told everything when it is back.
/// </remarks>
internal sealed partial class MediaLink : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50), LastPause = TimeSpan.FromSeconds(1), LookEvery = TimeSpan.FromSeconds(1);

    private const int MostQueued = 100_000;

    /// <summary>A link that held for so long begins again at once.</summary>
    private const long SteadyMs = 2_000;

    private readonly IMediaLinkEvents _events;
    private readonly ILogger _log;
    private readonly TimeSpan _patience;
    private readonly SocketsHttpHandler _http;
    private readonly GrpcChannel _channel;
    private readonly MediaService.MediaServiceClient _client;
    private readonly CancellationTokenSource _end = new();
    private volatile Channel<Work>? _work;
    private volatile string _refused = "";
    private volatile bool _isActive;
    private Task _run = Task.CompletedTask;

    internal MediaLink(string group, GroupMember member, TlsMaterial tls, TimeSpan patience, IMediaLinkEvents events, ILogger log)
    {
        (Group, Member, _patience, _events, _log) = (group, member.Name, patience, events, log);
        _http = GrpcEndpoint.Transport(tls, ["gateway"], why => _refused = why);
        _channel = GrpcEndpoint.Channel(member.Media, _http);
        _client = new MediaService.MediaServiceClient(_channel);
    }

    internal string Group { get; }

    internal string Member { get; }

    internal bool IsUp => _work is not null;

    /// <summary>It carries the media.</summary>
    internal bool IsActive
    {
        get => _isActive;
        set => _isActive = value;
    }

    internal void Start() => _run = Task.Run(RunAsync);

    /// <summary>Null: it is not there, or did not say.</summary>
    internal Task<MediaReply?> DoAsync(MediaOrder order) => EnqueueAsync(async (client, deadline) => order.Put is { } call
        ? await client.PutAsync(call, deadline: deadline, cancellationToken: _end.Token)
        : await client.EndAsync(new EndCall { Id = order.Stream }, deadline: deadline, cancellationToken: _end.Token));

    internal Task<CallReport?> QueryAsync(ulong stream) =>
        EnqueueAsync(async (client, deadline) => await client.QueryAsync(new QueryCall { Id = stream }, deadline: deadline, cancellationToken: _end.Token));

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _channel.Dispose();
        _http.Dispose();
        _end.Dispose();
    }

    private async Task<T?> EnqueueAsync<T>(Func<MediaService.MediaServiceClient, DateTime, Task<T>> call)
        where T : class
    {
        var done = new TaskCompletionSource<T?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var work = new Work(
            async () => done.TrySetResult(await call(_client, DateTime.UtcNow + _patience)),
            () => done.TrySetResult(null));
        return _work?.Writer.TryWrite(work) == true ? await done.Task : null;
    }

    private async Task RunAsync()
    {
        TimeSpan pause = FirstPause;
        string said = "";
        while (!_end.IsCancellationRequested)
        {
            string reason;
            bool wasUp = false;
            long began = Environment.TickCount64;
            try
            {
                _refused = "";
                List<CallVersion> calls = await ListAsync();
                IReadOnlyList<MediaOrder> first = await _events.UpAsync(this, calls);
                wasUp = true;
                reason = await WorkAsync(_work!, first);
            }
            catch (RpcException e)
            {
                reason = _refused.Length > 0 ? _refused : e.Status.Detail.Length > 0 ? $"{e.StatusCode}: {e.Status.Detail}" : e.StatusCode.ToString();
            }
            catch (OperationCanceledException)
            {
                break;
            }

            Down();
            if (_end.IsCancellationRequested)
                break;
            if (wasUp)
                Lost(_log, Member, Group, reason);
            else if (said != reason)
                Absent(_log, Member, Group, reason);
            said = reason;
            if (wasUp && Environment.TickCount64 - began > SteadyMs)
                pause = FirstPause;
            await Task.Delay(pause, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LastPause.Ticks));
        }

        Down();
    }

    private async Task<List<CallVersion>> ListAsync()
    {
        var calls = new List<CallVersion>();
        ulong after = 0;
        do
        {
            CallList page = await _client.ListAsync(new ListCalls { After = after }, deadline: DateTime.UtcNow + TimeSpan.FromSeconds(5), cancellationToken: _end.Token);
            calls.AddRange(page.Calls);
            (after, IsActive) = (page.MoreAfter, page.Active);
        }
        while (after != 0);
        return calls;
    }

    /// <summary>Orders and events until either breaks; says why.</summary>
    private async Task<string> WorkAsync(Channel<Work> work, IReadOnlyList<MediaOrder> first)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        Task<string> watch = WatchAsync(ending.Token);
        Task<string> orders = OrdersAsync(work, first, ending.Token);
        Task<string> looks = LookAsync(ending.Token);
        _events.Changed(this);
        Up(_log, Member, Group, IsActive ? "carries the media" : "stands by", first.Count);
        string reason = await await Task.WhenAny(watch, orders, looks);
        await ending.CancelAsync();
        await Task.WhenAll(watch, orders, looks);
        return reason;
    }

    private async Task<string> OrdersAsync(Channel<Work> work, IReadOnlyList<MediaOrder> first, CancellationToken stop)
    {
        try
        {
            foreach (MediaOrder order in first)
            {
                DateTime deadline = DateTime.UtcNow + _patience;
                if (order.Put is { } call)
                    await _client.PutAsync(call, deadline: deadline, cancellationToken: stop);
                else
                    await _client.EndAsync(new EndCall { Id = order.Stream }, deadline: deadline, cancellationToken: stop);
            }

            await foreach (Work each in work.Reader.ReadAllAsync(stop))
                await TryAsync(each);
            return "ended";
        }
        catch (RpcException e)
        {
            return e.StatusCode.ToString();
        }
        catch (OperationCanceledException)
        {
            return "ended";
        }

        static async Task TryAsync(Work work)
        {
            try
            {
                await work.Do();
            }
            catch
            {
                work.GiveUp();
                throw;
            }
        }
    }

    private async Task<string> WatchAsync(CancellationToken stop)
    {
        try
        {
            using AsyncServerStreamingCall<CallEvent> call = _client.Watch(new WatchCalls(), cancellationToken: stop);
            while (await call.ResponseStream.MoveNext(stop))
            {
                CallEvent now = call.ResponseStream.Current;
                if (now.Kind == CallEventKind.CallSilent)
                {
                    _events.Silent(now.Id);
                }
                else if (now.Kind == CallEventKind.CallCarried)
                {
                    IsActive = true;
                    _events.Changed(this);
                }
            }

            return "it ended";
        }
        catch (RpcException e)
        {
            return e.StatusCode.ToString();
        }
        catch (OperationCanceledException)
        {
            return "ended";
        }
    }

    /// <summary>Does it still carry the media? Its word of it may have been said before we listened; and a member that hangs says nothing.</summary>
    private async Task<string> LookAsync(CancellationToken stop)
    {
        try
        {
            // At once: it may have begun to carry the media since it listed its calls.
            for (bool first = true; ; first = false)
            {
                if (!first)
                    await Task.Delay(LookEvery, stop);
                CallList seen = await _client.ListAsync(new ListCalls { Most = 1 }, deadline: DateTime.UtcNow + LookEvery, cancellationToken: stop);
                if (seen.Active == IsActive)
                    continue;
                IsActive = seen.Active;
                _events.Changed(this);
            }
        }
        catch (RpcException e)
        {
            return e.StatusCode.ToString();
        }
        catch (OperationCanceledException)
        {
            return "ended";
        }
    }

    /// <summary>From now on orders are queued behind what must be done first; called where the orders are made.</summary>
    internal void Open() => _work = Channel.CreateBounded<Work>(new BoundedChannelOptions(MostQueued) { SingleReader = true });

    private void Down()
    {
        Channel<Work>? work = Interlocked.Exchange<Channel<Work>?>(ref _work, null);
        bool changed = IsActive || work is not null;
        IsActive = false;
        work?.Writer.TryComplete();
        while (work?.Reader.TryRead(out Work? left) == true)
            left.GiveUp();
        if (changed)
            _events.Changed(this);
    }

    /// <summary>Something to be done at a member.</summary>
    internal sealed record Work(Func<Task> Do, Action GiveUp);

    [LoggerMessage(EventId = 4601, Level = LogLevel.Information, Message = "media gateway {Member} of group {Group} is there and {State}; {Orders} orders to bring it up to date")]
    private static partial void Up(ILogger log, string member, string group, string state, int orders);

    [LoggerMessage(EventId = 4602, Level = LogLevel.Warning, Message = "media gateway {Member} of group {Group} is gone: {Reason}")]
    private static partial void Lost(ILogger log, string member, string group, string reason);

    [LoggerMessage(EventId = 4603, Level = LogLevel.Warning, Message = "media gateway {Member} of group {Group} cannot be reached: {Reason}")]
    private static partial void Absent(ILogger log, string member, string group, string reason);
}
