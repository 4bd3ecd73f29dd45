using System.Net;
using Baton.Gateway.Router;
using Baton.Linux;

namespace Baton.Gateway.Tests.Router;

public sealed class FramesTests
{
    [Theory]
    [InlineData("192.0.2.7", 4500)]
    [InlineData("2001:db8::7", 1)]
    public void AShimCarriesAPeer(string address, int port)
    {
        byte[] packet = new byte[Shim.Length + 5];
        UdpEndpoint peer = UdpEndpoint.From(new IPEndPoint(IPAddress.Parse(address), port));
        Shim.Write(packet, peer);
        Assert.True(Shim.TryRead(packet, out UdpEndpoint got));
        Assert.Equal(peer, got);
        for (int length = 0; length <= Shim.Length; length++)
            Assert.False(Shim.TryRead(packet.AsSpan(0, length), out _));
        packet[0] ^= 1;
        Assert.False(Shim.TryRead(packet, out _));
    }

    [Fact]
    public void ASteeringFrameNamesAMemberAndATerm()
    {
        byte[] text = new byte[SteerFrame.MaximumLength];
        int length = SteerFrame.Write(text, "beta", 77);
        Assert.True(SteerFrame.TryParse(text.AsSpan(0, length), ["alpha", "beta"], out int member, out ulong term));
        Assert.Equal((1, 77UL), (member, term));
        Assert.False(SteerFrame.TryParse(text.AsSpan(0, length), ["alpha"], out _, out _));
        for (int i = 0; i < length; i++)
            Assert.False(SteerFrame.TryParse(text.AsSpan(0, i), ["alpha", "beta"], out _, out _));
    }
}
