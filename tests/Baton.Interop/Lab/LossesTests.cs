using System.Net;
using System.Net.Sockets;
using Baton.Lab.Hosts;
using Baton.Lab.Steps;
using Baton.Linux;

namespace Baton.Interop.Lab;

public sealed class LossesTests
{
    /// <summary>A program that does not read loses by its socket, and the next to look is told which, and by how many.</summary>
    [Fact]
    public void A_socket_that_nobody_reads_is_named_with_what_it_lost()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "network namespaces need root");
        using var room = new LabRoom(keepFolder: false, CancellationToken.None);
        Host deaf = room.AddHost("deaf"), other = room.AddHost("other");
        deaf.Run("ip", "link", "set", "lo", "up");
        (Socket reader, Socket writer) = NetworkNamespace.In(deaf.SpacePath, () => (Udp(), Udp()));
        using (reader)
        using (writer)
        {
            reader.Bind(new IPEndPoint(IPAddress.Loopback, 4500));
            var losses = new Losses([deaf, other], []);
            Assert.StartsWith("no counter of a loss", losses.Tell(), StringComparison.Ordinal);

            reader.ReceiveBufferSize = 1;                           // the kernel's least
            for (int sent = 0; sent < 100; sent++) writer.SendTo(new byte[100], reader.LocalEndPoint!);
            int came = 0;
            for (; reader.Available > 0; came++) reader.Receive(new byte[100]);

            string told = losses.Tell();
            Assert.Contains($"deaf: socket udp 4500 drops +{100 - came}", told, StringComparison.Ordinal);
            Assert.Contains($"deaf: Udp RcvbufErrors +{100 - came}", told, StringComparison.Ordinal);
            Assert.DoesNotContain("other", told, StringComparison.Ordinal);
        }
    }

    private static Socket Udp() => new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
}
