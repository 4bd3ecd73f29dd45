using System.Buffers.Binary;
using Baton.Ike.Messages;
using Baton.Linux;

namespace Baton.Gateway.DataPath;

/// <summary>Several routers in front of the cluster: each peer is answered by the one that its newest authentic packet came by, since that is whom the peer speaks to.</summary>
internal sealed partial class PacketPath
{
    /// <summary>The usual one first.</summary>
    private readonly UdpEndpoint[] _routers;

    /// <summary>By which router the last message with an initiator's SPI came, proven or not: an IKE answer goes back the way its request came, and nothing else does.</summary>
    private readonly NewestWays<ulong> _ikeCameBy = new(most: 4_096);

    /// <summary>By which router the last message came that proved itself: for our own requests on that IKE SA.</summary>
    private readonly NewestWays<ulong> _ikeProvenBy = new(most: 65_536);

    /// <summary>The same by peer, for IKE SAs and ESP SAs that were made since.</summary>
    private readonly NewestWays<UdpEndpoint> _peersProvenBy = new(most: 65_536);

    /// <summary>On the data thread, from the IKE thread: a message of this IKE SA was authentic, new, and came by this router.</summary>
    public void LearnProvenRouter(ulong initiatorSpi, in UdpEndpoint peer, in UdpEndpoint router)
    {
        _ikeProvenBy.Set(initiatorSpi, router, _remote);
        _peersProvenBy.Set(peer, router, _remote);
    }

    /// <summary>Before a packet of the SA has come, the way that its peer's IKE came is the best guess.</summary>
    private UdpEndpoint RouterOf(OutboundEntry entry) => entry.Local.IsNone ? _peersProvenBy.Of(entry.Peer, _remote) : entry.Local;

    private UdpEndpoint IkeRouterOf(ReadOnlySpan<byte> message, in UdpEndpoint peer)
    {
        if (_routers.Length == 1 || !TryReadSpi(message, out ulong initiatorSpi))
            return _remote;
        return IsAnswer(message) ? _ikeCameBy.Of(initiatorSpi, _remote) : _ikeProvenBy.Of(initiatorSpi, _peersProvenBy.Of(peer, _remote));
    }

    /// <param name="router">None: the packet was handed over by another member, and says nothing of it.</param>
    private void LearnRouter(OutboundEntry entry, in UdpEndpoint router)
    {
        if (router.IsNone || entry.Local == router)
            return;
        bool isNews = !entry.Local.IsNone || router != _remote;
        entry.Local = router;
        if (isNews)
            entry.QueueMove();
    }

    /// <summary>Not proven yet: it leads an answer back to where its request came from, and no request of ours.</summary>
    private void NoteIkeRouter(ReadOnlySpan<byte> message, in UdpEndpoint router)
    {
        if (!router.IsNone && TryReadSpi(message, out ulong initiatorSpi))
            _ikeCameBy.Set(initiatorSpi, router, _remote);
    }

    private static bool TryReadSpi(ReadOnlySpan<byte> message, out ulong initiatorSpi)
    {
        initiatorSpi = message.Length < IkeHeader.Size ? 0 : BinaryPrimitives.ReadUInt64BigEndian(message);
        return initiatorSpi != 0;
    }

    /// <summary>The R flag (RFC 7296 3.1).</summary>
    private static bool IsAnswer(ReadOnlySpan<byte> message) => (message[19] & 0x20) != 0;
}
