using System.Net;
using System.Net.Sockets;
using Baton.Wire;

namespace Baton.Linux.Neighbours;

/// <summary>Hears the solicitations for IPv6 addresses before they are here: member of their solicited-node groups (RFC 4861 7.2.1) as long as it lives.</summary>
/// <remarks>
/// Nobody answers for an address that is not here. But when it comes, no switch has to learn of a new listener first (MLD snooping), and no work queue of the kernel, which joins
/// by itself some time after the address is there.
/// </remarks>
public sealed class SolicitedNodes : IDisposable
{
    /// <summary>From the first address on: a host without IPv6 has none, and needs none.</summary>
    private Socket? _socket;

    /// <exception cref="IOException">The kernel refused, or has no IPv6.</exception>
    public void Join(int index, IPAddress address)
    {
        Span<byte> group = stackalloc byte[16];
        NeighbourFrames.SolicitedNode(group, address);
        try
        {
            _socket ??= new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
            _socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.AddMembership, new IPv6MulticastOption(new IPAddress(group), index));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            // Two addresses with the same last three bytes have one group.
        }
        catch (SocketException e)
        {
            throw new IOException($"Cannot hear who asks for {address}: {e.Message}", e);
        }
    }

    public void Dispose() => _socket?.Dispose();
}
