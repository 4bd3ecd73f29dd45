using System.Buffers.Binary;
using Baton.Linux;
using Baton.Srtp;
using Baton.Voice.MediaGateway;
using Baton.Wire;
using Baton.Wire.Rtp;

namespace Baton.Voice.Tests.MediaGateway;

/// <summary>A phone of a call: talks and hears RTP and RTCP, plain or as a real SRTP endpoint.</summary>
internal sealed class TestPhone : IDisposable
{
    private const int Window = 128;
    private readonly SrtpMasterKey? _ours;
    private readonly SrtpMasterKey? _gateways;
    private readonly OutboundSrtp? _seals;
    private readonly OutboundSrtcp? _sealsRtcp;
    private InboundSrtp? _opens;
    private InboundSrtcp? _opensRtcp;

    public TestPhone(byte host, SrtpSuite? suite, uint ssrc)
    {
        (Ssrc, Rtp, Rtcp) = (ssrc, new(IpAddress.V4(0x0A000000u + host), 4000), new(IpAddress.V4(0x0A000000u + host), 4001));
        if (suite is not { } spoken)
            return;
        _ours = Key(spoken, (byte)(host * 2));
        _gateways = Key(spoken, (byte)((host * 2) + 1));
        (_seals, _sealsRtcp) = (new OutboundSrtp(ssrc, _ours), new OutboundSrtcp(ssrc, _ours, encrypted: true));
    }

    public uint Ssrc { get; }

    public UdpEndpoint Rtp { get; set; }

    public UdpEndpoint Rtcp { get; }

    /// <summary>The next packet's number.</summary>
    public ulong Next { get; set; } = 1;

    /// <summary>What it heard and took for genuine: the text of each.</summary>
    public List<string> Heard { get; } = [];

    /// <summary>What it refused.</summary>
    public List<SrtpVerdict> Refused { get; } = [];

    public MediaLegDescription Signalled(bool mux = false) => new(Rtp, Rtcp, mux, _ours, _gateways);

    /// <summary>The next packet of RTP, as it leaves.</summary>
    public byte[] Talk(string text) => Talk(Next++, text, Ssrc);

    public byte[] Talk(ulong number, string text, uint ssrc)
    {
        byte[] buffer = new byte[RtpPacket.HeaderBytes + text.Length + SrtpSuites.MostOverhead];
        int length = RtpPacket.HeaderBytes + text.Length;
        RtpPacket.WriteHeader(buffer, false, RtpPacket.Pcmu, (ushort)(number - 1), (uint)number * 160, ssrc);
        System.Text.Encoding.ASCII.GetBytes(text, buffer.AsSpan(RtpPacket.HeaderBytes));
        if (_seals is not null)
            Assert.Equal(SrtpVerdict.Passed, _seals.Seal(buffer, length, number, out length));
        return buffer[..length];
    }

    /// <summary>A receiver report without blocks, and a text behind it.</summary>
    public byte[] Report(ulong number, string text)
    {
        byte[] buffer = new byte[8 + text.Length + SrtpSuites.MostOverhead];
        int length = 8 + text.Length;
        (buffer[0], buffer[1]) = (0x80, 201);
        BinaryPrimitives.WriteUInt32BigEndian(buffer.AsSpan(4), Ssrc);
        System.Text.Encoding.ASCII.GetBytes(text, buffer.AsSpan(8));
        if (_sealsRtcp is not null)
            Assert.Equal(SrtpVerdict.Passed, _sealsRtcp.Seal(buffer, length, number, out length));
        return buffer[..length];
    }

    /// <summary>A whole report of its own, as it leaves.</summary>
    public byte[] Report(ulong number, byte[] plain)
    {
        byte[] buffer = [.. plain, .. new byte[SrtpSuites.MostOverhead]];
        int length = plain.Length;
        if (_sealsRtcp is not null)
            Assert.Equal(SrtpVerdict.Passed, _sealsRtcp.Seal(buffer, length, number, out length));
        return buffer[..length];
    }

    public void Hear(ReadOnlySpan<byte> arrived, SrtpHalf half)
    {
        byte[] packet = arrived.ToArray();
        int header = half == SrtpHalf.Rtp ? RtpPacket.HeaderBytes : 8;
        int length = packet.Length;
        if (_gateways is not null)
        {
            SrtpVerdict verdict = half == SrtpHalf.Rtp ? HearRtp(packet, out length) : HearRtcp(packet, out length);
            if (verdict != SrtpVerdict.Passed)
            {
                Refused.Add(verdict);
                return;
            }
        }

        Heard.Add(System.Text.Encoding.ASCII.GetString(packet.AsSpan(header, length - header)));
    }

    private SrtpVerdict HearRtp(byte[] packet, out int length)
    {
        length = 0;
        _opens ??= new InboundSrtp(RtpPacket.SsrcOf(packet), _gateways!, Window);
        SrtpVerdict verdict = _opens.Check(packet, out ulong number);
        if (verdict == SrtpVerdict.Passed)
            verdict = _opens.Open(packet, number, out length);
        return verdict != SrtpVerdict.Passed || _opens.Accept(number) ? verdict : SrtpVerdict.Replayed;
    }

    private SrtpVerdict HearRtcp(byte[] packet, out int length)
    {
        length = 0;
        _opensRtcp ??= new InboundSrtcp(BinaryPrimitives.ReadUInt32BigEndian(packet.AsSpan(4)), _gateways!, encrypted: true, Window);
        SrtpVerdict verdict = _opensRtcp.Check(packet, out ulong number);
        if (verdict == SrtpVerdict.Passed)
            verdict = _opensRtcp.Open(packet, number, out length);
        return verdict != SrtpVerdict.Passed || _opensRtcp.Accept(number) ? verdict : SrtpVerdict.Replayed;
    }

    private static SrtpMasterKey Key(SrtpSuite suite, byte seed)
    {
        byte[] bytes = new byte[SrtpMasterKey.LengthOf(suite)];
        Array.Fill(bytes, seed);
        return new SrtpMasterKey(suite, bytes);
    }

    public void Dispose()
    {
        _seals?.Dispose();
        _sealsRtcp?.Dispose();
        _opens?.Dispose();
        _opensRtcp?.Dispose();
        _ours?.Dispose();
        _gateways?.Dispose();
    }
}
