using System.Net;
using System.Text.Json;
using Baton.Linux;
using Baton.Linux.Sockets;
using Baton.Wire;
using Baton.Wire.Rtp;

namespace Baton.Calls;

/// <summary>What an end of a trunk says: of the packets that both ends sent between the first second and the last.</summary>
internal sealed record TrunkReport(long Sent, long Heard, int CallsHeard, int MostLostOfACall, long SendDrops, double LateMs);

/// <summary><c>trunk LOCAL REMOTE CALLS SECONDS</c>: one end of very many G.711 calls, such as a session border controller: some ports with many calls each, told apart by their SSRC, all of them spread over 20 ms.</summary>
internal static class TrunkEnd
{
    private const int FirstPort = 20_000;
    private const int Ports = 50;
    private const int Samples = 160;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(2), Grid = TimeSpan.FromMilliseconds(20), Lead = TimeSpan.FromSeconds(2), Travel = TimeSpan.FromSeconds(1);

    public static int Run(IPAddress local, IPAddress remote, int calls, int seconds)
    {
        _ = Scheduling.TryRealTime(5);  // the ends are elsewhere, and do not wait for gateways
        using var listens = new DatagramSet(512);
        for (int i = 0; i < Ports; i++)
        {
            if (listens.Open(new IPEndPoint(local, FirstPort + i), i, out string error) < 0)
                throw new IOException(error);
        }

        using var sends = new OuterSocket(new IPEndPoint(local, FirstPort + Ports), OuterKind.Udp, kernelBufferBytes: 8 << 20, offloads: OuterOffloads.None);
        UdpEndpoint[] to = [.. Enumerable.Range(0, calls).Select(i => UdpEndpoint.From(new IPEndPoint(remote, FirstPort + (i % Ports))))];
        var heard = new int[calls];
        var sent = new int[calls];
        var late = TimeSpan.Zero;
        Instant began = MonotonicClock.Now + Lead, ends = began + TimeSpan.FromSeconds(seconds);
        Console.WriteLine("ready");
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

        Console.WriteLine(JsonSerializer.Serialize(new TrunkReport(
            sent.Sum(each => (long)each), heard.Sum(each => (long)each), heard.Count(each => each > 0), heard.Max(each => sent[0] - each), sends.SendDrops, late.TotalMilliseconds)));
        return 0;

        Instant Due(long at) => began + TimeSpan.FromTicks(Grid.Ticks * at / calls);

        void Speak(int call)
        {
            Span<byte> packet = sends.Reserve();
            RtpPacket.WriteHeader(packet, false, RtpPacket.Pcmu, (ushort)sent[call], (uint)(sent[call] * Samples), (uint)call);
            sent[call]++;
            sends.Queue(RtpPacket.HeaderBytes + Samples, to[call], default, 0, dontFragment: true);
        }

        void Listen()
        {
            for (int ready = listens.Wait(); ready > 0; ready = listens.Wait())
            {
                for (int i = 0; i < ready; i++)
                {
                    (int socket, _) = listens.Ready(i);
                    int got = listens.Receive(socket);
                    for (int j = 0; j < got; j++)
                    {
                        Span<byte> packet = listens.Packet(j, out int length)[..length];
                        if (length == RtpPacket.HeaderBytes + Samples && RtpPacket.SsrcOf(packet) is var call && call < calls)
                            heard[call]++;
                    }
                }
            }
        }
    }
}
