using System.Net;
using System.Net.Sockets;

namespace Baton.Cli.Demo.Setup;

/// <summary>A 127.x.y.0/24 of our own for the time of the run, so that two demos run side by side.</summary>
public sealed class AddressBlock : IDisposable
{
    private const int ClaimPort = 7999;

    private readonly Socket _claim;
    private readonly int _x;
    private readonly int _y;

    private AddressBlock(Socket claim, int x, int y) => (_claim, _x, _y) = (claim, x, y);

    public static AddressBlock Claim()
    {
        for (int attempt = 0; attempt < 200; attempt++)
        {
            int x = Random.Shared.Next(20, 250);
            int y = Random.Shared.Next(0, 256);
            if (TryBind(new(Address(x, y, 254), ClaimPort)) is not { } claim) continue;

            // The claim keeps other demos away; others might use a port of the block.
            if (Enumerable.Range(1, 30).All(host => IsFree(new(Address(x, y, host), 4500)))) return new(claim, x, y);
            claim.Dispose();
        }

        throw new DemoException("no free block of loopback addresses (127.x.y.0/24) could be found");
    }

    public IPAddress this[int host] => Address(_x, _y, host);

    public override string ToString() => $"127.{_x}.{_y}.0/24";

    public void Dispose() => _claim.Dispose();

    private static IPAddress Address(int x, int y, int host) => new([127, (byte)x, (byte)y, (byte)host]);

    private static bool IsFree(IPEndPoint endpoint)
    {
        using Socket? socket = TryBind(endpoint);
        return socket is not null;
    }

    private static Socket? TryBind(IPEndPoint endpoint)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ExclusiveAddressUse = true };
        try
        {
            socket.Bind(endpoint);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }
}
