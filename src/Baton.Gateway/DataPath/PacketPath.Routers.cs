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
    private Dictionary<UdpEndpoint, UdpEndpoint> _ikeRouters = [];

    /// <summary>Those before the newest <see cref="MostIkePeers"/>: who floods with invented peers pushes out the old ones, and keeps no new one out.</summary>
    private Dictionary<UdpEndpoint, UdpEndpoint> _olderIkeRouters = [];

    /// <summary>Before a packet of the SA has come, the way that its peer's IKE came is the best guess.</summary>
    private UdpEndpoint RouterOf(OutboundEntry entry) => entry.Local.IsNone ? IkeRouterOf(entry.Peer) : entry.Local;

    private UdpEndpoint IkeRouterOf(in UdpEndpoint peer) =>
        _routers.Length == 1 ? _remote : _ikeRouters.TryGetValue(peer, out UdpEndpoint router) ? router : _olderIkeRouters.GetValueOrDefault(peer, _remote);

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
        if (arrival.Local.IsNone)
            return;
        if (arrival.Local != _remote && _ikeRouters.Count == MostIkePeers && !_ikeRouters.ContainsKey(arrival.Peer))
        {
            (_ikeRouters, _olderIkeRouters) = (_olderIkeRouters, _ikeRouters);
            _ikeRouters.Clear();
        }

        if (arrival.Local != _remote)
            _ikeRouters[arrival.Peer] = arrival.Local;
        else
            _ = _ikeRouters.Remove(arrival.Peer) | _olderIkeRouters.Remove(arrival.Peer);
    }
}
