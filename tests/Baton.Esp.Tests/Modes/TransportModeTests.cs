using System.Buffers.Binary;
using Baton.Esp.Modes;
using Baton.Wire;
using Baton.Wire.Offload;
using CsCheck;

namespace Baton.Esp.Tests.Modes;

public sealed class TransportModeTests
{
    [Fact] // RFC 4303 3.1.1: headers and options stay in front, the rest is protected, and comes back as it was
    public void WhatWasSealedIsJoinedAgain()
    {
        using OutboundSa seal = new(7, EspSuite.AesGcm128, true, new byte[16], new byte[4]);
        using InboundSa open = new(7, EspSuite.AesGcm128, true, 64, new byte[16], new byte[4]);
        ulong number = 0;
        Gen.Select(Gen.Bool, Gen.Int[0, 2], Gen.Int[0, 200]).Sample(
            (isV4, extras, length) =>
            {
                (byte[] original, int inFront) = isV4 ? WithOptions(extras, length) : WithExtensions(extras, length);
                Assert.True(IpPacket.TryParse(original, out IpPacket packet));
                byte[] wire = new byte[1_000];
                wire = wire[..TransportMode.Seal(seal, packet, ++number, wire)];

                // What the network sees is a packet of protocol 50 with right lengths.
                Assert.True(IpPacket.TryParse(wire, out IpPacket outer));
                Assert.Equal(wire.Length, outer.Bytes.Length);
                Assert.True(TransportMode.TrySplit(outer, out int headerLength, out int protocolAt));
                Assert.Equal(inFront, headerLength);
                Assert.Equal(50, wire[protocolAt]);
                if (isV4)
                    Assert.Equal(0, InternetChecksum.Of(wire.AsSpan(0, headerLength)));

                Span<byte> esp = wire.AsSpan(headerLength);
                Assert.Equal(EspVerdict.Delivered, open.Check(esp, out ulong sequence));
                Assert.Equal(EspVerdict.Delivered, open.Open(esp, sequence, out Range payload, out byte nextHeader));
                Assert.Equal(original, TransportMode.Join(wire, headerLength, protocolAt, payload, nextHeader).ToArray());
            },
            iter: 300,
            threads: 1);
    }

    [Theory] // RFC 4303 3.3.4: whole datagrams only
    [InlineData(0x2000)]
    [InlineData(0x0001)]
    [InlineData(0x3FFF)]
    public void AFragmentIsRefused(int flagsAndOffset)
    {
        byte[] packet = TunnelModeTests.Inner(true, 40);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(6), (ushort)flagsAndOffset);
        Assert.True(IpPacket.TryParse(packet, out IpPacket parsed));
        Assert.False(TransportMode.TrySplit(parsed, out _, out _));
        using OutboundSa seal = new(7, EspSuite.AesGcm128, true, new byte[16], new byte[4]);
        Assert.Equal(0, TransportMode.Seal(seal, parsed, 1, new byte[500]));

        packet = TunnelModeTests.Inner(false, 40);
        packet[6] = 44;
        Assert.True(IpPacket.TryParse(packet, out parsed));
        Assert.False(TransportMode.TrySplit(parsed, out _, out _));
    }

    [Theory]
    [InlineData(0, 7)]   // no room for an extension header
    [InlineData(0, 16)]  // it says that it is longer than what is there
    [InlineData(60, 16)]
    public void ExtensionHeadersThatAreNotWholeAreRefused(byte kind, int length)
    {
        byte[] packet = TunnelModeTests.Inner(false, length);
        packet[6] = kind;
        packet.AsSpan(40).Clear();
        if (length > 8)
            packet[41] = 2;
        Assert.True(IpPacket.TryParse(packet, out IpPacket parsed));
        Assert.False(TransportMode.TrySplit(parsed, out _, out _));
    }

    [Theory]
    [InlineData(true, 20)]
    [InlineData(false, 40)]
    public void AHeaderIsWrittenAndNothingBehindIt(bool isV4, int length)
    {
        byte[] buffer = [.. Enumerable.Repeat((byte)0xEE, 60)];
        IpAddress address = isV4 ? IpAddress.V4(0x0A00_0001) : new IpAddress(1, 2);
        TransportMode.WriteHeader(buffer, 60 - length, 6, address, address, 64);
        Assert.True(IpPacket.TryParse(buffer, out IpPacket packet));
        Assert.Equal((60, (byte)6, address, address), (packet.Bytes.Length, packet.Protocol, packet.Source, packet.Destination));
        Assert.True(buffer.AsSpan(length).IndexOfAnyExcept((byte)0xEE) < 0);
    }

    [Fact]
    public void NothingIsSealedWhereItDoesNotFit()
    {
        using OutboundSa seal = new(7, EspSuite.AesGcm128, true, new byte[16], new byte[4]);
        Assert.True(IpPacket.TryParse(TunnelModeTests.Inner(true, 40), out IpPacket packet));
        int length = TransportMode.Seal(seal, packet, 1, new byte[500]);
        Assert.Equal(0, TransportMode.Seal(seal, packet, 2, new byte[length - 1]));
        Assert.True(IpPacket.TryParse(TunnelModeTests.Inner(true, 65_500), out packet));
        Assert.Equal(0, TransportMode.Seal(seal, packet, 3, new byte[70_000]));  // IP cannot say such a length
    }

    [Fact] // RFC 3948 3.1.2, procedure 1: right for the addresses that arrived, as if computed anew
    public void AChecksumIsTranslatedAsIfComputedAnew() =>
        Gen.Select(Gen.Bool, Gen.Bool, Gen.Byte.Array[20, 100], Gen.UInt.Array[16]).Sample((isV4, isTcp, segment, words) =>
        {
            byte protocol = (byte)(isTcp ? 6 : 17);
            IpAddress[] at = [.. Enumerable.Range(0, 4).Select(i => isV4 ? IpAddress.V4(words[i]) : new IpAddress(((ulong)words[i] << 32) | 1, words[i + 4]))];
            byte[] expected = [.. segment];
            Compute(segment, protocol, at[0], at[1]);
            Compute(expected, protocol, at[2], at[3]);
            Assert.True(TransportChecksum.TryTranslate(segment, protocol, at[0], at[1], at[2], at[3]));
            Assert.Equal(expected, segment);
        });

    [Fact]
    public void NoChecksumStaysNoneAndOthersStayAlone()
    {
        byte[] udp = new byte[8], icmp = [1, 2, 3, 4, 5, 6, 7, 8];
        (IpAddress a, IpAddress b) = (IpAddress.V4(1), IpAddress.V4(2));
        Assert.True(TransportChecksum.TryTranslate(udp, 17, a, a, b, b));
        Assert.Equal(new byte[8], udp);
        Assert.True(TransportChecksum.TryTranslate(icmp, 1, a, a, b, b));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], icmp);
        Assert.False(TransportChecksum.TryTranslate(new byte[7], 17, a, a, b, b));
        Assert.False(TransportChecksum.TryTranslate(new byte[17], 6, a, a, b, b));
    }

    private static void Compute(byte[] segment, byte protocol, in IpAddress source, in IpAddress destination)
    {
        int at = protocol == 6 ? 16 : 6;
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(at), 0);
        byte[] addresses = [.. source.ToIPAddress().GetAddressBytes(), .. destination.ToIPAddress().GetAddressBytes()];
        ushort checksum = InternetChecksum.Finish(InternetChecksum.Add(InternetChecksum.PseudoHeader(addresses, protocol, segment.Length), segment));
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(at), checksum == 0 && protocol == 17 ? (ushort)0xFFFF : checksum);
    }

    private static (byte[] Packet, int InFront) WithOptions(int words, int length)
    {
        byte[] plain = TunnelModeTests.Inner(true, length);
        byte[] packet = [.. plain[..20], .. Enumerable.Repeat((byte)1, words * 4), .. plain[20..]];
        packet[0] = (byte)(0x45 + words);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(10), 0);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(10), InternetChecksum.Of(packet.AsSpan(0, 20 + (words * 4))));
        return (packet, 20 + (words * 4));
    }

    /// <summary>0: none. 1: destination options alone, which go inside. 2: hop-by-hop, destination options, routing, destination options: the last goes inside.</summary>
    private static (byte[] Packet, int InFront) WithExtensions(int which, int length)
    {
        byte[] plain = TunnelModeTests.Inner(false, length);
        byte[] chain = which switch { 0 => [], 1 => [60], _ => [0, 60, 43, 60] };
        byte[] extensions = [.. chain.SelectMany((_, i) => (byte[])[i + 1 < chain.Length ? chain[i + 1] : (byte)17, 0, 1, 4, 0, 0, 0, 0])];
        byte[] packet = [.. plain[..40], .. extensions, .. plain[40..]];
        if (chain.Length > 0)
            packet[6] = chain[0];
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)(packet.Length - 40));
        return (packet, which == 2 ? 64 : 40);
    }
}
