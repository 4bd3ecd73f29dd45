using System.Buffers.Binary;
using Baton.Esp.Modes;
using Baton.Wire;
using Baton.Wire.Headers;
using Baton.Wire.Offload;
using CsCheck;

namespace Baton.Esp.Tests.Modes;

public sealed class TunnelModeTests
{
    [Fact] // RFC 4303 2.7: what follows the inner packet's own length is TFC padding
    public void PaddingBehindTheInnerPacketIsCutOff() =>
        Gen.Select(Gen.Bool, Gen.Int[0, 100], Gen.Byte.Array[0, 300]).Sample((isV4, payload, tfc) =>
        {
            byte[] inner = Inner(isV4, payload);
            Assert.Equal(EspVerdict.Delivered, TunnelMode.TryOpen([.. inner, .. tfc], (byte)(isV4 ? 4 : 41), out IpPacket packet));
            Assert.Equal(inner, packet.Bytes.ToArray());
            Assert.Equal(isV4 ? 4 : 41, TunnelMode.NextHeader(packet));
        });

    [Theory]
    [InlineData(true, 41)]
    [InlineData(false, 4)]
    [InlineData(true, 17)]
    [InlineData(false, 58)]
    public void TheNextHeaderMustBeTheVersions(bool isV4, byte nextHeader) =>
        Assert.Equal(EspVerdict.BadInner, TunnelMode.TryOpen(Inner(isV4, 20), nextHeader, out _));

    [Fact]
    public void AnInnerPacketThatIsNotWholeIsBad()
    {
        foreach (bool isV4 in new[] { true, false })
        {
            byte[] inner = Inner(isV4, 20);
            for (int length = 0; length < inner.Length; length++)
                Assert.Equal(EspVerdict.BadInner, TunnelMode.TryOpen(inner.AsSpan(0, length), (byte)(isV4 ? 4 : 41), out _));
        }

        byte[] shortHeader = Inner(true, 20);
        shortHeader[0] = 0x44;
        Assert.Equal(EspVerdict.BadInner, TunnelMode.TryOpen(shortHeader, 4, out _));
    }

    [Theory] // RFC 4301 5.1.2.1, RFC 6040 4.1
    [InlineData(true)]
    [InlineData(false)]
    public void TheOuterTrafficClassIsTheInnerOneOrTheDomains(bool isV4)
    {
        byte[] bytes = Inner(isV4, 20);
        TrafficClass.Write(bytes, 0b101110_11);  // EF, CE
        Assert.True(IpPacket.TryParse(bytes, out IpPacket inner));
        Assert.Equal(0b101110_11, TunnelMode.OuterTrafficClass(inner));
        Assert.Equal(0b000000_11, TunnelMode.OuterTrafficClass(inner, dscp: 0));
        Assert.Equal(0b010010_11, TunnelMode.OuterTrafficClass(inner, dscp: 0b010010));
        Assert.Equal(0b101110_00, TunnelMode.OuterTrafficClass(inner, ecn: false));
    }

    [Theory] // RFC 6040 4.2, figure 4: rows and columns in the figure's order; -1 is drop
    [InlineData(Ecn.NotEct, new[] { 0, 0, 0, -1 })]
    [InlineData(Ecn.Ect0, new[] { 2, 2, 1, 3 })]
    [InlineData(Ecn.Ect1, new[] { 1, 1, 1, 3 })]
    [InlineData(Ecn.Ce, new[] { 3, 3, 3, 3 })]
    public void CongestionIsTakenOverAsTheFigureSays(Ecn own, int[] results)
    {
        Ecn[] outer = [Ecn.NotEct, Ecn.Ect0, Ecn.Ect1, Ecn.Ce];
        for (int i = 0; i < 4; i++)
        {
            foreach (bool isV4 in new[] { true, false })
            {
                byte[] inner = Inner(isV4, 20);
                TrafficClass.Write(inner, (byte)(0b110000_00 | (int)own));
                byte[] before = [.. inner];
                EspVerdict verdict = TunnelMode.TakeCongestion(inner, (byte)(0b001000_00 | (int)outer[i]));
                Assert.Equal(results[i] < 0 ? EspVerdict.Congested : EspVerdict.Delivered, verdict);
                Assert.Equal(0b110000_00 | (results[i] < 0 ? 0 : results[i]), TrafficClass.Read(inner));
                if (isV4)
                    Assert.Equal(0, InternetChecksum.Of(inner.AsSpan(0, 20)));
                TrafficClass.Write(inner, TrafficClass.Read(before));
                Assert.Equal(before, inner);
            }
        }
    }

    internal static byte[] Inner(bool isV4, int payload)
    {
        byte[] packet = new byte[(isV4 ? 20 : 40) + payload];
        TransportMode.WriteHeader(
            packet, payload, 17,
            IpAddress.From(System.Net.IPAddress.Parse(isV4 ? "10.0.0.1" : "2001:db8::1")),
            IpAddress.From(System.Net.IPAddress.Parse(isV4 ? "10.0.0.2" : "2001:db8::2")), 64);
        for (int i = 0; i < payload; i++)
            packet[packet.Length - payload + i] = (byte)(i * 5);
        return packet;
    }
}
