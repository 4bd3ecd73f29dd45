using System.Net;
using System.Net.Sockets;
using Baton.Linux;
using Baton.Linux.Sockets;
using Baton.Wire;

namespace Baton.Voice.Shell;

/// <summary>A bound UDP socket, or a datagram socket of a backplane, for threads that block on it. Nothing is allocated per datagram.</summary>
/// <remarks>Never connected: a connected UDP socket reports a dead receiver (ECONNREFUSED) as an error of the next call.</remarks>
internal sealed class DatagramPort : IDisposable
{
    public const int LongestDatagram = 65_536;

    private const int BufferBytes = 4 << 20; // as much as the system lets us have: bursts must not be lost here

    /// <summary>A full queue at the other end is waited for, not an end that takes nothing.</summary>
    private static readonly TimeSpan SendPatience = TimeSpan.FromMilliseconds(2);

    private readonly Socket _socket;
    private volatile bool _closed;
    private long _sendErrors;

    /// <param name="space">A network namespace to open the port in; null: ours.</param>
    public DatagramPort(IPEndPoint local, string? space = null)
    {
        _socket = NetworkNamespace.In(space, () => new Socket(local.AddressFamily, SocketType.Dgram, local is BackplaneEndPoint ? ProtocolType.Unspecified : ProtocolType.Udp));
        try
        {
            _socket.ReceiveBufferSize = BufferBytes;
            _socket.SendBufferSize = BufferBytes;
            if (local is BackplaneEndPoint place)
                ListenSockets.BindUnix(_socket, place, SendPatience);
            else
                _socket.Bind(local);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }

        Local = _socket.LocalEndPoint as IPEndPoint ?? local;
    }

    public IPEndPoint Local { get; }

    /// <summary>Datagrams that the system refused to send.</summary>
    public long SendErrors => Interlocked.Read(ref _sendErrors);

    /// <summary>Blocks for a datagram; -1 when the port was closed.</summary>
    public int Receive(Span<byte> buffer, SocketAddress from)
    {
        while (!_closed)
        {
            try
            {
                from.Size = from.Buffer.Length;         // a Unix sender's is as long as its path
                return _socket.ReceiveFrom(buffer, SocketFlags.None, from);
            }
            catch (SocketException) when (!_closed)
            {
                // A report of an earlier datagram that found nobody. Nothing that a datagram causes stops us.
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                break;
            }
        }

        return -1;
    }


    public bool Send(ReadOnlySpan<byte> datagram, SocketAddress to)
    {
        try
        {
            _socket.SendTo(datagram, SocketFlags.None, to);
            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Interlocked.Increment(ref _sendErrors);
            return false;
        }
    }

    public void Dispose()
    {
        _closed = true;
        _socket.Dispose();
    }
}
