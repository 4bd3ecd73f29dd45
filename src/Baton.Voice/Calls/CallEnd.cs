using System.Buffers.Binary;
using System.Net;
using Baton.Linux;
using Baton.Srtp;
using Baton.Voice.Rtp;
using Baton.Wire;
using Baton.Wire.Rtp;

namespace Baton.Voice.Calls;

/// <summary>One phone of a call that a media gateway relays: plain, or SRTP with keys of its own. Speaks every 20 ms, reports five times a second, and keeps every packet that it sent or heard.</summary>
/// <remarks>One owner thread; readings are its owner's to guard. What <em>replays</em> come from the injector's address is judged apart, as any phone would judge it.</remarks>
internal sealed class CallEnd : IDisposable
{
    /// <summary>How much a packet may be held up and still be heard.</summary>
    public static readonly TimeSpan PlayoutDelay = TimeSpan.FromMilliseconds(60);

    private const int ReportEvery = 10;
    private const int ReportBytes = 12;
    private const int PacketBytes = 512;

    private readonly UdpBatch _rtp;
    private readonly UdpBatch _rtcp;
    private readonly UdpEndpoint _gateway;
    private readonly UdpEndpoint _gatewayRtcp;
    private readonly UdpEndpoint _injector;
    private readonly RtpSender _sender;
    private readonly CallKeys? _keys;
    private readonly NumberSet _rtpNumbers = new();
    private readonly NumberSet _rtcpNumbers = new();
    private readonly byte[] _buffer = new byte[PacketBytes];
    private ulong _number;
    private uint _reports;

    /// <param name="firstSequence">Of what it says.</param>
    /// <param name="keys">Null: plain. Becomes this end's.</param>
    public CallEnd(IPEndPoint local, IPEndPoint gateway, UdpEndpoint injector, ReadOnlyMemory<byte> speech, uint ssrc, ushort firstSequence, CallKeys? keys, Instant start)
    {
        _rtp = new UdpBatch(local, count: 16, PacketBytes);
        _rtcp = new UdpBatch(new IPEndPoint(local.Address, local.Port + 1), count: 16, PacketBytes);
        (_gateway, _gatewayRtcp) = (UdpEndpoint.From(gateway), UdpEndpoint.From(new IPEndPoint(gateway.Address, gateway.Port + 1)));
        (Ssrc, _injector, _keys, _number) = (ssrc, injector, keys, firstSequence + 1UL);
        _sender = new RtpSender(speech, ssrc, firstSequence, (uint)firstSequence * RtpSender.FrameSamples, start);
    }

    public uint Ssrc { get; }

    public bool IsSecure => _keys is not null;

    public int RtpFd => _rtp.Fd;

    public int RtcpFd => _rtcp.Fd;

    public UdpEndpoint Local => _rtp.Local;

    public RtpReceiver Receiver { get; } = new();

    public PlayoutBuffer Playout { get; } = new(PlayoutDelay);

    /// <summary>What left, as it was on the wire.</summary>
    public List<CallPacket> Said { get; } = [];

    /// <summary>What came under a key and was accepted, as it was on the wire.</summary>
    public List<CallPacket> Heard { get; } = [];

    /// <summary>The indexes plus 1 of the reports that its gateway sealed; a plain phone's are the far phone's own numbers.</summary>
    public List<(Instant At, ulong Number)> Reports { get; } = [];

    /// <summary>Packets of its gateway with an index that had come before: every one is remembered.</summary>
    public long Repeats { get; private set; }

    /// <summary>Packets of its gateway that had not come before and lie left of the window: what a deposed member still sent, after a jump.</summary>
    public long TooOld { get; private set; }

    /// <summary>Packets of its gateway that were not genuine.</summary>
    public long Wrong { get; private set; }

    public long ReplaysRefused { get; private set; }

    public long ReplaysAccepted { get; private set; }

    public Instant Due => _sender.Due;

    /// <summary>Says what is due.</summary>
    public void Speak(Instant now)
    {
        while (_sender.Due <= now)
        {
            int length = _sender.Write(_buffer);
            _ = _keys?.Seals.Seal(_buffer, length, _number, out length);
            _number++;
            Send(_rtp, _buffer.AsSpan(0, length), _gateway, isRtcp: false, now);
            if (_sender.Sent % ReportEvery == 1) Report(now);
        }
    }

    /// <summary>Takes what waits. <paramref name="arrived"/>: once for each packet of the call that had not come before.</summary>
    public void Listen(Instant now, Action<Instant> arrived)
    {
        for (int i = 0, got = _rtp.Receive(); i < got; i++)
        {
            Span<byte> packet = _rtp.Packet(i);
            if (_rtp.From(i) == _injector) Refuse(packet, isRtcp: false);
            else if (_rtp.From(i) == _gateway && HearRtp(packet, now)) arrived(now);
        }

        for (int i = 0, got = _rtcp.Receive(); i < got; i++)
        {
            if (_rtcp.From(i) == _injector) Refuse(_rtcp.Packet(i), isRtcp: true);
            else if (_rtcp.From(i) == _gatewayRtcp) HearRtcp(_rtcp.Packet(i), now);
        }
    }

    /// <summary>Sends once more what this end had sent.</summary>
    public void Again(in CallPacket packet)
    {
        (UdpBatch socket, UdpEndpoint to) = packet.IsRtcp ? (_rtcp, _gatewayRtcp) : (_rtp, _gateway);
        socket.Send(packet.Bytes, to);
        socket.Flush();
    }

    /// <summary>A packet that its gateway had sent comes once more, as if from its gateway: the count of repeats must say so.</summary>
    public void Plant()
    {
        if (Heard.LastOrDefault(one => !one.IsRtcp) is { Bytes: { } bytes }) _ = HearRtp([.. bytes], MonotonicClock.Now);
    }

    public void Dispose()
    {
        _rtp.Dispose();
        _rtcp.Dispose();
        _keys?.Dispose();
    }

    /// <summary>An empty receiver report with a profile's own number behind it (RFC 3550 6.4.2).</summary>
    private void Report(Instant now)
    {
        int length = ReportBytes;
        _buffer.AsSpan(0, length).Clear();
        (_buffer[0], _buffer[1], _buffer[3]) = (0x80, 201, 2);
        BinaryPrimitives.WriteUInt32BigEndian(_buffer.AsSpan(4), Ssrc);
        BinaryPrimitives.WriteUInt32BigEndian(_buffer.AsSpan(8), ++_reports);
        _ = _keys?.SealsRtcp.Seal(_buffer, length, _reports, out length);
        Send(_rtcp, _buffer.AsSpan(0, length), _gatewayRtcp, isRtcp: true, now);
    }

    private void Send(UdpBatch socket, ReadOnlySpan<byte> packet, in UdpEndpoint to, bool isRtcp, Instant now)
    {
        socket.Send(packet, to);
        socket.Flush();
        Said.Add(new CallPacket(now, isRtcp, packet.ToArray()));
    }

    private bool HearRtp(Span<byte> packet, Instant now)
    {
        byte[]? sealedBytes = _keys is null ? null : packet.ToArray();
        if (_keys is not null)
        {
            SrtpVerdict verdict = _keys.Open(packet, isRtcp: false, out ulong index, out int length);
            if (!Note(verdict, _rtpNumbers, index))
            {
                return false;
            }

            packet = packet[..length];
        }

        switch (Receiver.Receive(packet, now, out RtpPacket rtp))
        {
            case RtpVerdict.Received or RtpVerdict.Reordered:
                Playout.Put(rtp.Timestamp, rtp.Payload, now);
                if (sealedBytes is not null) Heard.Add(new CallPacket(now, false, sealedBytes));
                return true;
            case RtpVerdict.Duplicate:
                return false;
            default:
                Wrong++;
                return false;
        }
    }

    private void HearRtcp(Span<byte> packet, Instant now)
    {
        byte[] bytes = packet.ToArray();
        ulong number = packet.Length < ReportBytes ? 0 : BinaryPrimitives.ReadUInt32BigEndian(packet[8..]);
        if (_keys is not null)
        {
            SrtpVerdict verdict = _keys.Open(packet, isRtcp: true, out number, out _);
            if (!Note(verdict, _rtcpNumbers, number)) return;

            Heard.Add(new CallPacket(now, true, bytes));
        }

        Reports.Add((now, number));
    }

    /// <summary>Remembers the index of what was genuine or may be; true: it was genuine and new.</summary>
    private bool Note(SrtpVerdict verdict, NumberSet numbers, ulong number)
    {
        if (verdict is not (SrtpVerdict.Passed or SrtpVerdict.Replayed)) Wrong++;
        else if (!numbers.Add(number)) Repeats++;
        else if (verdict == SrtpVerdict.Replayed) TooOld++;
        else return true;
        return false;
    }

    private void Refuse(Span<byte> packet, bool isRtcp)
    {
        SrtpVerdict verdict = _keys is null ? SrtpVerdict.Passed : _keys.Open(packet, isRtcp, out _, out _);
        if (verdict == SrtpVerdict.Replayed) ReplaysRefused++;
        else ReplaysAccepted++;
    }
}

/// <summary>One packet as it was on the wire.</summary>
internal readonly record struct CallPacket(Instant At, bool IsRtcp, byte[] Bytes);
