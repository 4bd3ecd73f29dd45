using System.Buffers.Binary;
using System.Net;
using System.Text;
using Baton.Wire.Rtp;

namespace Baton.Lab.Voice;

/// <summary>An RTP packet as a capture saw it.</summary>
/// <param name="At">Since the epoch.</param>
public readonly record struct SeenRtp(TimeSpan At, IPEndPoint From, IPEndPoint To, ushort Sequence, uint Ssrc, uint Timestamp);

/// <summary>A SIP message as a capture saw it.</summary>
public sealed record SeenSip(TimeSpan At, IPAddress From, IPAddress To, string Text)
{
    public string CallId => Header("Call-ID");

    public bool IsInvite => Text.StartsWith("INVITE ", StringComparison.Ordinal);

    /// <summary>In a dialogue that exists: its To has a tag.</summary>
    public bool IsReinvite => IsInvite && Header("To").Contains(";tag=", StringComparison.Ordinal);

    public bool IsAnswer => Text.StartsWith("SIP/2.0 200 ", StringComparison.Ordinal) && Header("CSeq").EndsWith(" INVITE", StringComparison.Ordinal);

    /// <summary>Where the writer of the description hears.</summary>
    public int MediaPort => int.Parse(Lines.First(line => line.StartsWith("m=audio ", StringComparison.Ordinal)).Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>What stands behind <c>a=crypto:</c>, of each line.</summary>
    public IEnumerable<string> Cryptos => Lines.Where(line => line.StartsWith("a=crypto:", StringComparison.Ordinal)).Select(line => line["a=crypto:".Length..]);

    private IEnumerable<string> Lines => Text.Split('\n').Select(line => line.TrimEnd('\r'));

    private string Header(string name) => Lines.FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Trim() ?? "";
}

/// <summary>What one host of phones sent and heard.</summary>
public sealed record VoiceTrace(string File, IReadOnlyList<SeenRtp> Rtp, IReadOnlyList<SeenSip> Sip)
{
    private const int FileHeader = 24, RecordHeader = 16, Ethernet = 14, Udp = 8;
    private const int SipPorts = 5_060, MostSipPorts = 100;

    /// <summary>What <c>dumpcap -P</c> wrote from an Ethernet interface, IPv4.</summary>
    public static VoiceTrace Read(string file)
    {
        ReadOnlySpan<byte> bytes = System.IO.File.ReadAllBytes(file);
        var rtp = new List<SeenRtp>();
        var sip = new List<SeenSip>();
        var ends = new Dictionary<ulong, IPEndPoint>();
        for (bytes = bytes[FileHeader..]; bytes.Length >= RecordHeader;)
        {
            var at = TimeSpan.FromMicroseconds((BinaryPrimitives.ReadUInt32LittleEndian(bytes) * 1_000_000L) + BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]));
            int length = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
            if (bytes.Length < RecordHeader + length) break;
            ReadOnlySpan<byte> frame = bytes.Slice(RecordHeader, length);
            bytes = bytes[(RecordHeader + length)..];
            if (frame.Length < Ethernet + 20 + Udp || frame[12] != 8 || frame[13] != 0) continue;
            ReadOnlySpan<byte> ip = frame[Ethernet..];
            ReadOnlySpan<byte> udp = ip[((ip[0] & 15) * 4)..BinaryPrimitives.ReadUInt16BigEndian(ip[2..])];
            IPEndPoint from = End(ip[12..16], udp), to = End(ip[16..20], udp[2..]);
            ReadOnlySpan<byte> payload = udp[Udp..];
            if (IsSip(from.Port) && IsSip(to.Port)) sip.Add(new SeenSip(at, from.Address, to.Address, Encoding.ASCII.GetString(payload)));
            else if (RtpPacket.MeasureHeader(payload) > 0 && (payload[1] & 0x7f) == RtpPacket.Pcmu)
                rtp.Add(new SeenRtp(at, from, to, RtpPacket.SequenceOf(payload), RtpPacket.SsrcOf(payload), BinaryPrimitives.ReadUInt32BigEndian(payload[4..])));
        }

        return new VoiceTrace(file, rtp, sip);

        IPEndPoint End(ReadOnlySpan<byte> address, ReadOnlySpan<byte> port)
        {
            ulong key = ((ulong)BinaryPrimitives.ReadUInt32BigEndian(address) << 16) | BinaryPrimitives.ReadUInt16BigEndian(port);
            if (!ends.TryGetValue(key, out IPEndPoint? end)) ends[key] = end = new IPEndPoint(new IPAddress(address), (int)(key & 0xffff));
            return end;
        }
    }

    private static bool IsSip(int port) => port is >= SipPorts and < SipPorts + MostSipPorts;
}
