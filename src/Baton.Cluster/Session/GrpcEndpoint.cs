using System.Net;
using System.Net.Sockets;
using Baton.Cluster.Certificates;
using Baton.Cluster.Configuration;
using Baton.Wire;
using Grpc.Net.Client;

namespace Baton.Cluster.Session;

/// <summary>How we talk gRPC: HTTP/2 over mutual TLS, no proxy, no Nagle, pings on.</summary>
public static class GrpcEndpoint
{
    public static SocketsHttpHandler Transport(TlsMaterial tls, IReadOnlyList<string> roles, Action<string> refused) => new()
    {
        SslOptions = tls.ForClient(roles, refused),
        UseProxy = false,
        ConnectCallback = ConnectAsync,
        ConnectTimeout = TimeSpan.FromSeconds(1),
        PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
        KeepAlivePingDelay = TimeSpan.FromSeconds(1),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(1),
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
    };

    /// <param name="endpoint">host:port, or unix:/path.</param>
    public static GrpcChannel Channel(string endpoint, SocketsHttpHandler http) =>
        GrpcChannel.ForAddress($"https://{Authority(endpoint)}", new GrpcChannelOptions
        {
            HttpHandler = http,
            DisposeHttpClient = false,
            MaxReceiveMessageSize = Protocol.MaximumMessageBytes,
            MaxSendMessageSize = Protocol.MaximumMessageBytes,
            MaxRetryAttempts = null,
        });

    /// <summary>A URI names no Unix socket: its label stands there, and the connect finds the path again.</summary>
    private static string Authority(string endpoint) =>
        EndpointText.IsBackplane(endpoint) && EndpointText.Parse(endpoint) is BackplaneEndPoint place ? $"[{place.Address}]:{place.Port}" : endpoint;

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        DnsEndPoint asked = context.DnsEndPoint;
        BackplaneEndPoint? place = IPAddress.TryParse(asked.Host, out IPAddress? address) ? BackplaneEndPoint.Find(IpAddress.From(address)) : null;
        Socket socket = place is null
            ? new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }
            : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(place is null ? asked : new UnixDomainSocketEndPoint(place.Path), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
