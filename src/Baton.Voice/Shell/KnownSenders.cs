using System.Net;

namespace Baton.Voice.Shell;

/// <summary>Whose datagrams a port takes. Anybody on the machine can send to it; what strangers send changes a counter only.</summary>
internal sealed class KnownSenders(params IEnumerable<IPEndPoint> known)
{
    private readonly SocketAddress[] _known = [.. known.Select(sender => sender.Serialize())];

    public bool Knows(SocketAddress sender)
    {
        foreach (SocketAddress address in _known)
        {
            if (address.Equals(sender))
                return true;
        }

        return false;
    }
}
