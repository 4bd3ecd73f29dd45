using System.Net;
using System.Net.Sockets;

namespace Baton.Voice.Shell;

/// <summary>Whose datagrams a port takes. Anybody on the machine can send to it; what strangers send changes a counter only.</summary>
internal sealed class KnownSenders(params IEnumerable<IPEndPoint> known)
{
    private readonly SocketAddress[] _known = [.. known.Select(sender => sender.Serialize())];

    public bool Knows(SocketAddress sender)
    {
        foreach (SocketAddress address in _known)
        {
            if (IsSame(address, sender))
                return true;
        }

        return false;
    }

    /// <summary>Of a Unix socket's path some write the zero at its end and some do not (man 7 unix).</summary>
    public static bool IsSame(SocketAddress one, SocketAddress other) => one.Family == AddressFamily.Unix && other.Family == AddressFamily.Unix
        ? Trimmed(one).SequenceEqual(Trimmed(other))
        : one.Equals(other);

    private static ReadOnlySpan<byte> Trimmed(SocketAddress address) => address.Buffer.Span[..address.Size].TrimEnd((byte)0);
}
