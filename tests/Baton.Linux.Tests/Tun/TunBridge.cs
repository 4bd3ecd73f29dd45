using Baton.Linux.Netlink;
using Baton.Linux.Tests.Namespaces;
using Baton.Linux.Tun;
using Baton.Wire;

namespace Baton.Linux.Tests.Tun;

/// <summary>Two hosts joined by their TUN devices: what one's kernel hands over is split and given to the other's kernel, which judges it.</summary>
internal sealed class TunBridge : IDisposable
{
    private readonly WakeEvent _stop = new();
    private readonly Thread _thread;
    private readonly List<int> _lengths = [];

    /// <param name="merges">What is given is merged again; else written packet by packet.</param>
    public TunBridge(TestNetwork network, TunOffloads offloads = TunOffloads.Checksum | TunOffloads.Tcp | TunOffloads.Udp, bool merges = true)
    {
        Left = network.In("left", () => Raise(offloads, 1));
        Right = network.In("right", () => Raise(offloads, 2));
        (LeftReader, RightReader) = (new TunReader(Left), new TunReader(Right));
        (LeftWriter, RightWriter) = (new TunWriter(Left, merges), new TunWriter(Right, merges));
        _thread = new Thread(Carry);
        _thread.Start();
    }

    public TunDevice Left { get; }

    public TunDevice Right { get; }

    public TunReader LeftReader { get; }

    public TunReader RightReader { get; }

    public TunWriter LeftWriter { get; }

    public TunWriter RightWriter { get; }

    /// <summary>Of every packet carried from left to right.</summary>
    public IReadOnlyList<int> Lengths
    {
        get
        {
            lock (_lengths)
                return [.. _lengths];
        }
    }

    public void Dispose()
    {
        _stop.Set();
        _thread.Join();
        _stop.Dispose();
        Left.Dispose();
        Right.Dispose();
    }

    private static TunDevice Raise(TunOffloads offloads, int host)
    {
        TunDevice device = TunDevice.Open("tun%d", offloads);
        using var netlink = new RouteNetlink();
        int index = RouteNetlink.IndexOf(device.Name);
        netlink.AddAddress(index, System.Net.IPAddress.Parse($"10.9.0.{host}"), 24);
        netlink.AddAddress(index, System.Net.IPAddress.Parse($"fd09::{host}"), 64);
        netlink.SetLink(index, up: true, mtu: 1_400);
        return device;
    }

    private void Carry()
    {
        using var poller = new Poller(Left.Fd, Right.Fd, _stop.Fd);
        while (true)
        {
            poller.Wait(Instant.Never);
            if (poller.IsReady(_stop.Fd))
                return;
            int got = LeftReader.Take();
            for (int i = 0; i < got; i++)
            {
                Span<byte> packet = LeftReader.Packet(i);
                lock (_lengths)
                    _lengths.Add(packet.Length);
                RightWriter.Give(packet);
            }

            RightWriter.Flush();

            got = RightReader.Take();
            for (int i = 0; i < got; i++)
                LeftWriter.Give(RightReader.Packet(i));
            LeftWriter.Flush();
        }
    }
}
