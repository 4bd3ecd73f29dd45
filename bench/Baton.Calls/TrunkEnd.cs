using System.Net;
using System.Text.Json;
using Baton.Linux;
using Baton.Linux.Sockets;
using Baton.Wire;
using Baton.Wire.Rtp;

namespace Baton.Calls;

/// <summary>What an end of a trunk says: of the packets that both ends sent between the first second and the last.</summary>
internal sealed record TrunkReport(long Sent, long Heard, int CallsHeard, int MostLostOfACall, long SendDrops, double LateMs, double ProcessorSeconds);

/// <summary><c>trunk LOCAL REMOTE CALLS SECONDS</c>: one end of very many G.711 calls, such as a session border controller: one port, calls told apart by their SSRC, all of them spread over 20 ms.</summary>
/// <remarks>As cheap as an end can be that sends each packet by itself: what is due in a millisecond goes by one sendmmsg, what came is taken by recvmmsg into one long queue.</remarks>
internal static class TrunkEnd
{
    private const int Port = 20_000;
    private const int Samples = 160;

    /// <summary>Packets a system call.</summary>
    private const int Batch = 256;

    /// <summary>Before the next packets are due.</summary>
    private const int MostBatchesHeard = 8;
    private const int QueueBytes = 64 << 20;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1), Grid = TimeSpan.FromMilliseconds(20), Lead = TimeSpan.FromSeconds(2), Travel = TimeSpan.FromSeconds(1);

    public static int Run(IPAddress local, IPAddress remote, int calls, int seconds)
    {
        _ = Scheduling.TryRealTime(5);  // the ends are elsewhere, and do not wait for gateways
        using var listens = Open(Port);
        using var sends = Open(Port + 1);
        UdpEndpoint to = UdpEndpoint.From(new IPEndPoint(remote, Port));
        var heard = new int[calls];
        var sent = new int[calls];
        var late = TimeSpan.Zero;
        Instant began = MonotonicClock.Now + Lead, ends = began + TimeSpan.FromSeconds(seconds);
        Console.WriteLine("ready");
        double used = Environment.CpuUsage.TotalTime.TotalSeconds;
        long slot = 0;
        for (Instant next = began, now = MonotonicClock.Now; now < ends + Travel; next += Tick)
        {
            if (next > now)
                MonotonicClock.SleepUntil(next);
            now = MonotonicClock.Now;
            for (Instant due = Due(slot); due <= now && due < ends; due = Due(++slot))
            {
                late = now - due > late ? now - due : late;
                Speak((int)(slot % calls));
            }

            sends.Flush();
            Listen();
        }

        used = Environment.CpuUsage.TotalTime.TotalSeconds - used;
        Console.WriteLine(JsonSerializer.Serialize(new TrunkReport(
            sent.Sum(each => (long)each), heard.Sum(each => (long)each), heard.Count(each => each > 0), heard.Max(each => sent[0] - each), sends.SendDrops, late.TotalMilliseconds, used)));
        return 0;

        // Never UDP_SEGMENT or UDP_GRO: phones send each packet by itself.
        OuterSocket Open(int port) => new(new IPEndPoint(local, port), OuterKind.Udp, Batch, 512, QueueBytes, OuterOffloads.None);

        Instant Due(long at) => began + TimeSpan.FromTicks(Grid.Ticks * at / calls);

        void Speak(int call)
        {
            Span<byte> packet = sends.Reserve();
            RtpPacket.WriteHeader(packet, false, RtpPacket.Pcmu, (ushort)sent[call], (uint)(sent[call] * Samples), (uint)call);
            sent[call]++;
            sends.Queue(RtpPacket.HeaderBytes + Samples, to, default, 0, dontFragment: true);
        }

        void Listen()
        {
            for (int batch = 0; batch < MostBatchesHeard; batch++)
            {
                int got = listens.Receive();
                for (int i = 0; i < got; i++)
                {
                    Span<byte> packet = listens.Packet(i);
                    if (packet.Length == RtpPacket.HeaderBytes + Samples && RtpPacket.SsrcOf(packet) is var call && call < calls)
                        heard[call]++;
                }

                if (!listens.MayHaveMore)
                    break;
            }
        }
    }
}
