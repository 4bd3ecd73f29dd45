using System.Threading.Channels;
using Baton.Cluster.Certificates;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using P = Baton.Cluster.Protos;

namespace Baton.Cluster.Session;

/// <summary>What a session tells its member. Called from one task at a time, in the order of the stream; must not block.</summary>
public interface IHandlerSessionEvents
{
    /// <summary>The handler has welcomed this incarnation; a snapshot follows as the first <see cref="Changed"/>.</summary>
    void Connected();

    /// <summary>Some records of a snapshot, before the <see cref="Changed"/> that ends it.</summary>
    void SnapshotPart(ClusterRecord cluster, IReadOnlyList<SaRecord> records);

    void Changed(LedgerChange change);

    void Replied(ulong requestId, HandlerReply reply);

    /// <summary>The session ended. Said once for each <see cref="Connected"/>; what was under way stays unanswered.</summary>
    void Lost(string reason);

    /// <summary>The handler passes on an operator's wish for a planned switchover; null: to the designee.</summary>
    void SwitchoverAsked(string? to);
}

/// <param name="Cluster">The configured cluster id.</param>
/// <param name="Endpoints">host:port of the handlers, tried in turn.</param>
public sealed record HandlerSessionOptions(string Cluster, Incarnation Self, IReadOnlyList<string> Endpoints)
{
    public TimeSpan FirstBackoff { get; init; } = TimeSpan.FromMilliseconds(50);

    public TimeSpan LastBackoff { get; init; } = TimeSpan.FromMilliseconds(250);

    public TimeSpan StatusInterval { get; init; } = TimeSpan.FromSeconds(1);

    public string Version { get; init; } = "";
}

/// <summary>A member's session with the handler: one ordered stream both ways, made again whenever it breaks.</summary>
/// <remarks>
/// <code>
/// engine thread -- Send --> bounded queue --> writer task --> stream --> handler
///                  reporter task ---^   (a report is made beside it: no request waits for one)
/// engine queue  &lt;-- events ------------------ reader task &lt;-- stream &lt;-- handler
/// </code>
/// Nothing outlives a connection: a request that was not answered is repeated by the member's core from the record, never by the session.
/// </remarks>
public sealed partial class HandlerSession : IAsyncDisposable
{
    private const int QueueLength = 4_096;

    /// <summary>Reports that may be asked for while one is made; more are not made.</summary>
    private const int MostAsks = 256;

    private readonly HandlerSessionOptions _options;
    private readonly TlsMaterial _tls;
    private readonly IHandlerSessionEvents _events;
    private readonly Func<P.StatusRequest, Task<P.NodeStatus>>? _status;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stop = new();

    // Written by the session's task, read by the engine thread in Send.
    private volatile Channel<Outgoing>? _queue;
    private volatile Channel<P.AskStatus>? _asks;
    private Task _run = Task.CompletedTask;
    private long _attemptsEnded;
    private readonly Dictionary<string, string> _lastTrouble = [];  // by endpoint

    /// <param name="status">Makes a report. Called on the pool, once at a time; nothing but the next report waits for it.</param>
    public HandlerSession(HandlerSessionOptions options, TlsMaterial tls, IHandlerSessionEvents events, Func<P.StatusRequest, Task<P.NodeStatus>>? status, ILogger log)
    {
        (_options, _tls, _events, _status, _log) = (options, tls, events, status, log);
    }

    public bool IsConnected => _queue is not null;

    /// <summary>Attempts at a session that have ended, whatever came of them; each has said what it had to say in the log.</summary>
    public long AttemptsEnded => Interlocked.Read(ref _attemptsEnded);

    /// <summary>Ends when the session was disposed, or fails with the bug that ended it.</summary>
    public Task Completion => _run;

    public void Start() => _run = Task.Run(RunAsync);

    /// <summary>Queues a request without waiting; false when there is no session, or the queue is full: then it was not sent.</summary>
    public bool Send(ulong requestId, RequestHeader header, MemberRequest request) =>
        _queue is { } queue && queue.Writer.TryWrite(new Outgoing(requestId, header, request, null));

    /// <summary>Sends a report now, before the next one is due.</summary>
    public void ReportSoon() => Report(new P.AskStatus());

    private void Report(P.AskStatus ask)
    {
        if (_status is not null) _asks?.Writer.TryWrite(ask);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _run;
        }
        catch (OperationCanceledException)
        {
        }

        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        TimeSpan backoff = _options.FirstBackoff;
        for (int turn = 0; !_stop.IsCancellationRequested; turn++)
        {
            string endpoint = _options.Endpoints[turn % _options.Endpoints.Count];
            (bool wasUp, string reason) = await OneAsync(endpoint);
            if (_stop.IsCancellationRequested) break;
            if (wasUp)
            {
                SessionLost(_log, endpoint, reason);
                backoff = _options.FirstBackoff;
                _lastTrouble.Clear();
            }
            else if (_lastTrouble.GetValueOrDefault(endpoint) != reason)
            {
                NoSession(_log, endpoint, reason);        // once for each new trouble: a gateway may wait for hours
                _lastTrouble[endpoint] = reason;
            }

            Interlocked.Increment(ref _attemptsEnded);
            await Task.Delay(backoff, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            backoff = TimeSpan.FromTicks(Math.Min(backoff.Ticks * 2, _options.LastBackoff.Ticks));
        }
    }

    private async Task<(bool WasUp, string Reason)> OneAsync(string endpoint)
    {
        string? refusal = null;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        using SocketsHttpHandler http = GrpcEndpoint.Transport(_tls, ["handler"], why => refusal = why);
        using GrpcChannel channel = GrpcEndpoint.Channel(endpoint, http);
        var client = new P.HandlerService.HandlerServiceClient(channel);
        bool up = false;
        string reason;
        Task writer = Task.CompletedTask;
        try
        {
            using AsyncDuplexStreamingCall<P.MemberFrame, P.HandlerFrame> call = client.Session(cancellationToken: ending.Token);
            await call.RequestStream.WriteAsync(new P.MemberFrame
            {
                Hello = new P.Hello
                {
                    Protocol = Protocol.Version,
                    Cluster = _options.Cluster,
                    Member = Mapping.ToWire(_options.Self),
                    Version = _options.Version,
                },
            });
            if (!await call.ResponseStream.MoveNext(ending.Token)) return (false, "the handler closed the session without a word");
            P.HandlerFrame first = call.ResponseStream.Current;
            if (first.BodyCase != P.HandlerFrame.BodyOneofCase.Welcome) return (false, "the handler did not answer as a handler");
            if (first.Welcome.Refused.Length > 0) return (false, $"refused: {first.Welcome.Refused}");
            if (first.Welcome.Protocol != Protocol.Version)
                return (false, $"the handler speaks protocol {first.Welcome.Protocol}, this member {Protocol.Version}: upgrade the older one");

            Channel<Outgoing> queue = Channel.CreateBounded<Outgoing>(
                new BoundedChannelOptions(QueueLength) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
            Channel<P.AskStatus> asks = Channel.CreateBounded<P.AskStatus>(MostAsks);
            (_queue, _asks, up) = (queue, asks, true);
            SessionUp(_log, endpoint);
            _events.Connected();
            writer = Task.WhenAll(WriteAsync(queue.Reader, call.RequestStream, ending), Task.Run(() => ReportAsync(asks.Reader, queue.Writer, ending)));
            reason = await ReadAsync(call.ResponseStream, ending.Token);
        }
        catch (RpcException e)
        {
            reason = refusal is null ? Sentence(e) : $"the handler at {endpoint} is not believed: {refusal}";
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            // A write into a connection that just broke says it in its own words.
            reason = refusal is null ? e.Message : $"the handler at {endpoint} is not believed: {refusal}";
        }
        catch (OperationCanceledException)
        {
            reason = "ended";
        }
        finally
        {
            if (up)
            {
                _queue!.Writer.TryComplete();
                (_queue, _asks) = (null, null);
            }

            await ending.CancelAsync();
            await writer;
        }

        // Last of all: after Lost nothing of this connection reaches the member.
        if (up) _events.Lost(reason);
        return (up, reason);
    }

    private async Task<string> ReadAsync(IAsyncStreamReader<P.HandlerFrame> stream, CancellationToken cancel)
    {
        var joiner = new ChangeJoiner();
        ClusterRecord? snapshot = null;
        while (await stream.MoveNext(cancel))
        {
            P.HandlerFrame frame = stream.Current;
            switch (frame.BodyCase)
            {
                case P.HandlerFrame.BodyOneofCase.Change:
                    if (!TryTakePart(frame.Change, ref snapshot)) return "the handler sent a part of a snapshot that means nothing";
                    if (!joiner.TryAdd(frame.Change, out P.Change? whole)) return "the handler sent parts that do not belong together";
                    if (whole is null) break;
                    if (!Mapping.TryFromWire(whole, out LedgerChange change)) return "the handler sent a change that means nothing";
                    _events.Changed(change);
                    break;
                case P.HandlerFrame.BodyOneofCase.Reply:
                    // A verdict of a newer handler that we do not know is no grant.
                    _ = Mapping.TryFromWire(frame.Reply, out HandlerReply reply);
                    _events.Replied(frame.Reply.RequestId, reply);
                    break;
                case P.HandlerFrame.BodyOneofCase.AskSwitchover:
                    _events.SwitchoverAsked(frame.AskSwitchover.HasTo ? frame.AskSwitchover.To : null);
                    break;
                case P.HandlerFrame.BodyOneofCase.AskStatus:
                    Report(frame.AskStatus);
                    break;
                default:
                    break;                                // of a newer handler
            }
        }

        return "the handler closed the session";
    }

    /// <summary>The records of a snapshot are handed on as they come, so that a large copy is no long step for the member; the joiner gets the rest.</summary>
    private bool TryTakePart(P.Change part, ref ClusterRecord? snapshot)
    {
        if (!part.IsSnapshot) return true;
        if (part.Cluster is not null)
        {
            if (!Mapping.TryFromWire(part.Cluster, out ClusterRecord cluster)) return false;
            snapshot = cluster;
        }

        if (!part.More || snapshot is null || part.Upserts.Count == 0) return true;
        var records = new SaRecord[part.Upserts.Count];
        for (int i = 0; i < records.Length; i++)
        {
            if (!Mapping.TryFromWire(part.Upserts[i], out records[i])) return false;
        }

        part.Upserts.Clear();
        _events.SnapshotPart(snapshot, records);
        return true;
    }

    private static async Task WriteAsync(ChannelReader<Outgoing> queue, IClientStreamWriter<P.MemberFrame> stream, CancellationTokenSource ending)
    {
        try
        {
            while (await queue.WaitToReadAsync(ending.Token))
            {
                while (queue.TryRead(out Outgoing next))
                {
                    if (next.Report is { } status)
                    {
                        await stream.WriteAsync(new P.MemberFrame { Status = status }, ending.Token);
                        continue;
                    }

                    foreach (P.Request part in Parts.Split(Mapping.ToWire(next.Id, next.Header, next.Request!)))
                        await stream.WriteAsync(new P.MemberFrame { Request = part }, ending.Token);
                }
            }
        }
        catch (Exception e) when (e is RpcException or IOException or OperationCanceledException or InvalidOperationException)
        {
            await ending.CancelAsync();                   // the reader tells why
        }
    }

    /// <summary>A report may wait for threads that have much to do: the leases do not.</summary>
    private async Task ReportAsync(ChannelReader<P.AskStatus> asks, ChannelWriter<Outgoing> queue, CancellationTokenSource ending)
    {
        using var report = new Timer(_ => ReportSoon(), null, TimeSpan.Zero, _options.StatusInterval);
        try
        {
            await foreach (P.AskStatus ask in asks.ReadAllAsync(ending.Token))
            {
                P.NodeStatus status = await _status!(ask.Asked ?? new P.StatusRequest()).WaitAsync(ending.Token);
                status.Ask = ask.Ask;
                await queue.WriteAsync(new Outgoing(0, default, null, status), ending.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
        {
            // The session ends.
        }
        catch
        {
            await ending.CancelAsync();                   // a bug: it ends the session with it
            throw;
        }
    }

    private static string Sentence(RpcException e) =>
        e.Status.DebugException?.GetBaseException().Message is { } cause ? $"{e.StatusCode}: {cause}" : $"{e.StatusCode}: {e.Status.Detail}";

    private readonly record struct Outgoing(ulong Id, RequestHeader Header, MemberRequest? Request, P.NodeStatus? Report);

    [LoggerMessage(EventId = 5001, Level = LogLevel.Information, Message = "session with the handler at {Endpoint} is up")]
    private static partial void SessionUp(ILogger logger, string endpoint);

    [LoggerMessage(EventId = 5002, Level = LogLevel.Warning, Message = "session with the handler at {Endpoint} lost: {Reason}")]
    private static partial void SessionLost(ILogger logger, string endpoint, string reason);

    [LoggerMessage(EventId = 5003, Level = LogLevel.Warning, Message = "no handler at {Endpoint} yet: {Reason}; trying again")]
    private static partial void NoSession(ILogger logger, string endpoint, string reason);
}
