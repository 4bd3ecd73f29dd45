using System.Buffers.Binary;
using System.Net;
using Baton.Voice.Audio;
using Baton.Wire.Rtp;

namespace Baton.Lab.Voice;

/// <summary>A file of RTP for sipp's <c>play_pcap_audio</c>: real speech in G.711, 50 packets a second, SSRC and first SEQ known; each second a sender report, without which
/// baresip keeps no account of what it loses. sipp sends what goes to the higher port of the file to the port above the one of the media.</summary>
public static class RtpFile
{
    public const int Samples = 160;
    public const int PacketsASecond = 50;

    private const int Ethernet = 14, Ip = 20, Udp = 8;
    private const int LinkTypeEthernet = 1;
    private const int RtpPort = 6_000;

    public static void Write(string path, uint ssrc, ushort first, TimeSpan length)
    {
        ReadOnlySpan<byte> speech = Speech("a").Span;
        using FileStream file = File.Create(path);
        Span<byte> head = stackalloc byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(head, 0xa1b2c3d4);
        BinaryPrimitives.WriteUInt16LittleEndian(head[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(head[6..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(head[16..], 65_535);
        BinaryPrimitives.WriteUInt32LittleEndian(head[20..], LinkTypeEthernet);
        file.Write(head);
        byte[] rtp = new byte[RtpPacket.HeaderBytes + Samples];
        for (int i = 0; i < (int)(length.TotalSeconds * PacketsASecond); i++)
        {
            RtpPacket.WriteHeader(rtp, marker: false, RtpPacket.Pcmu, (ushort)(first + i), (uint)(i * Samples), ssrc);
            Speak(rtp.AsSpan(RtpPacket.HeaderBytes), speech, i);
            Add(file, i, RtpPort, rtp);
            if (i % PacketsASecond == PacketsASecond - 1) Add(file, i, RtpPort + 1, SenderReport(ssrc, i + 1));
        }
    }

    /// <summary>G.711 u-law, as long as the recording is.</summary>
    public static ReadOnlyMemory<byte> Speech(string name) =>
        SpeechLibrary.TryLoad(name, out ReadOnlyMemory<byte> speech) ? speech : throw new LabException($"there is no speech {name}");

    /// <summary>The packet's part of the recording, which begins anew at its end.</summary>
    public static void Speak(Span<byte> payload, ReadOnlySpan<byte> speech, int packet)
    {
        int packets = speech.Length / Samples;
        speech.Slice(packet % packets * Samples, Samples).CopyTo(payload);
    }

    /// <summary>A sender report and a CNAME (RFC 3550 6.4.1, 6.5).</summary>
    private static byte[] SenderReport(uint ssrc, int packets)
    {
        byte[] report = new byte[28 + 16];
        (report[0], report[1], report[3]) = (0x80, 200, 6);
        BinaryPrimitives.WriteUInt32BigEndian(report.AsSpan(4), ssrc);
        BinaryPrimitives.WriteUInt32BigEndian(report.AsSpan(8), (uint)(packets / PacketsASecond));
        BinaryPrimitives.WriteUInt32BigEndian(report.AsSpan(16), (uint)(packets * Samples));
        BinaryPrimitives.WriteUInt32BigEndian(report.AsSpan(20), (uint)packets);
        BinaryPrimitives.WriteUInt32BigEndian(report.AsSpan(24), (uint)(packets * Samples));
        (report[28], report[29], report[31]) = (0x81, 202, 3);
        BinaryPrimitives.WriteUInt32BigEndian(report.AsSpan(32), ssrc);
        (report[36], report[37]) = (1, 4);
        "sipp"u8.CopyTo(report.AsSpan(38));
        return report;
    }

    /// <param name="tick">When: in fiftieths of a second.</param>
    private static void Add(FileStream file, int tick, int port, byte[] payload)
    {
        byte[] record = new byte[16 + Ethernet + Ip + Udp + payload.Length];
        int length = record.Length - 16;
        BinaryPrimitives.WriteUInt32LittleEndian(record, (uint)(tick / PacketsASecond));
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(4), (uint)(tick % PacketsASecond) * (1_000_000 / PacketsASecond));
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), (uint)length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(12), (uint)length);
        BinaryPrimitives.WriteUInt16BigEndian(record.AsSpan(28), 0x0800);
        Span<byte> ip = record.AsSpan(16 + Ethernet);
        ip[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)ip.Length);
        (ip[8], ip[9]) = (64, 17);
        IPAddress.Parse(VoiceNetwork.CallersAddress).TryWriteBytes(ip[12..], out _);
        IPAddress.Parse(VoiceNetwork.Media).TryWriteBytes(ip[16..], out _);
        Span<byte> udp = ip[Ip..];
        BinaryPrimitives.WriteUInt16BigEndian(udp, (ushort)port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], (ushort)port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)udp.Length);
        payload.CopyTo(udp[Udp..]);
        file.Write(record);
    }
}
