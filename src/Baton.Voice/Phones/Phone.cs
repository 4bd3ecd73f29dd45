using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Baton.Linux;
using Baton.Voice.Audio;
using Baton.Voice.Inner;
using Baton.Voice.Rtp;
using Baton.Voice.Shell;
using Baton.Wire;
using Baton.Wire.Rtp;

namespace Baton.Voice.Phones;

/// <summary>One end of the call: a thread that speaks, a thread that listens.</summary>
internal sealed class Phone : IDisposable
{
    /// <summary>How much a packet may be held up and still be heard. Usual for a fixed jitter buffer.</summary>
    public static readonly TimeSpan PlayoutDelay = TimeSpan.FromMilliseconds(60);

    private readonly PhoneOptions _options;
    private readonly DatagramPort _port;
    private readonly KnownSenders _senders;
    private readonly SocketAddress _gateway;
    private readonly RtpSender _sender;
    private readonly Thread _speaking;
    private readonly Thread _listening;
    private volatile bool _stopping;

    // Under _heard:
    private readonly Lock _heard = new();
    private readonly RtpReceiver _receiver = new();
    private readonly PlayoutBuffer _playout = new(PlayoutDelay);
    private long _foreign;
    private long _markedLost;
    private long _markedReceived;

    // Under _spoken:
    private readonly Lock _spoken = new();
    private readonly GapMeter _sendGaps = new();

    public Phone(PhoneOptions options, ReadOnlyMemory<byte> speech)
    {
        _options = options;
        _port = new DatagramPort(options.Local);
        _senders = new KnownSenders([options.Gateway, .. options.AlsoFrom ?? []]);
        _gateway = options.Gateway.Serialize();
        // Unpredictable starts (RFC 3550 5.1).
        _sender = new RtpSender(
            speech,
            (uint)RandomNumberGenerator.GetInt32(int.MaxValue),
            (ushort)RandomNumberGenerator.GetInt32(0x8000),
            (uint)RandomNumberGenerator.GetInt32(int.MaxValue),
            MonotonicClock.Now);
        _speaking = PacketThread.Create("speak", PacketThread.AtEnd, Speak);
        _listening = PacketThread.Create("listen", PacketThread.AtEnd, Listen);
    }

    public IPEndPoint Local => _port.Local;

    public void Start()
    {
        _listening.Start();
        _speaking.Start();
    }

    public JsonObject Mark(string? name)
    {
        Instant now = MonotonicClock.Now;
        var answer = new JsonObject { ["name"] = name, ["t"] = now.Nanoseconds };
        lock (_spoken)
        {
            answer["sent"] = _sender.Sent;
            answer["sendGapMs"] = Milliseconds(_sendGaps.Longest);
            _sendGaps.Mark();
        }

        lock (_heard)
        {
            answer["received"] = _receiver.Received;
            answer["lost"] = _receiver.Lost;
            answer["duplicates"] = _receiver.Duplicates;
            answer["deliveredTwice"] = _receiver.Duplicates;
            answer["late"] = _playout.Late;
            answer["reordered"] = _receiver.Reordered;
            answer["foreign"] = _foreign + _receiver.Foreign + _receiver.Malformed;
            answer["firstSeq"] = _receiver.FirstSequence;
            answer["lastSeq"] = _receiver.LastSequence;
            answer["maxGapMs"] = Milliseconds(_receiver.Gaps.Longest);
            answer["maxGapAtNs"] = _receiver.Gaps.LongestAt.Nanoseconds;
            answer["openGapMs"] = Milliseconds(_receiver.Gaps.Open(now));
            answer["jitterMs"] = Milliseconds(_receiver.Jitter);
            answer["lostSinceMark"] = _receiver.Lost - _markedLost;
            answer["receivedSinceMark"] = _receiver.Received - _markedReceived;
            _markedLost = _receiver.Lost;
            _markedReceived = _receiver.Received;
            _receiver.Gaps.Mark();
        }

        return answer;
    }

    /// <summary>What the ear had of some stretches of the call.</summary>
    public JsonObject Quality(JsonElement command)
    {
        RtpArrival[] arrivals;
        lock (_heard)
            arrivals = [.. _receiver.Arrivals];
        return PhoneQuality.Answer(arrivals, PlayoutDelay, command);
    }

    /// <summary>Hangs up and writes the recording and the log.</summary>
    public JsonObject Stop()
    {
        _stopping = true;
        _speaking.Join();
        _port.Dispose();
        _listening.Join();

        JsonObject answer = Mark(null);
        if (_options.Record is { } record)
        {
            File.WriteAllBytes(record, WavFile.WritePcm(_playout.ToPcm()));
            answer["record"] = record;
            answer["recordStartNs"] = _playout.Start.Nanoseconds;
            answer["recordSeconds"] = _playout.Samples / (double)G711.SampleRate;
        }

        if (_options.Log is { } log)
            PhoneLog.Write(log, _receiver.Arrivals);
        return answer;
    }

    public void Dispose()
    {
        _stopping = true;
        _port.Dispose();
    }

    private void Speak()
    {
        var packet = new byte[InnerUdp.HeaderBytes + RtpSender.PacketBytes];
        while (!_stopping)
        {
            Instant now = MonotonicClock.Now;
            Instant due = _sender.Due;
            if (now < due)
            {
                MonotonicClock.SleepUntil(due);
                continue;
            }

            int payloadBytes;
            lock (_spoken)
            {
                payloadBytes = _sender.Write(packet.AsSpan(InnerUdp.HeaderBytes));
                _sendGaps.Arrive(now);
            }

            if (_options.Plain)
            {
                _port.Send(packet.AsSpan(InnerUdp.HeaderBytes, payloadBytes), _gateway);
                continue;
            }

            int bytes = InnerUdp.WriteHeaders(
                packet, payloadBytes, _options.SelfInner, _options.FarInner, DemoAddresses.RtpPort, DemoAddresses.RtpPort, (ushort)_sender.Sent);
            _port.Send(packet.AsSpan(0, bytes), _gateway);
        }
    }

    private void Listen()
    {
        var buffer = new byte[DatagramPort.LongestDatagram];
        var from = new SocketAddress(_options.Local.AddressFamily);
        while (_port.Receive(buffer, from) is var bytes and >= 0)
        {
            Instant now = MonotonicClock.Now;
            lock (_heard)
                Hear(buffer.AsSpan(0, bytes), from, now);
        }
    }

    private void Hear(ReadOnlySpan<byte> packet, SocketAddress from, Instant now)
    {
        if (!_senders.Knows(from) || !TryUnwrap(packet, out ReadOnlySpan<byte> datagram))
        {
            _foreign++;
            return;
        }

        if (_receiver.Receive(datagram, now, out RtpPacket rtp) is RtpVerdict.Received or RtpVerdict.Reordered)
            _playout.Put(rtp.Timestamp, rtp.Payload, now);
    }

    private bool TryUnwrap(ReadOnlySpan<byte> packet, out ReadOnlySpan<byte> rtp)
    {
        rtp = packet;
        if (_options.Plain) return true;
        if (!InnerUdp.TryParse(packet, out InnerUdp udp)
            || udp.Destination != _options.SelfInner
            || udp.Source != _options.FarInner
            || udp.DestinationPort != DemoAddresses.RtpPort)
            return false;
        rtp = udp.Payload;
        return true;
    }

    private static double Milliseconds(TimeSpan span) => Math.Round(span.TotalMilliseconds, 3);
}
