using Baton.Cluster.Certificates;
using Grpc.Net.Client;

namespace Baton.Cluster.Session;

/// <summary>How we talk gRPC: HTTP/2 over mutual TLS, no proxy, no Nagle, pings on.</summary>
public static class GrpcEndpoint
{
    public static SocketsHttpHandler Transport(TlsMaterial tls, IReadOnlyList<string> roles, Action<string> refused) => new()
    {
        SslOptions = tls.ForClient(roles, refused),
        UseProxy = false,
        ConnectTimeout = TimeSpan.FromSeconds(1),
        PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
        KeepAlivePingDelay = TimeSpan.FromSeconds(1),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(1),
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
    };

    /// <param name="endpoint">host:port.</param>
    public static GrpcChannel Channel(string endpoint, SocketsHttpHandler http) =>
        GrpcChannel.ForAddress($"https://{endpoint}", new GrpcChannelOptions
        {
            HttpHandler = http,
            DisposeHttpClient = false,
            MaxReceiveMessageSize = Protocol.MaximumMessageBytes,
            MaxSendMessageSize = Protocol.MaximumMessageBytes,
            MaxRetryAttempts = null,
        });
}
