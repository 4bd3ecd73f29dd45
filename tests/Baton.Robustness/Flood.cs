using System.Net;
using Baton.Linux;
using Baton.Wire;

namespace Baton.Robustness;

/// <summary>One port under attack, and genuine datagrams of its kind.</summary>
internal sealed record Target(string Name, IPEndPoint Port, byte[][] Genuine)
{
    public long Sent { get; set; }
}

/// <summary>A third random, a third genuine ones with every field changed in turn (one in eight untouched: a replay), a third cut off at every length.</summary>
internal sealed class Flood(IReadOnlyList<Target> targets, IPAddress from, int seed) : IDisposable
{
    private readonly UdpBatch _socket = new(new IPEndPoint(from, 0));
    private readonly Random _random = new(seed);
    private readonly byte[] _bytes = new byte[2_048];
    private long _n;

    /// <summary>Sends so many, evenly over the targets and over time.</summary>
    public void Run(long count, int perSecond, CancellationToken cancellation)
    {
        Instant start = MonotonicClock.Now;
        long drops = _socket.SendDrops;
        for (long i = 0; i < count && !cancellation.IsCancellationRequested; i++, _n++)
        {
            Target target = targets[(int)(_n % targets.Count)];
            int length = Make(target.Genuine, _n / targets.Count);
            _socket.Send(_bytes.AsSpan(0, length), UdpEndpoint.From(target.Port));
            target.Sent++;
            Instant due = start + TimeSpan.FromSeconds((i + 1.0) / perSecond);
            if (i % 8 != 7)
                continue;
            _socket.Flush();
            if (due > MonotonicClock.Now)
                MonotonicClock.SleepUntil(due);
        }

        _socket.Flush();
        Assert.Equal(drops, _socket.SendDrops);  // what was sent has reached its socket, or its socket's drop counter
    }

    public void Dispose() => _socket.Dispose();

    /// <param name="n">The how-manieth for this target: it says which field, which length.</param>
    private int Make(byte[][] genuine, long n)
    {
        long turn = n / 3;
        if (n % 3 == 0 || genuine.Length == 0)
        {
            int random = _random.Next(0, 1_500);
            _random.NextBytes(_bytes.AsSpan(0, random));
            return random;
        }

        byte[] one = genuine[_random.Next(genuine.Length)];
        int length = Math.Min(one.Length, 1_500);
        one.AsSpan(0, length).CopyTo(_bytes);
        if (n % 3 == 2)
            return (int)(turn % length);                            // never whole
        if (turn % 8 == 7)
            return length;                                          // a replay

        // Headers have the most fields: every other change hits the first 40 bytes.
        int at = (int)(turn / 2 % (turn % 2 == 0 ? length : Math.Min(length, 40)));
        _bytes[at] = (turn % 5) switch { 0 => 0x00, 1 => 0xFF, 2 => (byte)(_bytes[at] + 1), 3 => (byte)(_bytes[at] ^ 0x80), _ => (byte)_random.Next(256) };
        if (_bytes[at] == one[at])
            _bytes[at] ^= 1;
        return length;
    }
}

/// <summary>Datagrams that the kernel threw away because a socket's queue was full (man 5 proc, /proc/net/udp).</summary>
internal static class KernelDrops
{
    public static long Of(IPEndPoint port)
    {
        string local = $"{BitConverter.ToUInt32(port.Address.GetAddressBytes()):X8}:{port.Port:X4}";
        foreach (string line in File.ReadLines("/proc/net/udp").Skip(1))
        {
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields[1] == local)
                return long.Parse(fields[^1], System.Globalization.CultureInfo.InvariantCulture);
        }

        return 0;
    }
}
