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
    private readonly Socket _socket = new(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);

    /// <exception cref="IOException">The kernel refused.</exception>
    public void Join(int index, IPAddress address)
    {
        Span<byte> group = stackalloc byte[16];
        NeighbourFrames.SolicitedNode(group, address);
        try
        {
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

    public void Dispose() => _socket.Dispose();
}
