using System.Net;
using System.Text.Json;
using Baton.Linux;
using Baton.Linux.Sockets;
using Baton.Wire;

namespace Baton.Calls;

/// <summary>What the phones say of a stretch of time.</summary>
/// <param name="LostEach">By phone: packets for it that never came.</param>
/// <param name="GapEachMs">By phone: the longest time between two packets.</param>
/// <param name="LateMs">How late the bank sent a packet at most.</param>
internal sealed record BankReport(long Sent, long Lost, int Twice, int Wrong, int Reports, long SendDrops, double LateMs, IReadOnlyList<int> LostEach, IReadOnlyList<double> GapEachMs);

/// <summary><c>phones FILE</c>: very many phones in one process, two sockets each, all on one grid that is spread evenly over 20 ms. Told by lines: begin, end, quit.</summary>
internal sealed class PhoneBank : IDisposable
{
    private static readonly TimeSpan Grid = TimeSpan.FromMilliseconds(20), Turn = TimeSpan.FromMicroseconds(500), Travel = TimeSpan.FromMilliseconds(500);

    /// <summary>Calls begin one after the other, as they do.</summary>
    private static readonly TimeSpan BetweenCalls = TimeSpan.FromMilliseconds(4);

    private readonly Phone[] _phones;
    private readonly int[] _sockets;
    private readonly ulong[] _from;
    private readonly DatagramSet _set = new();
    private readonly byte[] _buffer = new byte[512];
    private TimeSpan _late;
    private int _twice;
    private int _wrong;
    private int _reports;
    private long _drops;

    private PhoneBank(IReadOnlyList<PhoneSetting> settings)
    {
        _phones = [.. settings.Select((setting, i) => new Phone(setting, i))];
        (_sockets, _from) = (new int[_phones.Length * 2], new ulong[_phones.Length]);
        for (int i = 0; i < _sockets.Length; i++)
        {
            IPEndPoint rtp = _phones[i / 2].Local;
            _sockets[i] = _set.Open(new IPEndPoint(rtp.Address, rtp.Port + (i % 2)), i, out string error);
            if (_sockets[i] < 0)
                throw new IOException(error);
        }
    }

    public static int Run(string file)
    {
        _ = Scheduling.TryRealTime(5);  // phones are elsewhere, and do not wait for gateways
        using var bank = new PhoneBank(JsonSerializer.Deserialize<PhoneSetting[]>(File.ReadAllText(file))!);
        var orders = new System.Collections.Concurrent.ConcurrentQueue<string>();
        new Thread(() =>
        {
            while (Console.ReadLine() is { } line)
                orders.Enqueue(line);
            orders.Enqueue("quit");
        })
        { IsBackground = true }.Start();
        Console.WriteLine("ready");
        bank.Talk(orders);
        return 0;
    }

    public void Dispose()
    {
        foreach (Phone phone in _phones)
            phone.Dispose();
        _set.Dispose();
    }

    private void Talk(System.Collections.Concurrent.ConcurrentQueue<string> orders)
    {
        Instant began = MonotonicClock.Now;
        Instant next = began;
        Instant? reportAt = null;
        var to = new ulong[_phones.Length];
        for (long slot = 0; ;)
        {
            Instant now = MonotonicClock.Now;
            for (Instant due = Due(slot); due <= now; due = Due(++slot))
                Speak((int)(slot % _phones.Length), now - began, now - due);
            Listen();
            if (reportAt <= now)
            {
                reportAt = null;
                Console.WriteLine(JsonSerializer.Serialize(Report(to)));
            }

            if (orders.TryDequeue(out string? order))
            {
                if (order == "quit")
                    return;
                if (order == "begin")
                    Begin(now);
                else
                    (to, reportAt) = ([.. _phones.Select(phone => phone.Number)], now + Travel);
            }

            next += Turn;
            if (next > now)
                MonotonicClock.SleepUntil(next);
            else
                next = now;
        }

        Instant Due(long at) => began + TimeSpan.FromTicks(Grid.Ticks * at / _phones.Length);
    }

    private void Speak(int index, TimeSpan age, TimeSpan late)
    {
        if (age < BetweenCalls * (index / 2))
            return;
        if (late > _late)
            _late = late;
        Phone phone = _phones[index];
        int length = phone.Speak(_buffer);
        _set.Send(_sockets[index * 2], _buffer.AsSpan(0, length), phone.Gateway);
        length = phone.Report(_buffer);
        if (length > 0)
            _set.Send(_sockets[(index * 2) + 1], _buffer.AsSpan(0, length), phone.GatewayRtcp);
    }

    private void Listen()
    {
        for (int ready = _set.Wait(); ready > 0; ready = _set.Wait())
        {
            Instant now = MonotonicClock.Now;
            for (int i = 0; i < ready; i++)
            {
                (int socket, int token) = _set.Ready(i);
                int got = _set.Receive(socket);
                for (int j = 0; j < got; j++)
                {
                    Span<byte> packet = _set.Packet(j, out int length)[..length];
                    if (token % 2 == 0)
                        _phones[token / 2].Hear(packet, now);
                    else
                        _phones[token / 2].HearReport(packet);
                }
            }
        }
    }

    private void Begin(Instant now)
    {
        (_late, _twice, _wrong, _reports, _drops) = (TimeSpan.Zero, _phones.Sum(phone => phone.Twice), _phones.Sum(phone => phone.Wrong), _phones.Sum(phone => phone.ReportsHeard), _set.SendDrops);
        for (int i = 0; i < _phones.Length; i++)
        {
            _phones[i].Begin(now);
            _from[i] = _phones[i].Number + 1;
        }
    }

    /// <summary>Phones 2n and 2n+1 talk with each other.</summary>
    private BankReport Report(ulong[] to)
    {
        int[] lost = [.. _phones.Select((phone, i) => phone.Lost(_from[i ^ 1], to[i ^ 1]))];
        long sent = to.Zip(_from, (last, first) => (long)(last - first) + 1).Sum();
        return new BankReport(
            sent, lost.Sum(), _phones.Sum(phone => phone.Twice) - _twice, _phones.Sum(phone => phone.Wrong) - _wrong, _phones.Sum(phone => phone.ReportsHeard) - _reports,
            _set.SendDrops - _drops, _late.TotalMilliseconds, lost, [.. _phones.Select(phone => Math.Round(phone.LongestGap.TotalMilliseconds, 1))]);
    }
}
