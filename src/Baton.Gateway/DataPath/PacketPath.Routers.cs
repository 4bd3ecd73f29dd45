using Baton.Gateway.Ports;
using Baton.Linux;

namespace Baton.Gateway.DataPath;

/// <summary>Several routers in front of the cluster: each peer is answered by the one that its newest authentic packet came by, since that is whom the peer speaks to.</summary>
internal sealed partial class PacketPath
{
    /// <summary>An IKE answer goes back the way its request came; who is not remembered any more is answered by the usual router.</summary>
    private const int MostIkePeers = 4_096;

    /// <summary>The usual one first.</summary>
    private readonly UdpEndpoint[] _routers;
    private readonly Dictionary<UdpEndpoint, UdpEndpoint> _ikeRouters = [];

    /// <summary>Before a packet of the SA has come, the way that its peer's IKE came is the best guess.</summary>
    private UdpEndpoint RouterOf(OutboundEntry entry) => entry.Local.IsNone ? IkeRouterOf(entry.Peer) : entry.Local;

    private UdpEndpoint IkeRouterOf(in UdpEndpoint peer) => _ikeRouters.Count == 0 ? _remote : _ikeRouters.GetValueOrDefault(peer, _remote);

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

    /// <summary>What is not proven yet leads an answer only back to where it came from.</summary>
    private void LearnIkeRouter(in Arrival arrival)
    {
        if (arrival.Local == _remote)
            _ikeRouters.Remove(arrival.Peer);
        else if (!arrival.Local.IsNone && (_ikeRouters.Count < MostIkePeers || _ikeRouters.ContainsKey(arrival.Peer)))
            _ikeRouters[arrival.Peer] = arrival.Local;
    }
}
