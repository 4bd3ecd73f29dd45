using System.Net;
using System.Net.Sockets;
using Baton.Wire;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Baton.Cluster.Session;

/// <summary>A server that listens where the configuration says: at an address and port, or at a place on a backplane.</summary>
public static class ListenAt
{
    /// <param name="bindUnix">Binds a stream socket to a path, its file's rights and stale files seen to.</param>
    public static void UseBackplane(this IWebHostBuilder host, Func<string, Socket> bindUnix) => host.UseSockets(sockets =>
        sockets.CreateBoundListenSocket = endpoint => endpoint is UnixDomainSocketEndPoint unix
            ? bindUnix(unix.ToString())
            : SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint));

    public static void Listen(this KestrelServerOptions kestrel, IPEndPoint at, Action<ListenOptions> configure)
    {
        if (at is BackplaneEndPoint place) kestrel.Listen(new UnixDomainSocketEndPoint(place.Path), configure);
        else kestrel.Listen(at, configure);
    }
}
