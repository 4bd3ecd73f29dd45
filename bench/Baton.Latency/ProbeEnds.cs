using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using Baton.Linux;
using Baton.Wire;

namespace Baton.Latency;

/// <summary>One probe that came: its number, and when it left and came by CLOCK_MONOTONIC, which all hosts of the lab share.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct Arrival(long Number, long Left, long Came);

/// <summary>The two ends of a thin flow of stamped packets, each a process on its host: <c>probe-send</c> and <c>probe-sink</c>.</summary>
/// <remarks>Both have real-time priority below the gateways', so that what is measured is the way and not whether an end was let run.</remarks>
public static class ProbeEnds
{
    public const int PacketBytes = 100;

    private const int Priority = 5;

    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(1);

    /// <summary>Sends on a grid; the stamp of each is when it was handed to the kernel. Says how many were sent.</summary>
    public static int Send(IPEndPoint target, TimeSpan every, TimeSpan during)
    {
        using var socket = new UdpBatch(new IPEndPoint(IPAddress.Any, 0), count: 1, packetBytes: PacketBytes);
        var to = UdpEndpoint.From(target);
        _ = Scheduling.TryRealTime(Priority);
        Instant began = MonotonicClock.Now;
        Instant ends = began + during;
        long number = 0;
        for (Instant next = began + every; next < ends; next += every, number++)
        {
            MonotonicClock.SleepUntil(next);
            Span<byte> packet = socket.Reserve();
            BinaryPrimitives.WriteInt64BigEndian(packet, number);
            BinaryPrimitives.WriteInt64BigEndian(packet[8..], MonotonicClock.Now.Nanoseconds);
            socket.Queue(PacketBytes, to);
            socket.Flush();
        }

        Console.WriteLine(number);
        return 0;
    }

    /// <summary>Takes probes until none has come for a while, then writes them into a file.</summary>
    public static int Sink(IPEndPoint local, string file)
    {
        using var socket = new UdpBatch(local, count: 64, packetBytes: 2 * PacketBytes);
        using var poller = new Poller(socket.Fd);
        var arrivals = new Arrival[1 << 20];
        int count = 0;
        _ = Scheduling.TryRealTime(Priority);
        Console.WriteLine("listening");
        Instant until = MonotonicClock.Now + FirstPatience;
        while (MonotonicClock.Now < until && count < arrivals.Length - 64)
        {
            poller.Wait(until);
            int got = socket.Receive();
            Instant now = MonotonicClock.Now;
            for (int i = 0; i < got; i++)
            {
                ReadOnlySpan<byte> packet = socket.Packet(i);
                if (packet.Length == PacketBytes)
                    arrivals[count++] = new Arrival(BinaryPrimitives.ReadInt64BigEndian(packet), BinaryPrimitives.ReadInt64BigEndian(packet[8..]), now.Nanoseconds);
            }

            if (got > 0) until = now + Silence;
        }

        File.WriteAllBytes(file, MemoryMarshal.AsBytes(arrivals.AsSpan(0, count)).ToArray());
        return 0;
    }

    public static Arrival[] Read(string file) => MemoryMarshal.Cast<byte, Arrival>(File.ReadAllBytes(file)).ToArray();
}
