using System.Buffers.Binary;
using System.Net;
using Baton.Linux;
using Baton.Srtp;
using Baton.Wire;
using Baton.Wire.Rtp;

namespace Baton.Calls;

/// <summary>A phone as a file names it.</summary>
/// <param name="Local">Where it listens for RTP; RTCP is one above.</param>
/// <param name="Gateway">Where it sends to.</param>
/// <param name="Suite">Of both keys, which are in base64; null: plain.</param>
internal sealed record PhoneSetting(string Local, string Gateway, uint Ssrc, uint Hears, string? Suite, string? Key, string? GatewaysKey);

/// <summary>A phone: G.711 every 20 ms, a report every 5 s, and every number that it hears, once.</summary>
internal sealed class Phone : IDisposable
{
    public const int PacketBytes = RtpPacket.HeaderBytes + Samples;

    private const int Samples = 160;
    private const int ReportEvery = 250;
    private const int WindowSize = 1_024;

    private readonly uint _ssrc;
    private readonly int _reportsAt;
    private readonly OutboundSrtp? _seals;
    private readonly OutboundSrtcp? _sealsRtcp;
    private readonly InboundSrtp? _opens;
    private readonly InboundSrtcp? _opensRtcp;
    private ulong[] _heard = new ulong[256];
    private ulong _last;
    private Instant _lastAt;
    private ulong _reports;

    public Phone(PhoneSetting setting, int index)
    {
        (_ssrc, Hears, _reportsAt) = (setting.Ssrc, setting.Hears, index % ReportEvery);
        (Local, Gateway) = (IPEndPoint.Parse(setting.Local), UdpEndpoint.From(IPEndPoint.Parse(setting.Gateway)));
        IPEndPoint rtcp = IPEndPoint.Parse(setting.Gateway);
        GatewayRtcp = UdpEndpoint.From(new IPEndPoint(rtcp.Address, rtcp.Port + 1));
        if (setting.Suite is null)
            return;
        SrtpSuite suite = Enum.GetValues<SrtpSuite>().First(one => one.SdesName() == setting.Suite);
        var ours = new SrtpMasterKey(suite, Convert.FromBase64String(setting.Key!));
        var gateways = new SrtpMasterKey(suite, Convert.FromBase64String(setting.GatewaysKey!));
        (_seals, _sealsRtcp) = (new OutboundSrtp(_ssrc, ours), new OutboundSrtcp(_ssrc, ours, encrypted: true));
        (_opens, _opensRtcp) = (new InboundSrtp(Hears, gateways, WindowSize), new InboundSrtcp(Hears, gateways, encrypted: true, WindowSize));
    }

    public uint Hears { get; }

    public IPEndPoint Local { get; }

    public UdpEndpoint Gateway { get; }

    public UdpEndpoint GatewayRtcp { get; }

    /// <summary>The number of the last packet that it sent: ROC and SEQ, plus 1.</summary>
    public ulong Number { get; private set; }

    public int Twice { get; private set; }

    /// <summary>Not genuine, or not of whom it talks with.</summary>
    public int Wrong { get; private set; }

    public int ReportsHeard { get; private set; }

    /// <summary>Between two packets that it heard, since <see cref="Begin"/>.</summary>
    public TimeSpan LongestGap { get; private set; }

    public void Begin(Instant now) => (LongestGap, _lastAt) = (TimeSpan.Zero, now);

    /// <summary>Returns the length of the next packet.</summary>
    public int Speak(Span<byte> buffer)
    {
        Number++;
        RtpPacket.WriteHeader(buffer, false, RtpPacket.Pcmu, (ushort)(Number - 1), (uint)Number * Samples, _ssrc);
        buffer[RtpPacket.HeaderBytes..PacketBytes].Fill((byte)Number);
        int length = PacketBytes;
        _ = _seals?.Seal(buffer, length, Number, out length);
        return length;
    }

    /// <summary>An empty receiver report when it is time for one; 0: it is not.</summary>
    public int Report(Span<byte> buffer)
    {
        if ((Number % ReportEvery) != (ulong)_reportsAt)
            return 0;
        int length = 8;
        (buffer[0], buffer[1], buffer[2], buffer[3]) = (0x80, 201, 0, 1);
        BinaryPrimitives.WriteUInt32BigEndian(buffer[4..], _ssrc);
        _ = _sealsRtcp?.Seal(buffer, length, ++_reports, out length);
        return length;
    }

    public void Hear(Span<byte> packet, Instant now)
    {
        if (packet.Length < PacketBytes || RtpPacket.SsrcOf(packet) != Hears)
        {
            Wrong++;
            return;
        }

        ulong number = _last == 0 ? RtpPacket.SequenceOf(packet) + 1UL : _last + (ulong)(long)(short)(RtpPacket.SequenceOf(packet) + 1 - (ushort)_last);
        if (_opens is not null)
        {
            SrtpVerdict verdict = _opens.Check(packet, out number);
            if (verdict == SrtpVerdict.Passed)
                verdict = _opens.Open(packet, number, out _);
            if (verdict == SrtpVerdict.Passed && !_opens.Accept(number))
                verdict = SrtpVerdict.Replayed;
            if (verdict != SrtpVerdict.Passed)
            {
                _ = verdict == SrtpVerdict.Replayed ? Twice++ : Wrong++;
                return;
            }
        }

        if (packet[RtpPacket.HeaderBytes] != (byte)number)
        {
            Wrong++;
            return;
        }

        _last = Math.Max(_last, number);
        if (number / 64 >= (ulong)_heard.Length)
            Array.Resize(ref _heard, _heard.Length * 2);
        ref ulong word = ref _heard[number / 64];
        Twice += (int)((word >> (int)(number % 64)) & 1);
        word |= 1UL << (int)(number % 64);
        TimeSpan gap = now - _lastAt;
        if (gap > LongestGap)
            LongestGap = gap;
        _lastAt = now;
    }

    public void HearReport(Span<byte> packet)
    {
        bool genuine = packet.Length >= 8;
        if (_opensRtcp is not null)
            genuine = _opensRtcp.Check(packet, out ulong number) == SrtpVerdict.Passed && _opensRtcp.Open(packet, number, out _) == SrtpVerdict.Passed && _opensRtcp.Accept(number);
        _ = genuine ? ReportsHeard++ : Wrong++;
    }

    /// <summary>How many of these numbers it did not hear.</summary>
    public int Lost(ulong from, ulong to)
    {
        int lost = 0;
        for (ulong number = from; number <= to; number++)
            lost += number / 64 < (ulong)_heard.Length && ((_heard[number / 64] >> (int)(number % 64)) & 1) == 1 ? 0 : 1;
        return lost;
    }

    public void Dispose()
    {
        _seals?.Dispose();
        _sealsRtcp?.Dispose();
        _opens?.Dispose();
        _opensRtcp?.Dispose();
    }
}
