using System.Buffers.Binary;
using Baton.Wire.Headers;
using Baton.Wire.Offload;
using CsCheck;

namespace Baton.Wire.Tests.Headers;

public sealed class HeaderTests
{
    [Fact] // RFC 1624 section 4: the case that equation 4 of RFC 1141 gets wrong
    public void TheExampleOfRfc1624() => Assert.Equal(0x0000, ChecksumUpdate.Replace(0xDD2F, 0x5555, 0x3285));

    [Fact]
    public void AnUpdatedChecksumIsTheRecomputedOne() =>
        Gen.Select(Gen.Byte.Array[20], Gen.Int[0, 4], Gen.UShort).Sample((header, word, value) =>
        {
            header[0] = 0x45;
            BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(10), 0);
            ushort checksum = InternetChecksum.Of(header);
            ushort before = BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(word * 2));
            BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(word * 2), value);
            if (header.AsSpan().IndexOfAnyExcept((byte)0) >= 0)
                Assert.Equal(InternetChecksum.Of(header), ChecksumUpdate.Replace(checksum, before, value));
        });

    [Fact]
    public void TheTrafficClassIsReadAndWrittenAndNothingElse() =>
        Gen.Select(Gen.Bool, Gen.Byte.Array[40], Gen.Byte).Sample((isV4, packet, value) =>
        {
            Make(packet, isV4);
            byte[] before = [.. packet];
            TrafficClass.Write(packet, value);
            Assert.Equal(value, TrafficClass.Read(packet));
            AssertChecksum(packet, isV4);
            TrafficClass.Write(packet, TrafficClass.Read(before));
            Assert.Equal(before, packet);
        });

    [Fact]
    public void ForwardingTakesOneHopOff() =>
        Gen.Select(Gen.Bool, Gen.Byte.Array[40]).Sample((isV4, packet) =>
        {
            Make(packet, isV4);
            byte[] before = [.. packet];
            int at = isV4 ? 8 : 7;
            if (before[at] <= 1)
            {
                Assert.False(HopLimit.TryDecrement(packet));
                Assert.Equal(before, packet);
                return;
            }

            Assert.True(HopLimit.TryDecrement(packet));
            Assert.Equal(before[at] - 1, packet[at]);
            AssertChecksum(packet, isV4);
        });

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void TheLastHopIsNotForwarded(byte left)
    {
        byte[] packet = new byte[40];
        packet[0] = 0x60;
        packet[7] = left;
        Assert.False(HopLimit.TryDecrement(packet));
        Assert.Equal(left, packet[7]);
    }

    private static void Make(byte[] packet, bool isV4)
    {
        packet[0] = (byte)(isV4 ? 0x45 : 0x60 | (packet[0] & 15));
        if (!isV4)
            return;
        packet[12] |= 1;  // never all zero: the sum of nothing has two checksums
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(10), 0);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(10), InternetChecksum.Of(packet.AsSpan(0, 20)));
    }

    /// <summary>A header with a right checksum sums up to zero.</summary>
    private static void AssertChecksum(byte[] packet, bool isV4)
    {
        if (isV4)
            Assert.Equal(0, InternetChecksum.Of(packet.AsSpan(0, 20)));
    }
}
