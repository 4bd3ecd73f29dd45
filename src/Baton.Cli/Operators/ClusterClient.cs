using System.Globalization;
using Baton.Cluster.Certificates;
using Baton.Cluster.Configuration;
using Baton.Cluster.Protos;
using Baton.Cluster.Session;
using Grpc.Core;
using Grpc.Net.Client;

namespace Baton.Cli.Operators;

/// <summary>Asks a cluster's processes how they are, over the same mutual TLS as they talk among themselves.</summary>
public sealed class ClusterClient : IDisposable
{
    private static readonly string[] HandlerRoles = ["handler"];
    private static readonly string[] NodeRoles = ["gateway", "peer", "router"];

    private readonly TlsMaterial _tls;
    private readonly SocketsHttpHandler _handlerHttp;
    private readonly SocketsHttpHandler _nodeHttp;
    private readonly Dictionary<string, GrpcChannel> _channels = [];
    private readonly Lock _lock = new();
    private volatile string? _refused;

    public ClusterClient(TlsMaterial tls)
    {
        _tls = tls;
        _handlerHttp = GrpcEndpoint.Transport(tls, HandlerRoles, why => _refused = why);
        _nodeHttp = GrpcEndpoint.Transport(tls, NodeRoles, why => _refused = why);
    }

    /// <summary>With the certificate of the node whose file this is, or with an operator's.</summary>
    public static ClusterClient Open(TlsOptions files) =>
        TlsMaterial.TryLoad(files.AuthorityFile, files.CertificateFile, files.KeyFile, out TlsMaterial material, out string error)
            ? new(material)
            : throw new UsageException(error);

    /// <summary>Without SAs.</summary>
    public Task<Answer<ClusterStatus>> StatusAsync(string handler, TimeSpan patience, CancellationToken cancellation) =>
        StatusAsync(handler, new StatusRequest(), patience, cancellation);

    /// <summary>With those SAs of every member, page by page; each page has this patience.</summary>
    public Task<Answer<ClusterStatus>> StatusAsync(string handler, SaQuery query, TimeSpan patience, CancellationToken cancellation) =>
        query.CollectAsync(request => StatusAsync(handler, request, patience, cancellation), cluster => cluster.Members.Select(member => member.Last).OfType<NodeStatus>(),
            cluster => cluster.Members.Where(member => member.Unanswered).Select(member => member.Name));

    public Task<Answer<SwitchoverReply>> SwitchoverAsync(string handler, string? to, TimeSpan patience, CancellationToken cancellation)
    {
        var request = new SwitchoverRequest { WaitMs = (uint)patience.TotalMilliseconds };
        if (to is not null) request.To = to;
        return AskAsync(handler, channel => new HandlerService.HandlerServiceClient(channel)
            .SwitchoverAsync(request, deadline: DateTime.UtcNow + patience + TimeSpan.FromSeconds(2), cancellationToken: cancellation), _handlerHttp);
    }

    /// <summary>Without SAs.</summary>
    public Task<Answer<NodeStatus>> NodeAsync(string node, TimeSpan patience, CancellationToken cancellation) => NodeAsync(node, new StatusRequest(), patience, cancellation);

    /// <summary>With those SAs (and IKE SAs) of it, page by page; each page has this patience.</summary>
    public Task<Answer<NodeStatus>> NodeAsync(string node, SaQuery query, TimeSpan patience, CancellationToken cancellation) =>
        query.CollectAsync(request => NodeAsync(node, request, patience, cancellation), status => [status]);

    public Task<Answer<IkeReply>> IkeAsync(string node, IkeCommand command, TimeSpan patience, CancellationToken cancellation) =>
        AskAsync(node, channel => new NodeService.NodeServiceClient(channel).IkeAsync(command, deadline: DateTime.UtcNow + patience, cancellationToken: cancellation), _nodeHttp);

    /// <summary>Those calls of a media gateway, page by page; each page has this patience.</summary>
    public Task<Answer<CallReports>> CallsAsync(string node, CallQuery query, TimeSpan patience, CancellationToken cancellation) =>
        query.CollectAsync(request => AskAsync(node, channel => new MediaService.MediaServiceClient(channel)
            .ReportAsync(request, deadline: DateTime.UtcNow + patience, cancellationToken: cancellation), _nodeHttp));

    public void Dispose()
    {
        foreach (GrpcChannel channel in _channels.Values) channel.Dispose();
        _handlerHttp.Dispose();
        _nodeHttp.Dispose();
        _tls.Dispose();
    }

    private Task<Answer<ClusterStatus>> StatusAsync(string handler, StatusRequest request, TimeSpan patience, CancellationToken cancellation) =>
        AskAsync(handler, channel => new HandlerService.HandlerServiceClient(channel)
            .StatusAsync(request, deadline: DateTime.UtcNow + patience, cancellationToken: cancellation), _handlerHttp);

    private Task<Answer<NodeStatus>> NodeAsync(string node, StatusRequest request, TimeSpan patience, CancellationToken cancellation) =>
        AskAsync(node, channel => new NodeService.NodeServiceClient(channel)
            .StatusAsync(request, deadline: DateTime.UtcNow + patience, cancellationToken: cancellation), _nodeHttp);

    private async Task<Answer<T>> AskAsync<T>(string endpoint, Func<GrpcChannel, AsyncUnaryCall<T>> ask, SocketsHttpHandler http)
        where T : class
    {
        _refused = null;
        GrpcChannel channel;
        lock (_lock)
        {
            if (!_channels.TryGetValue(endpoint, out channel!))
                _channels[endpoint] = channel = GrpcEndpoint.Channel(endpoint, http);
        }

        try
        {
            using AsyncUnaryCall<T> call = ask(channel);
            return new(await call.ResponseAsync.ConfigureAwait(false), "");
        }
        catch (RpcException e)
        {
            string why = e.StatusCode switch
            {
                StatusCode.Unavailable when _refused is { } refused => $"we refused it: {refused}",
                StatusCode.Unavailable => "nothing answers there",
                StatusCode.DeadlineExceeded or StatusCode.Cancelled => "it did not answer in time",
                StatusCode.PermissionDenied or StatusCode.Unauthenticated => $"it refused us: {e.Status.Detail}",
                _ => string.Create(CultureInfo.InvariantCulture, $"{e.StatusCode}: {e.Status.Detail}"),
            };
            return new(null, $"{endpoint}: {why}");
        }
    }
}

/// <summary>An answer, or the sentence why there is none; both, where the answer has gaps.</summary>
public readonly record struct Answer<T>(T? Value, string Error)
    where T : class;
