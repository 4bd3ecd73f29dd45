using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Baton.Voice;

/// <summary>Who lives where inside the tunnels: the inner addresses of phones, probe and further flows. Host byte order.</summary>
/// <remarks>The peer protects 10.1/16, the cluster 10.2/16. Each pair of hosts belongs to an SA of its own each way.</remarks>
public static class DemoAddresses
{
    public const uint PeerPrefix = 0x0a01_0000;
    public const uint ClusterPrefix = 0x0a02_0000;
    public const int PrefixBits = 16;

    public const uint PhonePeer = PeerPrefix | 10;
    public const uint PhoneCluster = ClusterPrefix | 10;
    public const uint ProbePeer = PeerPrefix | 20;
    public const uint ProbeCluster = ClusterPrefix | 20;

    public const ushort RtpPort = 4000;
    public const ushort ProbePort = 4001;

    /// <summary>250 hosts in each of the third octets 16 to 255.</summary>
    public const int MaxFlows = 250 * (256 - FirstFlowOctet);

    private const int FirstFlowOctet = 16;

    public static uint FlowPeer(int flow) => PeerPrefix | FlowHost(flow);

    public static uint FlowCluster(int flow) => ClusterPrefix | FlowHost(flow);

    public static string Format(uint address) => string.Create(
        CultureInfo.InvariantCulture,
        $"{address >> 24}.{(address >> 16) & 0xff}.{(address >> 8) & 0xff}.{address & 0xff}");

    public static bool TryParse(string text, out uint address)
    {
        address = 0;
        if (!IPAddress.TryParse(text, out IPAddress? parsed) || parsed.AddressFamily != AddressFamily.InterNetwork)
            return false;
        Span<byte> octets = stackalloc byte[4];
        parsed.TryWriteBytes(octets, out _);
        address = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(octets);
        return true;
    }

    private static uint FlowHost(int flow)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(flow);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(flow, MaxFlows);
        return (uint)(((FirstFlowOctet + (flow / 250)) << 8) | (1 + (flow % 250)));
    }
}
