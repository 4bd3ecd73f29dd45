using System.Net.Sockets;
using Baton.Cluster.Configuration;

namespace Baton.Gateway.Tests.Ike;

/// <summary>Files of lone peers that share a key and have one connection, "between", for the packets of one host each.</summary>
internal static class LonePeers
{
    /// <param name="directory">Where the key is written.</param>
    /// <param name="connection">Further lines of the connection, and of its child.</param>
    public static NodeOptions Options(
        string directory, string name, (string Listen, string Remote) outer, string inner, Socket host, (string Own, string Other) addresses, string connection, string child = "")
    {
        string psk = Path.Combine(directory, "key.psk");
        File.WriteAllText(psk, "a key that is long enough for a test");
        File.SetUnixFileMode(psk, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        ConfigResult result = ConfigFile.Parse($"""
            [node]
            name = "{name}"
            role = "peer"
            [cluster]
            id = "c"
            [outer]
            listen = "{outer.Listen}"
            remote = "{outer.Remote}"
            [inner]
            listen = "{inner}"
            [[inner.route]]
            prefix = "{addresses.Own}/32"
            to = "{host.LocalEndPoint}"
            [[connection]]
            name = "between"
            local-id = "{name}.test"
            auth = "psk"
            psk-file = "key.psk"
            encapsulation = "always"
            {connection}
            [[connection.child]]
            name = "hosts"
            local = ["{addresses.Own}"]
            remote = ["{addresses.Other}"]
            {child}
            """, Path.Combine(directory, $"{name}.toml"));
        Assert.Empty(result.Errors.Select(e => e.ToString()));
        return result.Options!;
    }
}
