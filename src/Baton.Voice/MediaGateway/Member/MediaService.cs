using System.Collections.Concurrent;
using System.Threading.Channels;
using Baton.Cluster.Certificates;
using Baton.Gateway.Engine;
using Google.Protobuf;
using Grpc.Core;
using P = Baton.Cluster.Protos;

namespace Baton.Voice.MediaGateway.Member;

/// <summary>What a controller asks of this member, brought to the thread that owns the calls, and its answers back.</summary>
/// <param name="name">Of this member.</param>
internal sealed class CallDesk(MediaPath path, Func<IMember> member, string name)
{
    private readonly ConcurrentDictionary<Channel<P.CallEvent>, byte> _watchers = [];

    public Task<P.MediaReply> PutAsync(P.MediaCall call) => OnEngine(() =>
    {
        P.MediaVerdict verdict = path.Put(call, out string detail);
        return Reply(call.Id, verdict, detail);
    });

    public Task<P.MediaReply> EndAsync(ulong id) => OnEngine(() =>
    {
        path.End(id);
        return Reply(id, P.MediaVerdict.MediaGranted, "");
    });

    public Task<P.CallReport> QueryAsync(ulong id) => OnEngine(() =>
    {
        P.CallReport report = path.Report(id);
        report.Member = name;
        return report;
    });

    public Task<P.CallReports> ReportAsync(P.ReportCalls asked) => OnEngine(() =>
    {
        P.CallReports reports = path.Report(asked);
        reports.Member = name;
        return reports;
    });

    public Task<P.CallList> ListAsync(P.ListCalls asked) => OnEngine(() =>
    {
        P.CallList list = path.List(asked);
        list.Member = name;
        return list;
    });

    /// <summary>A bounded queue a watcher: who does not read loses the oldest, and sees it by asking.</summary>
    public async Task WatchAsync(IServerStreamWriter<P.CallEvent> to, CancellationToken end)
    {
        Channel<P.CallEvent> events = Channel.CreateBounded<P.CallEvent>(new BoundedChannelOptions(1_024) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        _watchers[events] = 0;
        try
        {
            await foreach (P.CallEvent happened in events.Reader.ReadAllAsync(end))
                await to.WriteAsync(happened, end);
        }
        catch (OperationCanceledException)
        {
            // The watcher went.
        }
        finally
        {
            _watchers.TryRemove(events, out _);
        }
    }

    public void Tell(P.CallEvent happened)
    {
        foreach (Channel<P.CallEvent> watcher in _watchers.Keys)
            watcher.Writer.TryWrite(happened);
    }

    private P.MediaReply Reply(ulong id, P.MediaVerdict verdict, string detail) =>
        new() { Verdict = verdict, Detail = detail, Version = path.VersionOf(id), Member = name, Active = member().IsActive };

    private Task<T> OnEngine<T>(Func<T> ask)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        member().Post(() => done.SetResult(ask()));
        return done.Task.WaitAsync(TimeSpan.FromSeconds(5));
    }
}

/// <summary>The gRPC service on a media gateway's status address.</summary>
internal sealed class MediaRpc(CallDesk desk) : P.MediaService.MediaServiceBase
{
    public override Task<P.MediaReply> Put(P.MediaCall request, ServerCallContext context) => Checked(context, changes: true, () => desk.PutAsync(request));

    public override Task<P.MediaReply> End(P.EndCall request, ServerCallContext context) => Checked(context, changes: true, () => desk.EndAsync(request.Id));

    public override Task<P.CallReport> Query(P.QueryCall request, ServerCallContext context) => Checked(context, changes: false, () => desk.QueryAsync(request.Id));

    public override Task<P.CallReports> Report(P.ReportCalls request, ServerCallContext context) => Checked(context, changes: false, () => desk.ReportAsync(request));

    /// <summary>An operator sees which calls there are; their notes are the controller's.</summary>
    public override Task<P.CallList> List(P.ListCalls request, ServerCallContext context) => Checked(context, changes: false, async () =>
    {
        P.CallList list = await desk.ListAsync(request);
        if (RoleOf(context) == "operator")
        {
            foreach (P.CallVersion call in list.Calls)
                call.Note = ByteString.Empty;
        }

        return list;
    });

    public override Task Watch(P.WatchCalls request, IServerStreamWriter<P.CallEvent> responseStream, ServerCallContext context) => Checked(context, changes: false, async () =>
    {
        await desk.WatchAsync(responseStream, context.CancellationToken);
        return 0;
    });

    /// <summary>Calls are a controller's affair: an operator looks, and the other gateways, whom the status address knows too, do not even that.</summary>
    private static Task<T> Checked<T>(ServerCallContext context, bool changes, Func<Task<T>> ask) => RoleOf(context) is "handler" || (RoleOf(context) is "operator" && !changes)
        ? ask()
        : throw new RpcException(new Status(StatusCode.PermissionDenied, "a controller's certificate is needed"));

    private static string? RoleOf(ServerCallContext context) =>
        context.GetHttpContext().Connection.ClientCertificate is { } shown && NodeIdentity.TryRead(shown, out NodeIdentity who) ? who.Role : null;
}
