using System.Buffers.Binary;
using System.Net;
using Baton.Wire.Headers;
using Baton.Wire.Offload;
using CsCheck;

namespace Baton.Wire.Tests.Headers;

public sealed class TooBigTests
{
    [Theory]
    [InlineData(1_400, 576)]
    [InlineData(200, 228)]
    public void IPv4SaysFragmentationNeededInTheNameOfTheDestination(int length, int answerLength)
    {
        byte[] packet = V4(length);
        byte[] answer = new byte[TooBig.MaximumLength];
        Assert.Equal(answerLength, Answer(answer, packet, 1_238));
        Assert.True(IpPacket.TryParse(answer.AsSpan(0, answerLength), out IpPacket ip));
        Assert.Equal(("10.2.0.1", "10.1.0.1", 1), (ip.Source.ToString(), ip.Destination.ToString(), ip.Protocol));
        Assert.Equal((3, 4, 1_238), (answer[20], answer[21], BinaryPrimitives.ReadUInt16BigEndian(answer.AsSpan(26))));
        Assert.Equal(0, InternetChecksum.Of(answer.AsSpan(0, 20)));
        Assert.Equal(0, InternetChecksum.Of(answer.AsSpan(20, answerLength - 20)));
        Assert.True(answer.AsSpan(28, answerLength - 28).SequenceEqual(packet.AsSpan(0, answerLength - 28)));
    }

    [Fact]
    public void IPv6SaysPacketTooBig()
    {
        byte[] packet = V6(1_400);
        byte[] answer = new byte[TooBig.MaximumLength];
        Assert.Equal(1_280, Answer(answer, packet, 1_300));
        Assert.True(IpPacket.TryParse(answer, out IpPacket ip));
        Assert.Equal(("fd02::1", "fd01::1", 58), (ip.Source.ToString(), ip.Destination.ToString(), ip.Protocol));
        Assert.Equal((2, 0, 1_300u), (answer[40], answer[41], BinaryPrimitives.ReadUInt32BigEndian(answer.AsSpan(44))));
        ulong sum = InternetChecksum.PseudoHeader(answer.AsSpan(8, 32), 58, 1_240);
        Assert.Equal(0, InternetChecksum.Finish(InternetChecksum.Add(sum, answer.AsSpan(40, 1_240))));
    }

    [Fact] // RFC 1122 3.2.2, RFC 4443 2.4 e
    public void NoAnswerToErrorsLaterFragmentsAndGroups()
    {
        byte[] answer = new byte[TooBig.MaximumLength];
        Assert.Equal(0, Answer(answer, With(V4(1_400), (9, 1), (20, 3)), 1_238));
        Assert.NotEqual(0, Answer(answer, With(V4(1_400), (9, 1), (20, 8)), 1_238));  // an echo is no error
        Assert.Equal(0, Answer(answer, With(V4(1_400), (7, 1)), 1_238));
        Assert.Equal(0, Answer(answer, With(V4(1_400), (16, 224)), 1_238));
        Assert.Equal(0, Answer(answer, With(V4(1_400), (12, 0)), 1_238));
        Assert.Equal(0, Answer(answer, With(V6(1_400), (6, 58), (40, 2)), 1_280));
        Assert.NotEqual(0, Answer(answer, With(V6(1_400), (6, 58), (40, 128)), 1_280));
        Assert.Equal(0, Answer(answer, With(V6(1_400), (8, 0xFF)), 1_280));
    }

    [Fact]
    public void FragmentsTogetherAreThePacketWhateverItsOptions() =>
        Gen.Select(Gen.Byte.Array[1, 4_000], Gen.Int[0, 3], Gen.Int[100, 1_500], Gen.Bool, Gen.Int[0, 100]).Sample((payload, options, mtu, more, offset) =>
        {
            byte[] packet = WithOptions(payload, options, more, offset);
            Assert.True(IpPacket.TryParse(packet, out IpPacket whole));
            Assert.True(Ipv4Fragments.MayCut(whole, mtu));
            var fragments = new Ipv4Fragments(whole, mtu);
            byte[] buffer = new byte[2_048];
            byte[] together = new byte[payload.Length];
            int header = packet.Length - payload.Length;
            int at = 0;
            while (fragments.TryNext(buffer, out int length))
            {
                Assert.True(IpPacket.TryParse(buffer.AsSpan(0, length), out IpPacket piece));
                Assert.Equal(length, piece.Bytes.Length);
                Assert.True(length <= mtu);
                int own = (buffer[0] & 15) * 4;
                Assert.Equal(0, InternetChecksum.Of(buffer.AsSpan(0, own)));
                Assert.Equal(at == 0 ? header : options == 0 ? 20 : 24, own);  // of the options only the one with the copied flag
                ushort field = BinaryPrimitives.ReadUInt16BigEndian(buffer.AsSpan(6));
                Assert.Equal(offset + (at / 8), field & 0x1FFF);
                buffer.AsSpan(own, length - own).CopyTo(together.AsSpan(at));
                at += length - own;
                Assert.Equal(at < payload.Length || more, (field & 0x2000) != 0);
            }

            Assert.Equal(payload, together);
        }, iter: 500);

    [Fact]
    public void DfAndIPv6ForbidTheCut()
    {
        Assert.True(IpPacket.TryParse(With(V4(1_400), (6, 0x40)), out IpPacket df));
        Assert.False(Ipv4Fragments.MayCut(df, 1_000));
        Assert.True(IpPacket.TryParse(V6(1_400), out IpPacket v6));
        Assert.False(Ipv4Fragments.MayCut(v6, 1_000));
        Assert.True(IpPacket.TryParse(V4(1_400), out IpPacket v4));
        Assert.False(Ipv4Fragments.MayCut(v4, 27));
    }

    [Fact]
    public void GarbledOptionsEndTheCopyAndNothingElse() =>
        Gen.Byte.Array[40].Sample(options =>
        {
            byte[] packet = new byte[60 + 600];
            (packet[0], packet[2], packet[3], packet[12], packet[16]) = (0x4F, 660 >> 8, 660 & 0xFF, 10, 10);
            options.CopyTo(packet, 20);
            Assert.True(IpPacket.TryParse(packet, out IpPacket whole));
            var fragments = new Ipv4Fragments(whole, 200);
            byte[] buffer = new byte[2_048];
            int bytes = 0;
            while (fragments.TryNext(buffer, out int length))
                bytes += length - ((buffer[0] & 15) * 4);
            Assert.Equal(600, bytes);
        }, iter: 5_000);

    private static int Answer(byte[] answer, byte[] packet, int mtu)
    {
        Assert.True(IpPacket.TryParse(packet, out IpPacket ip));
        return TooBig.Write(answer, ip, mtu);
    }

    private static byte[] With(byte[] packet, params (int At, byte Value)[] changes)
    {
        foreach ((int at, byte value) in changes)
            packet[at] = value;
        return packet;
    }

    /// <summary>A timestamp option (not copied) and router alert (copied) when there are any.</summary>
    private static byte[] WithOptions(byte[] payload, int options, bool more, int offset)
    {
        byte[] extra = options == 0 ? [] : [0x94, 4, 0, 0, .. options == 1 ? Array.Empty<byte>() : [0x44, 4, 5, 0], .. options < 3 ? Array.Empty<byte>() : [1, 1, 1, 0]];
        byte[] packet = [.. V4(20), .. extra, .. payload];
        packet[0] = (byte)(0x40 | ((20 + extra.Length) / 4));
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(6), (ushort)((more ? 0x2000 : 0) | offset));
        return packet;
    }

    private static byte[] V4(int length)
    {
        byte[] packet = new byte[length];
        (packet[0], packet[8], packet[9]) = (0x45, 64, 17);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)length);
        IPAddress.Parse("10.1.0.1").GetAddressBytes().CopyTo(packet, 12);
        IPAddress.Parse("10.2.0.1").GetAddressBytes().CopyTo(packet, 16);
        return packet;
    }

    private static byte[] V6(int length)
    {
        byte[] packet = new byte[length];
        (packet[0], packet[6], packet[7]) = (0x60, 17, 64);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)(length - 40));
        IPAddress.Parse("fd01::1").GetAddressBytes().CopyTo(packet, 8);
        IPAddress.Parse("fd02::1").GetAddressBytes().CopyTo(packet, 24);
        return packet;
    }
}
