using System.Net.Security;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Baton.Cluster.Certificates;

/// <summary>Mutual TLS on a port, and one word for whoever is not believed, garbage included.</summary>
/// <param name="refused">Called once for each connection that was refused, with its remote address and one sentence; from any thread.</param>
public sealed class TlsGuard(TlsMaterial tls, IReadOnlyList<string> roles, Action<string, string> refused)
{
    private static readonly object Refused = new();
    private static readonly object Agreed = new();

    public void Use(ListenOptions listen)
    {
        listen.Use(next => async connection =>
        {
            await next(connection);

            // Kestrel swallows a failed handshake; a certificate that was refused has its line already.
            if (!connection.Items.ContainsKey(Agreed) && !connection.Items.ContainsKey(Refused))
                Refuse(connection, "it does not speak TLS, or gave up before it had shown a certificate");
        });
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = TimeSpan.FromSeconds(3),
            OnConnection = handshake =>
            {
                ConnectionContext connection = handshake.Connection;
                SslServerAuthenticationOptions options = tls.ForServer(roles, refusal => Refuse(connection, refusal));
                return ValueTask.FromResult(options);
            },
        });
        listen.Use(next => connection =>
        {
            connection.Items[Agreed] = true;
            return next(connection);
        });
    }

    private void Refuse(ConnectionContext connection, string reason)
    {
        connection.Items[Refused] = true;
        refused(connection.RemoteEndPoint?.ToString() ?? "?", reason);
    }
}
