using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using Baton.Linux;
using Baton.Linux.Sockets;
using Baton.Wire;

namespace Baton.Throughput;

/// <summary>The two ends of a fixed rate of small packets, each a process on its host: <c>udp-sink</c> and <c>udp-send</c>.</summary>
public static class UdpEnds
{
    /// <summary>An IP packet of 200 bytes.</summary>
    public const int SmallPayload = 200 - 20 - 8;

    private const int KernelBuffer = 64 << 20;

    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(300);

    /// <summary>Takes packets until none has come for a while; says how many there were.</summary>
    public static int Sink(IPEndPoint local)
    {
        using var socket = new OuterSocket(local, OuterKind.Udp, kernelBufferBytes: KernelBuffer);
        using var poller = new Poller(socket.Fd);
        Console.WriteLine("listening");
        long packets = 0;
        Instant until = MonotonicClock.Now + TimeSpan.FromSeconds(10);  // nobody may come at all
        while (MonotonicClock.Now < until)
        {
            poller.Wait(until);
            for (int got = socket.Receive(); got > 0; got = socket.Receive())
            {
                packets += got;
                until = MonotonicClock.Now + Silence;
            }
        }

        Console.WriteLine(packets);
        return 0;
    }

    /// <summary>Sends at a rate, on a grid of a millisecond; says how many packets went in how many seconds.</summary>
    /// <param name="runs">As runs of UDP_SEGMENT, which a gateway's TUN device hands over as they are (USO); else a packet at a time.</param>
    public static int Send(IPEndPoint target, int rate, double seconds, bool runs, int payload = SmallPayload)
    {
        IPAddress any = target.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;
        using var socket = new OuterSocket(new IPEndPoint(any, 0), OuterKind.Udp, kernelBufferBytes: KernelBuffer, offloads: runs ? OuterOffloads.Send : OuterOffloads.None);
        var to = UdpEndpoint.From(target);
        var grid = TimeSpan.FromMilliseconds(1);
        Instant began = MonotonicClock.Now;
        Instant ends = began + TimeSpan.FromSeconds(seconds);
        long sent = 0;
        Instant now = began;
        for (Instant tick = began + grid; now < ends; tick += grid)
        {
            MonotonicClock.SleepUntil(tick);
            now = MonotonicClock.Now;
            long due = (long)(rate * (now - began).TotalSeconds);
            while (sent < due && MonotonicClock.Now < ends)
            {
                for (int i = 0; i < 64 && sent < due; i++, sent++)
                {
                    Span<byte> packet = socket.Reserve()[..payload];
                    BinaryPrimitives.WriteInt64BigEndian(packet, sent);
                    socket.Queue(payload, to, default, 0, dontFragment: true);
                }

                socket.Flush();
            }
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{sent - socket.SendDrops} {(MonotonicClock.Now - began).TotalSeconds}"));
        return 0;
    }
}
