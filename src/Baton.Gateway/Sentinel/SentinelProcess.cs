using System.Net;
using Baton.Cluster.Configuration;
using Baton.Cluster.Heartbeats;
using Baton.Crypto.Frames;
using Baton.Linux;
using Baton.Linux.Netlink;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Gateway.Sentinel;

/// <summary>The small process beside a gateway: sends its heartbeats, and tells of its death at once.</summary>
/// <remarks>
/// <code>
///   watcher thread:  wait for the robust mutex --EOWNERDEAD--> tell Dead: 3 times at once, then every 100 ms for a second --> exit
///                                              --given------->  tell Stopped                                              --> exit
///   ticker thread:   every interval, on an absolute grid: progress? Alive : Hung (after hang-after without; <see cref="HangPatience"/>)
/// </code>
/// It shares neither heap nor collector with the gateway and allocates nothing once it runs. Both threads send under one lock: a frame takes
/// microseconds, and the notice of a death must not interleave with a heartbeat's counter.
/// </remarks>
public sealed class SentinelProcess : IDisposable
{
    private static readonly TimeSpan NoticeFor = TimeSpan.FromSeconds(1);
    /// <summary>A gateway that hangs so much longer than a witness waits has lost its role, if there is anybody to take it.</summary>
    private static readonly TimeSpan LongHang = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan NoticeEvery = TimeSpan.FromMilliseconds(100);

    private readonly SentinelOptions _options;
    private readonly SharedBlock _block;
    private readonly UdpBatch _socket;
    private readonly FrameSealer _sealer;
    private readonly UdpEndpoint[] _targets;
    private readonly Lock _sending = new();
    private readonly Lock _taking = new();
    private readonly RouteNetlink? _netlink;
    private readonly (string Device, IPAddress Address, int Bits)[] _addresses;
    private readonly byte[] _text = new byte[HeartbeatFrame.MaximumLength];
    private ulong _sequence;  // under _sending
    private bool _over;       // under _sending: the last word is said

    public SentinelProcess(SentinelOptions options)
    {
        _options = options;
        _block = SharedBlock.Open(options.Block);
        _socket = new UdpBatch(EndpointText.Parse(options.From), count: 16, packetBytes: 256, kernelBufferBytes: 1 << 16);
        Span<byte> random = stackalloc byte[8];
        System.Security.Cryptography.RandomNumberGenerator.Fill(random);

        // A nonce of the sentinel's own life, not the gateway's: a sentinel that is started again must not repeat an IV.
        _sealer = new FrameSealer(options.ClusterKey, options.KeyId, HeartbeatFrame.Label, BitConverter.ToUInt64(random));
        _targets = [.. options.Targets.Select(t => UdpEndpoint.From(EndpointText.Parse(t)))];

        _addresses = [.. options.Addresses.Select(Parse)];
        _netlink = _addresses.Length > 0 ? new RouteNetlink() : null;

        // Sequences of a later sentinel are above those of an earlier one: of this life of the gateway by the clock that no one sets, of those before it
        // by the time of day at which each began, across reboots too.
        _sequence = FirstSequence(options, MonotonicClock.Now);
    }

    /// <summary>Where a sentinel that starts now begins its numbers.</summary>
    internal static ulong FirstSequence(SentinelOptions options, Instant now) =>
        (options.GatewayStartedUnixMs * 1_000_000) + (ulong)Math.Max(0, now.Nanoseconds - options.GatewayStartedMonotonicNs);

    /// <summary>Entry of <c>baton sentinel</c>: reads its options from standard input, returns when the gateway is gone.</summary>
    public static int Main(TextReader input)
    {
        if (SentinelOptions.FromLine(input.ReadLine()) is not { } options)
        {
            Console.Error.WriteLine("baton sentinel is started by a gateway, with its options on standard input.");
            return 2;
        }

        Scheduling.NoCoreDump();
        using var sentinel = new SentinelProcess(options);
        sentinel.Run();
        return 0;
    }

    public void Run()
    {
        var ticker = new Thread(Tick) { IsBackground = true, Name = "ticker" };
        ticker.Start();
        _ = Scheduling.TryRealTime(30);
        Scheduling.TryLockMemory();
        _block[SentinelWord.Watching] = 1;
        bool died = _block.LockOwnerDied();
        if (!died && _block[SentinelWord.Stopped] == 0)
            died = true;  // it gave the mutex up without the word: treat it as the end it is
        LastWord(died ? HeartbeatKind.Dead : HeartbeatKind.Stopped);
    }

    public void Dispose()
    {
        _sealer.Dispose();
        _socket.Dispose();
        _block.Dispose();
        _netlink?.Dispose();
    }

    private void LastWord(HeartbeatKind kind)
    {
        lock (_sending)
            _over = true;
        Instant until = MonotonicClock.Now + NoticeFor;
        for (int i = 0; MonotonicClock.Now < until; i++)
        {
            lock (_sending)
                Send(kind);
            if (i == 2 && kind == HeartbeatKind.Dead)
                TakeAddresses();
            MonotonicClock.SleepUntil(MonotonicClock.Now + (i < 3 ? TimeSpan.FromMilliseconds(1) : NoticeEvery));
        }
    }

    private void Tick()
    {
        string? refused = Scheduling.TryRealTime(20);
        _block[SentinelWord.RealTime] = refused is null ? 1UL : 0UL;
        TimeSpan interval = TimeSpan.FromMicroseconds(_options.IntervalMicroseconds);
        var patience = new HangPatience(TimeSpan.FromMicroseconds(_options.HangAfterMicroseconds));
        ulong progress = 0;
        Instant progressAt = MonotonicClock.Now;
        bool hung = false;
        bool tookAddresses = false;
        Instant next = MonotonicClock.Now;

        // Look four times an interval, so that a hang is seen early; speak once an interval, and at once when it begins or ends.
        TimeSpan look = interval / 4;
        int phase = 0;
        while (true)
        {
            next += look;
            MonotonicClock.SleepUntil(next);
            Instant now = MonotonicClock.Now;
            long late = (now.Nanoseconds - next.Nanoseconds);
            if (late > (long)_block[SentinelWord.WorstLateness])
                _block[SentinelWord.WorstLateness] = (ulong)late;
            if (late > look.Ticks * 100 * 8)
            {
                // We were not run ourselves: what we did not see says nothing of the gateway.
                next = now;
                progressAt = now;
            }

            ulong seen = _block[SentinelWord.Progress];
            bool wasHung = hung;
            patience.Term(_block[SentinelWord.Term], now);
            TimeSpan hangAfter = patience.At(now);
            if (seen != progress)
                patience.Paused(now - progressAt, now);
            if (seen != progress)
                (progress, progressAt, hung, tookAddresses) = (seen, now, false, false);
            else if (now - progressAt >= hangAfter)
                hung = true;
            if (hung && !tookAddresses && now - progressAt >= hangAfter + LongHang)
            {
                tookAddresses = true;
                if (TakeAddresses())
                    _block[SentinelWord.TookAddresses] = 1;
            }

            if (hung && !wasHung)
                _block[SentinelWord.Hangs]++;
            if (++phase < 4 && hung == wasHung)
                continue;
            phase = 0;
            lock (_sending)
            {
                if (_over)
                    return;
                Send(hung ? HeartbeatKind.Hung : HeartbeatKind.Alive);
            }
        }
    }

    /// <summary>
    /// The machine's kernel would go on to answer for the addresses of a gateway that is dead or frozen, and a neighbour whose entry grows old could
    /// come back to it. True: there were some.
    /// </summary>
    private bool TakeAddresses()
    {
        bool any = false;
        lock (_taking)
        {
            foreach ((string device, IPAddress address, int bits) in _addresses)
            {
                try
                {
                    int index = RouteNetlink.IndexOf(device);
                    any |= index != 0 && _netlink!.RemoveAddress(index, address, bits);
                }
                catch (IOException)
                {
                    // Without the right to do it nothing is worse than before; 'baton check --system' names the right.
                }
            }
        }

        return any;
    }

    private static (string Device, IPAddress Address, int Bits) Parse(string text)
    {
        string[] parts = text.Split('/', '@');
        return (parts[2], IPAddress.Parse(parts[0]), int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture));
    }

    private void Send(HeartbeatKind kind)
    {
        var frame = new HeartbeatFrame(
            kind, new Incarnation(_options.Member, _options.Nonce), _block[SentinelWord.Term], ++_sequence,
            TimeSpan.FromMicroseconds(_options.IntervalMicroseconds));
        int length = frame.Write(_text);
        foreach (UdpEndpoint target in _targets)
            _socket.Queue(_sealer.Seal(_text.AsSpan(0, length), _socket.Reserve()), target);
        _socket.Flush();
        _block[SentinelWord.Sent]++;
    }
}
