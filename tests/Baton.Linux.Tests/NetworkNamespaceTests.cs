using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Baton.Linux.Tests;

public sealed class NetworkNamespaceTests
{
    [Fact]
    public void Without_a_path_it_happens_here() => Assert.Equal(Environment.CurrentManagedThreadId, NetworkNamespace.In(null, () => Environment.CurrentManagedThreadId));

    [Fact]
    public void A_namespace_that_is_not_there_is_an_error_of_the_caller() =>
        Assert.ThrowsAny<IOException>(() => NetworkNamespace.In("/run/netns/there-is-none", () => 0));

    [Fact]
    public void A_socket_made_there_stays_there()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "network namespaces need root");
        string space = $"bt-{Guid.NewGuid():N}"[..12];
        Ip("netns", "add", space);
        try
        {
            using var here = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            here.Bind(new IPEndPoint(IPAddress.Any, 0));
            using Socket there = NetworkNamespace.In($"/run/netns/{space}", () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
            there.Bind(here.LocalEndPoint!);                    // the port is taken here, and free there

            using var again = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            Assert.Throws<SocketException>(() => again.Bind(here.LocalEndPoint!));
        }
        finally
        {
            Ip("netns", "del", space);
        }
    }

    private static void Ip(params string[] arguments)
    {
        using Process process = Process.Start("ip", arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
