using Baton.Voice.Inner;

namespace Baton.Voice.Tests.Inner;

public class InnerUdpTests
{
    [Fact]
    public void Headers_are_those_of_RFC_791_and_768()
    {
        byte[] packet = Packet("hi!"u8);
        // By hand: 4500 + 001f + 0007 + 4000 + 4011 + 0a01 + 000a + 0a02 + 000a = d94e, whose complement is 26b1.
        Assert.Equal(
            "4500001F00074000401126B10A01000A0A02000A0FA00FA1000B",
            Convert.ToHexString(packet.AsSpan(0, 26)));
        Assert.True(InnerUdp.TryParse(packet, out InnerUdp udp));
        Assert.Equal(0x0a01000au, udp.Source);
        Assert.Equal(0x0a02000au, udp.Destination);
        Assert.Equal(4000, udp.SourcePort);
        Assert.Equal(4001, udp.DestinationPort);
        Assert.Equal("hi!"u8, udp.Payload);
    }

    [Fact]
    public void A_flipped_bit_anywhere_that_a_checksum_covers_is_refused()
    {
        byte[] packet = Packet("speech"u8);
        for (int bit = 0; bit < packet.Length * 8; bit++)
        {
            packet[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(InnerUdp.TryParse(packet, out _), $"bit {bit}");
            packet[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void Truncation_is_refused()
    {
        byte[] packet = Packet("speech"u8);
        for (int length = 0; length < packet.Length; length++)
            Assert.False(InnerUdp.TryParse(packet.AsSpan(0, length), out _));
    }

    private static byte[] Packet(ReadOnlySpan<byte> payload)
    {
        var packet = new byte[InnerUdp.HeaderBytes + payload.Length];
        payload.CopyTo(packet.AsSpan(InnerUdp.HeaderBytes));
        InnerUdp.WriteHeaders(packet, payload.Length, 0x0a01000a, 0x0a02000a, 4000, 4001, 7);
        return packet;
    }
}
