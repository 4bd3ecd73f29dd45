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
    private static readonly TimeSpan TellAgain = TimeSpan.FromSeconds(30);

    /// <summary>How many of <see cref="PacketPath.EverMoved"/> are still to be told again.</summary>
    private int _toTellAgain;
    private readonly byte[] _endpointText = new byte[EndpointNote.Length];
    private readonly byte[] _endpointAddress = new byte[16];
    private ImmutableArray<Incarnation> _toldSet = [];
    private Instant _nextTellAgain;
    private ulong _endpointTerm;

    public long EndpointsTold { get; private set; }

    public long EndpointsHeard { get; private set; }

    /// <summary>A few a turn; it costs nothing where nobody moves, however many SAs there are.</summary>
    private void TellEndpoints(Instant now)
    {
        if (_active && Core.Cluster is { } copy && copy.InSync != _toldSet)
            (_nextTellAgain, _toldSet) = (now, copy.InSync);
        for (int i = 0; i < EndpointsPerTurn && Path.TryTakeMoved(out OutboundEntry? entry); i++)
        {
            if (_active)
                TellEndpoint(entry);
        }

        if (!_active)
        {
            _nextTellAgain = now;  // all of them, once it is active
            return;
        }

        if (now >= _nextTellAgain)
            (_nextTellAgain, _toTellAgain) = (now + TellAgain, Path.EverMoved.Count);
        _toTellAgain = Math.Min(_toTellAgain, Path.EverMoved.Count);  // one that went gave its place to the last, which may be told twice
        for (int i = 0; i < EndpointsPerTurn && _toTellAgain > 0; i++)
            TellEndpoint(Path.EverMoved[--_toTellAgain]);
    }

    private void TellEndpoint(OutboundEntry entry)
    {
        new EndpointNote(entry.Id, Core.Term, entry.Local).Write(_endpointText);
        EndpointNote.Write(entry.Peer.Address, _endpointAddress);
        foreach (Incarnation standby in _toldSet)
        {
            if (!_memberSync.TryGetValue(standby.Member, out UdpEndpoint to))
                continue;
            (_sink.To, _sink.Life) = (to, standby.Nonce);  // to another life of it this would say nothing
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
