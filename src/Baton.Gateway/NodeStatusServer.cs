using Baton.Cluster;
using Baton.Cluster.Certificates;
using Baton.Cluster.Configuration;
using Baton.Cluster.Protos;
using Baton.Cluster.Session;
using Baton.Linux.Sockets;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Baton.Gateway;

/// <summary>Serves what a node says of itself: gRPC over mutual TLS, and plain /metrics where configured.</summary>
internal sealed class NodeStatusServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private NodeStatusServer(WebApplication app) => _app = app;

    public static async Task<NodeStatusServer?> StartAsync(
        NodeOptions options, TlsMaterial? tls, Func<StatusRequest, Task<NodeStatus>> status, Func<IkeCommand, Task<IkeReply>>? ike, ILogger log, MemberExtension? extension = null)
    {
        if (options.Status.Listen is null && options.Status.Metrics is null)
            return null;
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        long[] refused = [0];
        async Task<NodeStatus> CountedAsync(StatusRequest asked)
        {
            NodeStatus now = await status(asked);
            now.Counters["connections.refused"] = (ulong)Volatile.Read(ref refused[0]);
            return now;
        }

        builder.Services.AddSingleton<Func<StatusRequest, Task<NodeStatus>>>(CountedAsync);
        builder.Services.AddSingleton(ike ?? (_ => Task.FromResult(new IkeReply { Detail = "this node negotiates nothing" })));
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.UseBackplane(ListenSockets.BindUnix);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxConcurrentConnections = 256;
            if (options.Status.Listen is { } listen && tls is not null)
            {
                var lines = new LineBudget();
                var guard = new TlsGuard(tls, ["operator", "handler", "gateway"], (remote, reason) =>
                {
                    Interlocked.Increment(ref refused[0]);
                    if (lines.Take() is { } more)
                        log.LogWarning("status: connection from {Remote} refused: {Reason}{More}", remote, reason, more);
                });
                ListenAt.Listen(kestrel, listen, on =>
                {
                    on.Protocols = HttpProtocols.Http2;
                    guard.Use(on);
                });
            }

            if (options.Status.Metrics is { } metrics)
                ListenAt.Listen(kestrel, metrics, on => on.Protocols = HttpProtocols.Http1);
        });
        extension?.AddServices(builder.Services);
        WebApplication app = builder.Build();
        app.MapGrpcService<Service>();
        extension?.MapServices(app);
        app.MapGet("/metrics", async (HttpContext context) =>
        {
            NodeStatus now = await CountedAsync(new StatusRequest());
            context.Response.ContentType = "text/plain; version=0.0.4";
            await context.Response.WriteAsync(MetricsText.Write(now));
        });
        await app.StartAsync();
        return new NodeStatusServer(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    internal sealed class Service(Func<StatusRequest, Task<NodeStatus>> status, Func<IkeCommand, Task<IkeReply>> ike) : NodeService.NodeServiceBase
    {
        /// <summary>For an operator only: handler and gateways may ask how we are, not what to do.</summary>
        public override Task<IkeReply> Ike(IkeCommand request, ServerCallContext context) =>
            context.GetHttpContext().Connection.ClientCertificate is { } shown && NodeIdentity.TryRead(shown, out NodeIdentity who) && who.Role == "operator"
                ? ike(request)
                : throw new RpcException(new Status(StatusCode.PermissionDenied, "an operator's certificate is needed"));

        public override Task<NodeStatus> Status(StatusRequest request, ServerCallContext context) => status(request);
    }
}

/// <summary>Prometheus' text format. A counter's name is its status name, with baton_ in front and underscores.</summary>
internal static class MetricsText
{
    public static string Write(NodeStatus status)
    {
        var text = new System.Text.StringBuilder();
        foreach ((string name, ulong value) in status.Counters.OrderBy(c => c.Key, StringComparer.Ordinal))
            text.Append("baton_").Append(name.Replace('.', '_').Replace('-', '_')).Append(' ').Append(value).Append('\n');
        text.Append("baton_term ").Append(status.Term).Append('\n');
        text.Append("baton_active ").Append(status.State is "active" or "alone" ? 1 : 0).Append('\n');
        text.Append("baton_sas ").Append(status.SaCount).Append('\n');
        text.Append("baton_sas_ready ").Append(status.SaReady).Append('\n');
        return text.ToString();
    }
}
