using Baton.Wire.Rtp;

namespace Baton.Wire.Tests.Rtp;

public sealed class RtpPacketTests
{
    /// <summary>RFC 3550 5.1, 5.3.1: sources and extension belong to the header; padding is looked at by nobody.</summary>
    [Fact]
    public void TheHeaderIsMeasuredWithSourcesAndExtension()
    {
        byte[] packet =
        [
            0xb1, 0x00, 0x00, 0x05, 0, 0, 0, 9, 0, 0, 0, 3, // V=2 P X CC=1
            1, 2, 3, 4,                                     // CSRC
            0xbe, 0xde, 0x00, 0x01, 5, 6, 7, 8,             // extension of one word
            200,                                            // as padding it would be too much
        ];
        Assert.Equal(24, RtpPacket.MeasureHeader(packet));
        Assert.Equal(5, RtpPacket.SequenceOf(packet));
        Assert.Equal(3u, RtpPacket.SsrcOf(packet));
        for (int length = 0; length < 24; length++)
            Assert.Equal(0, RtpPacket.MeasureHeader(packet.AsSpan(0, length)));
        packet[0] ^= 0x40;
        Assert.Equal(0, RtpPacket.MeasureHeader(packet));
    }
}
