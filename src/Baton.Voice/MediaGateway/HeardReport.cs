using System.Buffers.Binary;

namespace Baton.Voice.MediaGateway;

/// <summary>What a phone says that it heard of a stream: a report block of RTCP (RFC 3550 6.4.1), with the score of RTCP XR where it sends that (RFC 3611 4.7). It counts over takeovers.</summary>
/// <param name="FractionLost">Since its last report, 0 to 1.</param>
/// <param name="Lost">Since it began to hear: expected less received.</param>
/// <param name="Jitter">In units of the stream's timestamps.</param>
/// <param name="OpinionScore">MOS-LQ as the phone has it; null: it does not say.</param>
public readonly record struct HeardReport(uint Ssrc, double FractionLost, int Lost, uint Highest, uint Jitter, double? OpinionScore)
{
    private const byte SenderReport = 200;
    private const byte ReceiverReport = 201;
    private const byte ExtendedReport = 207;
    private const byte VoipMetrics = 7;
    private const int BlockLength = 24;
    private const int VoipMetricsLength = 36;

    /// <summary>Reads a compound packet for what it says of one source. False: nothing. <paramref name="heard"/> keeps what it does not speak of.</summary>
    public static bool TryRead(ReadOnlySpan<byte> compound, uint ssrc, ref HeardReport heard)
    {
        bool isThere = false;
        while (compound.Length >= 8)
        {
            int length = 4 + (4 * BinaryPrimitives.ReadUInt16BigEndian(compound[2..]));
            if (length > compound.Length)
                break;
            ReadOnlySpan<byte> packet = compound[..length];
            int blocks = packet[1] switch { SenderReport => 28, ReceiverReport => 8, _ => length };
            for (int i = packet[0] & 0x1f; i > 0 && blocks + BlockLength <= length; i--, blocks += BlockLength)
                isThere |= TakeBlock(packet[blocks..], ssrc, ref heard);
            if (packet[1] == ExtendedReport && length >= 8)
                isThere |= TakeExtended(packet[8..], ssrc, ref heard);
            compound = compound[length..];
        }

        return isThere;
    }

    private static bool TakeBlock(ReadOnlySpan<byte> block, uint ssrc, ref HeardReport heard)
    {
        if (BinaryPrimitives.ReadUInt32BigEndian(block) != ssrc)
            return false;
        int lost = BinaryPrimitives.ReadInt32BigEndian(block[4..]) << 8 >> 8;  // 24 bits with a sign
        heard = new HeardReport(ssrc, block[4] / 256.0, lost, BinaryPrimitives.ReadUInt32BigEndian(block[8..]), BinaryPrimitives.ReadUInt32BigEndian(block[12..]),
            heard.Ssrc == ssrc ? heard.OpinionScore : null);
        return true;
    }

    private static bool TakeExtended(ReadOnlySpan<byte> blocks, uint ssrc, ref HeardReport heard)
    {
        while (blocks.Length >= 4)
        {
            int length = 4 + (4 * BinaryPrimitives.ReadUInt16BigEndian(blocks[2..]));
            if (length > blocks.Length)
                return false;
            if (blocks[0] == VoipMetrics && length == VoipMetricsLength && BinaryPrimitives.ReadUInt32BigEndian(blocks[4..]) == ssrc)
            {
                byte score = blocks[26];  // tenths, 10 to 50; 127: not known
                heard = (heard.Ssrc == ssrc ? heard : new HeardReport { Ssrc = ssrc }) with { OpinionScore = score is >= 10 and <= 50 ? score / 10.0 : null };
                return true;
            }

            blocks = blocks[length..];
        }

        return false;
    }
}
