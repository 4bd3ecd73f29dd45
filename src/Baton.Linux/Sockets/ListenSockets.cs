using System.Net.Sockets;
using Baton.Wire;

namespace Baton.Linux.Sockets;

/// <summary>What a server listens at on a backplane.</summary>
public static class ListenSockets
{
    /// <summary>A Unix stream socket bound to the path, with its file's rights and stale files seen to; it removes its file when it is disposed.</summary>
    /// <exception cref="IOException">The path cannot be had; the text says why.</exception>
    public static Socket BindUnix(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            BindUnix(socket, BackplaneEndPoint.Of(path));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Binds a socket of the platform's, as above.</summary>
    /// <param name="sendPatience">How long a send waits for a full queue at the other end; null: for ever.</param>
    public static void BindUnix(Socket socket, BackplaneEndPoint place, TimeSpan? sendPatience = null)
    {
        Backplane.Prepare(place, (int)socket.Handle, socket.SocketType);
        if (sendPatience is { } patience)
            socket.SendTimeout = (int)patience.TotalMilliseconds;
        socket.Bind(new UnixDomainSocketEndPoint(place.Path));
    }
}
