using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Baton.Linux.Netlink;
using Baton.Linux.Tests.Namespaces;
using Baton.Linux.Tun;

namespace Baton.Linux.Tests.Tun;

/// <summary>A host sends datagrams one by one to a gateway, whose kernel routes them into its TUN device.</summary>
public sealed class DatagramJoiningTests
{
    private const int Port = 5_000;

    [Fact]
    public void SingleDatagramsComeOutOfTheTunDeviceAsSuperPacketsAndInTheirOrder()
    {
        using var network = new TestNetwork("host", "gateway");
        using TunDevice device = Raise(network);
        Assert.SkipUnless(device.Offloads.HasFlag(TunOffloads.Udp), "this kernel's TUN has no USO");
        using var system = new SystemFiles(network, "gateway");
        JoinedDevice? lan = null;
        Assert.Null(network.In("gateway", () => DatagramJoining.TryEnable("lan", system.Folder, out lan)));
        string timeout = Path.Combine(system.Folder, "class/net/lan/gro_flush_timeout");
        Assert.Equal("0", File.ReadAllText(timeout).Trim());
        lan!.KeepBack(true);
        Assert.Equal("50000", File.ReadAllText(timeout).Trim());

        var reader = new TunReader(device);
        using Socket sender = network.In("host", () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        var to = new IPEndPoint(IPAddress.Parse("10.9.0.2"), Port);
        byte[] datagram = new byte[172];
        int sent = 0;
        int came = 0;
        TestNetwork.Until(() => $"no super-packet of {sent} datagrams, {came} came", () =>
        {
            for (int i = 0; i < 200; i++)
            {
                BinaryPrimitives.WriteInt32BigEndian(datagram, sent++);
                sender.SendTo(datagram, to);
            }

            TestNetwork.Until(() => $"{came} of {sent} came", () =>
            {
                for (int got = reader.Take(), i = 0; i < got; i++)
                {
                    ReadOnlySpan<byte> packet = reader.Packet(i);
                    if (packet[9] == 17)
                        Assert.Equal(came++, BinaryPrimitives.ReadInt32BigEndian(packet[28..]));
                }

                return came == sent;
            });
            return reader.Splits > 0;
        });
    }

    [Fact]
    public void ADeviceThatCoalescesAlreadyKeepsItsTime()
    {
        using var network = new TestNetwork("host", "gateway");
        using TunDevice device = Raise(network);
        using var system = new SystemFiles(network, "gateway");
        string timeout = Path.Combine(system.Folder, "class/net/lan/gro_flush_timeout");
        File.WriteAllText(timeout, "7000");

        JoinedDevice? paced = null;
        Assert.Null(network.In("gateway", () => DatagramJoining.TryEnable("lan", system.Folder, out paced)));
        Assert.Null(paced);
        Assert.Equal("7000", File.ReadAllText(timeout).Trim());
    }

    [Fact]
    public void WhatOurLifeBeforeLeftIsOurs()
    {
        using var network = new TestNetwork("host", "gateway");
        using TunDevice device = Raise(network);
        using var system = new SystemFiles(network, "gateway");
        string timeout = Path.Combine(system.Folder, "class/net/lan/gro_flush_timeout");
        File.WriteAllText(timeout, "50000");

        JoinedDevice? paced = null;
        Assert.Null(network.In("gateway", () => DatagramJoining.TryEnable("lan", system.Folder, out paced)));
        Assert.NotNull(paced);
        Assert.Equal("0", File.ReadAllText(timeout).Trim());
    }

    [Fact]
    public void WhatStandsAgainstItIsSaid()
    {
        using var network = new TestNetwork("gateway");
        Assert.Equal("there is no such device", network.In("gateway", () => DatagramJoining.TryEnable("lan9", out _)));
        Assert.Contains("cannot be kept back", network.In("gateway", () => DatagramJoining.TryEnable("lo", "/nonexistent", out _)), StringComparison.Ordinal);
    }

    private static TunDevice Raise(TestNetwork network)
    {
        network.Wire("host", "lan", "gateway", "lan", "10.8.0.2/24", "10.8.0.1/24");
        network.Ip("host", "route add default via 10.8.0.1");
        network.Sysctl("gateway", "net/ipv4/ip_forward", "1");
        return network.In("gateway", () =>
        {
            TunDevice made = TunDevice.Open("tun%d");
            using var netlink = new RouteNetlink();
            int index = RouteNetlink.IndexOf(made.Name);
            netlink.SetLink(index, up: true, 1_400);
            netlink.ReplaceRoute(new Route(IPNetwork.Parse("10.9.0.0/16"), index));
            return made;
        });
    }

    /// <summary>The /sys of a network namespace: what is mounted from inside of it shows its devices.</summary>
    private sealed class SystemFiles : IDisposable
    {
        public SystemFiles(TestNetwork network, string host)
        {
            Folder = Directory.CreateTempSubdirectory("baton-sys-").FullName;
            (int code, string text) = Command("nsenter", $"--net={network.PathOf(host)}", "mount", "-t", "sysfs", "none", Folder);
            Assert.SkipUnless(code == 0, $"/sys cannot be mounted here: {text}");
        }

        public string Folder { get; }

        public void Dispose()
        {
            Command("umount", Folder);
            Directory.Delete(Folder);
        }

        private static (int Code, string Text) Command(string program, params string[] arguments)
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            string text = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, text);
        }
    }
}
