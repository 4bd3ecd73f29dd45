using System.Globalization;
using Baton.Cluster.Certificates;
using Baton.Cluster.Session;
using Baton.Handler.Loop;
using Baton.Redundancy.Handlers;
using Baton.Redundancy.Records;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using P = Baton.Cluster.Protos;

namespace Baton.Handler.Sessions;

/// <summary>The gRPC service: who may ask what, and nothing of the protocol.</summary>
internal sealed class HandlerRpc(HandlerLoop loop, MemberReports reports, HandlerCounters counters, HandlerIdentity self, HandlerWatchers watchers, ILogger<HandlerRpc> log)
    : P.HandlerService.HandlerServiceBase
{
    private static readonly TimeSpan FreshReport = TimeSpan.FromMilliseconds(300);
    private static readonly Dictionary<string, P.NodeStatus> NoAnswers = [];

    public override async Task Session(
        IAsyncStreamReader<P.MemberFrame> requestStream, IServerStreamWriter<P.HandlerFrame> responseStream, ServerCallContext context)
    {
        if (await WelcomeAsync(requestStream, responseStream, context) is not { } member) return;
        HandlerLog.SessionOpened(log, member.ToString(), context.Peer);
        using var session = new MemberSession(member, loop, reports, counters, context.CancellationToken);
        string reason = await session.RunAsync(requestStream, responseStream);
        HandlerLog.SessionEnded(log, member.ToString(), reason);
    }

    public override async Task<P.ClusterStatus> Status(P.StatusRequest request, ServerCallContext context)
    {
        string[] asked = [.. loop.View.Connected.Select(m => m.Member)];
        using MemberReports.Question question = reports.Ask(asked);
        request.WithIke = false;  // of a node that is asked itself
        loop.AskAll(new P.HandlerFrame { AskStatus = new P.AskStatus { Asked = request, Ask = question.Ask } });
        bool isLong = request.WithSas || request.Spis.Count > 0;
        IReadOnlyDictionary<string, P.NodeStatus> answers = await question.AnswersAsync(isLong ? FreshReport * 5 : FreshReport);
        P.ClusterStatus status = Describe(loop.View, answers);
        foreach (P.MemberReport member in status.Members) member.Unanswered = asked.Contains(member.Name) && !answers.ContainsKey(member.Name);
        return status;
    }

    public override async Task Watch(P.StatusRequest request, IServerStreamWriter<P.ClusterStatus> responseStream, ServerCallContext context)
    {
        using HandlerWatchers.Watch watch = watchers.Begin();
        while (!context.CancellationToken.IsCancellationRequested)
        {
            await responseStream.WriteAsync(Describe(loop.View, NoAnswers));
            try
            {
                await watch.NextAsync(context.CancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    public override async Task<P.SwitchoverReply> Switchover(P.SwitchoverRequest request, ServerCallContext context)
    {
        NodeIdentity who = Caller(context);
        string? to = request.HasTo ? request.To : null;
        HandlerView before = loop.View;
        if (Objection(before, to) is { } objection) return Answer(false, objection, before);

        HandlerLog.SwitchoverAsked(log, who.ToString(), to ?? "the designee");
        using HandlerWatchers.Watch watch = watchers.Begin();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        limit.CancelAfter(request.WaitMs == 0 ? 10_000 : (int)Math.Min(request.WaitMs, 60_000));
        loop.Post(new HandlerInput.OperatorSwitchover(to));
        while (true)
        {
            HandlerView view = loop.View;
            if (view.Cluster.Term != before.Cluster.Term && view.Cluster.Holder is { } holder && (to is null || holder.Member == to))
                return Answer(true, string.Create(CultureInfo.InvariantCulture, $"{holder.Member} holds term {view.Cluster.Term}"), view);
            try
            {
                await watch.NextAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                return Answer(false, "the active did not hand over in time; its log says why", loop.View);
            }
        }
    }

    private static string? Objection(HandlerView view, string? to)
    {
        if (view.Cluster.Holder is not { } holder) return "no gateway is active yet";
        if (!view.Connected.Contains(holder)) return $"the active ({holder.Member}) has no session with the handler";
        if (to is null) return view.Cluster.Designee is null ? "the active has named no successor yet: no standby is ready" : null;
        if (to == holder.Member) return $"{to} is the active already";
        if (view.Connected.All(m => m.Member != to)) return $"{to} has no session with the handler";
        if (view.Cluster.InSync.All(m => m.Member != to)) return $"{to} is not in sync yet";
        return view.Cluster.Designee is { } designee && designee.Member != to ? $"the designated successor is {designee.Member}, not {to}" : null;
    }

    private static P.SwitchoverReply Answer(bool done, string detail, HandlerView view)
    {
        var reply = new P.SwitchoverReply { Done = done, Detail = detail, Term = view.Cluster.Term };
        if (view.Cluster.Holder is { } holder) reply.Holder = Mapping.ToWire(holder);
        return reply;
    }

    private static NodeIdentity Caller(ServerCallContext context)
    {
        // The handshake has believed it already; here we only read who it is.
        return context.GetHttpContext().Connection.ClientCertificate is { } shown && NodeIdentity.TryRead(shown, out NodeIdentity identity)
            ? identity
            : throw new RpcException(new Status(StatusCode.Unauthenticated, "no client certificate"));
    }

    private async Task<Incarnation?> WelcomeAsync(
        IAsyncStreamReader<P.MemberFrame> requests, IServerStreamWriter<P.HandlerFrame> responses, ServerCallContext context)
    {
        NodeIdentity caller = Caller(context);
        Incarnation member = default;
        string? refusal = null;
        if (!await requests.MoveNext(context.CancellationToken) || requests.Current.BodyCase != P.MemberFrame.BodyOneofCase.Hello)
            refusal = "the session does not begin with a hello";
        else if (requests.Current.Hello is var hello && hello.Protocol != Protocol.Version)
            refusal = $"{caller} speaks protocol {hello.Protocol}, this handler {Protocol.Version}: upgrade the older one";
        else if (hello.Cluster != self.Cluster)
            refusal = $"{caller} is configured for cluster {hello.Cluster}, this handler serves {self.Cluster}";
        else if (caller.Role != "gateway")
            refusal = $"{caller} is a {caller.Role}; only a gateway may have a session";
        else if (!Mapping.TryFromWire(hello.Member, out member) || member.Member != caller.Name)
            refusal = $"{caller} calls itself {hello.Member?.Member}: the name must be the one in its certificate";
        else if (!self.Members.Contains(member.Member))
            refusal = $"{caller} is no configured member of the cluster";

        if (refusal is null)
        {
            await responses.WriteAsync(new P.HandlerFrame
            {
                Welcome = new P.Welcome { Protocol = Protocol.Version, LedgerId = Mapping.ToWire(loop.View.Cluster.LedgerId) },
            });
            return member;
        }

        HandlerLog.SessionRefused(log, context.Peer, refusal);
        counters.RefusedConnection();
        await responses.WriteAsync(new P.HandlerFrame { Welcome = new P.Welcome { Protocol = Protocol.Version, Refused = refusal } });
        return null;
    }

    /// <param name="answers">By member, where one just answered: then its word is new, and may have SAs.</param>
    private P.ClusterStatus Describe(HandlerView view, IReadOnlyDictionary<string, P.NodeStatus> answers)
    {
        long now = Environment.TickCount64;
        var status = new P.ClusterStatus
        {
            Cluster = self.Cluster,
            Record = Mapping.ToWire(view.Cluster),
            Handler = self.Describe(view, counters),
            UnixMs = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
            SaCount = (uint)view.SaCount,
            Storage = view.Storage,
        };
        var last = reports.All();
        foreach (string name in self.Members)
        {
            var report = new P.MemberReport { Name = name };
            Incarnation? connected = view.Connected.Where(m => m.Member == name).Select(m => (Incarnation?)m).FirstOrDefault();
            report.Connected = connected is not null;
            if (last.TryGetValue(name, out var known))
            {
                report.Last = answers.GetValueOrDefault(name) ?? known.Status;
                report.AgeMs = (ulong)Math.Max(0, now - known.At);
                connected ??= known.Who;
            }

            if (connected is { } incarnation)
            {
                report.Incarnation = Mapping.ToWire(incarnation);
#pragma warning disable CA1308 // the contract's spelling
                report.Witness = view.Witness.GetValueOrDefault(incarnation, WitnessView.Unknown).ToString().ToLowerInvariant();
#pragma warning restore CA1308
            }

            status.Members.Add(report);
        }

        return status;
    }
}
