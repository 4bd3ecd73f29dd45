using System.Collections.Immutable;
using Baton.Cluster.Sync;
using Baton.Gateway.DataPath;
using Baton.Linux;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Gateway.Engine;

/// <summary>Tells the standbys where peers are now, so that a takeover sends to the right place before the peer has spoken again.</summary>
/// <remarks>
/// An endpoint is told when it changed, and all learned ones when the in-sync set changed, a few a turn; a lost one is told again within half a minute. It proves
/// nothing and needs no proof: a wrong one costs packets until the peer's next authentic packet (RFC 3948 5).
/// </remarks>
internal sealed partial class GatewayEngine
{
    private const int EndpointsPerTurn = 64;
    private static readonly TimeSpan LookForMoves = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan TellAgain = TimeSpan.FromSeconds(30);

    private readonly Queue<OutboundEntry> _moved = new();
    private readonly byte[] _endpointText = new byte[EndpointNote.Length];
    private readonly byte[] _endpointAddress = new byte[16];
    private ImmutableArray<Incarnation> _toldSet = [];
    private Instant _nextLook;
    private Instant _nextTellAgain;
    private ulong _endpointTerm;

    public long EndpointsTold { get; private set; }

    public long EndpointsHeard { get; private set; }

    private void TellEndpoints(Instant now)
    {
        if (!_active)
        {
            _moved.Clear();
            return;
        }

        if (now >= _nextLook)
        {
            _nextLook = now + LookForMoves;
            bool all = now >= _nextTellAgain || (Core.Cluster is { } copy && copy.InSync != _toldSet);
            if (all)
                (_nextTellAgain, _toldSet) = (now + TellAgain, Core.Cluster?.InSync ?? []);
            foreach (OutboundEntry entry in Path.OutboundSas.Values)
            {
                if (entry.PeerMoves == 0 || (!all && entry.PeerMoves == entry.PeerMovesTold))
                    continue;
                entry.PeerMovesTold = entry.PeerMoves;
                _moved.Enqueue(entry);
            }
        }

        for (int i = 0; i < EndpointsPerTurn && _moved.TryDequeue(out OutboundEntry? entry); i++)
            TellEndpoint(entry);
    }

    private void TellEndpoint(OutboundEntry entry)
    {
        new EndpointNote(entry.Id, Core.Term, entry.Local).Write(_endpointText);
        EndpointNote.Write(entry.Peer.Address, _endpointAddress);
        foreach ((string member, UdpEndpoint to) in _memberSync)
        {
            if (member == Self.Member)
                continue;
            _sink.To = to;
            _codec.Write(new Handover(HandoverKind.Endpoint, _endpointAddress, entry.Peer.Port, _endpointText), _sink);
        }

        EndpointsTold++;
    }

    private void TakeEndpoint(in Handover handover)
    {
        if (_active || handover.Address.Length != 16 || !EndpointNote.TryRead(handover.Packet, out EndpointNote note))
            return;
        if (note.Term < Math.Max(_endpointTerm, Core.Term))
            return;  // of an active that is none any more
        _endpointTerm = note.Term;
        if (Path.SetEndpoint(note.Sa, new UdpEndpoint(IpAddress.V6(handover.Address), handover.Port), note.Local))
            EndpointsHeard++;
    }
}
