using System.Net;
using System.Security.Cryptography;
using Baton.Linux;
using Baton.Srtp;
using Baton.Srtp.Sdes;
using Baton.Voice.Shell;
using Baton.Wire;

namespace Baton.Voice.Calls;

/// <summary>Both phones of each of many calls, on one clock: one thread speaks and listens for all of them.</summary>
internal sealed class CallPhones : IDisposable
{
    private readonly CallPhonesOptions _options;
    private readonly ReadOnlyMemory<byte> _atPlain;
    private readonly ReadOnlyMemory<byte> _atSecure;
    private readonly UdpBatch _injector;
    private readonly WakeEvent _changed = new();
    private readonly Thread _thread;
    private volatile bool _stopping;

    // Under _lock:
    private readonly Lock _lock = new();
    private readonly List<CallPair> _calls = [];
    private readonly Queue<Action> _injections = [];
    private TimeSpan _injectEvery;
    private Instant _injectDue = Instant.Never;
    private bool _more;

    public CallPhones(CallPhonesOptions options, ReadOnlyMemory<byte> atPlain, ReadOnlyMemory<byte> atSecure)
    {
        (_options, _atPlain, _atSecure) = (options, atPlain, atSecure);
        _injector = new UdpBatch(options.Injector, count: 16, packetBytes: 512);
        _thread = PacketThread.Create("phones", PacketThread.AtEnd, Run);
    }

    /// <summary>Arrivals at all SRTP phones, and at all plain ones, as one stream each: with calls out of step its gaps are finer than one call's.</summary>
    public ArrivalStream ToSecure { get; } = new();

    public ArrivalStream ToPlain { get; } = new();

    public IPEndPoint Local => _options.Injector;

    public void Start() => _thread.Start();

    /// <summary>Reads or changes something between two turns of the packet thread.</summary>
    public T Between<T>(Func<IReadOnlyList<CallPair>, T> look)
    {
        lock (_lock) return look(_calls);
    }

    /// <summary>One more call; both phones speak from now on.</summary>
    /// <param name="phase">0 to 1: where in the 20 ms its packets lie.</param>
    public CallPair Add(CallSetting setting, double phase)
    {
        uint plainSsrc = (uint)RandomNumberGenerator.GetInt32(1, int.MaxValue), secureSsrc = (uint)RandomNumberGenerator.GetInt32(1, int.MaxValue);
        using SrtpMasterKey ours = KeyOf(setting.OurCrypto), gateways = KeyOf(setting.GatewayCrypto);
        long frame = Rtp.RtpSender.FrameTime.Ticks * 100;
        var start = new Instant((((MonotonicClock.Now.Nanoseconds / frame) + 2) * frame) + (long)(phase * frame));
        UdpEndpoint injector = UdpEndpoint.From(_options.Injector);
        var plain = new CallEnd(new IPEndPoint(_options.Plain, setting.Port), setting.PlainGateway, injector, _atPlain, plainSsrc, setting.First, null, start);
        var secure = new CallEnd(new IPEndPoint(_options.Secure, setting.Port), setting.SecureGateway, injector, _atSecure, secureSsrc, setting.First,
            new CallKeys(ours, gateways, secureSsrc, plainSsrc), start);
        var call = new CallPair(setting.Id, plain, secure);
        lock (_lock)
        {
            _calls.Add(call);
            _more = true;
        }

        _changed.Set();
        return call;
    }

    /// <summary>Sends what was recorded in a stretch once more: to the gateway what the phones had said, to the SRTP phones what the gateway had sealed. Returns when all has left.</summary>
    /// <remarks>A plain phone's reports are left out: they have no number that anybody could check.</remarks>
    public (long ToGateway, long ToPhones) Inject(Instant from, Instant to, double packetsPerSecond)
    {
        using var done = new ManualResetEventSlim();
        long toGateway = 0, toPhones = 0;
        lock (_lock)
        {
            foreach (CallPair call in _calls)
            {
                foreach (CallEnd end in new[] { call.Plain, call.Secure })
                {
                    foreach (CallPacket one in end.Said.Where(one => one.At >= from && one.At < to && (end.IsSecure || !one.IsRtcp)))
                    {
                        _injections.Enqueue(() => end.Again(one));
                        toGateway++;
                    }

                    foreach (CallPacket one in end.Heard.Where(one => one.At >= from && one.At < to))
                    {
                        _injections.Enqueue(() => ToPhone(end, one));
                        toPhones++;
                    }
                }
            }

            _injections.Enqueue(done.Set);
            (_injectEvery, _injectDue) = (TimeSpan.FromSeconds(1 / packetsPerSecond), MonotonicClock.Now);
        }

        _changed.Set();
        done.Wait();
        return (toGateway, toPhones);
    }

    /// <summary>The packet thread ends; counts stay readable.</summary>
    public void Stop()
    {
        _stopping = true;
        _changed.Set();
        _thread.Join();
    }

    public void Dispose()
    {
        if (_thread.IsAlive) Stop();
        foreach (CallPair call in _calls) call.Dispose();
        _injector.Dispose();
        _changed.Dispose();
    }

    private static SrtpMasterKey KeyOf(string crypto) =>
        CryptoAttribute.TryParse(crypto, out CryptoAttribute? attribute) == SdesVerdict.Parsed ? attribute!.Key : throw new ArgumentException("a crypto attribute cannot be read");

    private void Run()
    {
        Poller? poller = null;
        while (!_stopping)
        {
            Instant due;
            lock (_lock)
            {
                if (poller is null || _more)
                {
                    poller?.Dispose();
                    poller = new Poller([_changed.Fd, .. _calls.SelectMany(call => new[] { call.Plain, call.Secure }).SelectMany(end => new[] { end.RtpFd, end.RtcpFd })]);
                    _more = false;
                }

                due = Turn(poller);
            }

            poller.Wait(due);
            if (poller.IsReady(_changed.Fd)) _changed.Reset();
        }

        poller?.Dispose();
    }

    /// <summary>Listens first: an arrival is noted as early as it can be.</summary>
    private Instant Turn(Poller poller)
    {
        Instant now = MonotonicClock.Now, due = Instant.Never;
        foreach (CallPair call in _calls)
        {
            if (poller.IsReady(call.Plain.RtpFd) || poller.IsReady(call.Plain.RtcpFd)) call.Plain.Listen(now, ToPlain.Arrive);
            if (poller.IsReady(call.Secure.RtpFd) || poller.IsReady(call.Secure.RtcpFd)) call.Secure.Listen(now, ToSecure.Arrive);
        }

        foreach (CallPair call in _calls)
        {
            call.Plain.Speak(now);
            call.Secure.Speak(now);
            due = Instant.Min(due, Instant.Min(call.Plain.Due, call.Secure.Due));
        }

        while (_injectDue <= now && _injections.TryDequeue(out Action? injection))
        {
            injection();
            _injectDue = _injections.Count == 0 ? Instant.Never : _injectDue + _injectEvery;
        }

        return Instant.Min(due, _injectDue);
    }

    private void ToPhone(CallEnd end, in CallPacket packet)
    {
        UdpEndpoint to = packet.IsRtcp ? end.Local with { Port = (ushort)(end.Local.Port + 1) } : end.Local;
        _injector.Send(packet.Bytes, to);
        _injector.Flush();
    }
}

/// <summary>The two phones of a call.</summary>
internal sealed record CallPair(string Id, CallEnd Plain, CallEnd Secure) : IDisposable
{
    public void Dispose()
    {
        Plain.Dispose();
        Secure.Dispose();
    }
}
