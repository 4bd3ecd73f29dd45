using Baton.Cluster.Records;
using Baton.Cluster.Sync;
using Baton.Linux;
using Baton.Redundancy.Leases;
using Baton.Redundancy.Members;
using Baton.Redundancy.Records;
using Baton.Wire;
using Microsoft.Extensions.Logging;

namespace Baton.Gateway.Engine;

/// <summary>The path beside that of ESP: its records, and its words to its twins at the other members.</summary>
internal sealed partial class GatewayEngine : IMember
{
    private readonly byte[] _besideAddress = new byte[16];

    /// <summary>Null: this member carries ESP. Set before the start.</summary>
    public IMemberPath? Beside { get; private set; }

    ILogger IMember.Log => _log;

    RecordSealer IMember.Sealer => _sealer;

    bool IMember.IsActive => _active;

    ulong IMember.Term => Core.Term;

    ulong IMember.InSyncRevision => Core.Cluster?.InSyncRevision ?? 0;

    public void Use(IMemberPath beside)
    {
        Beside = beside;
        beside.Use(this);
    }

    OutboundLease? IMember.Outbound(SaId id) => Core.Outbound(id);

    InboundCeiling? IMember.Inbound(SaId id) => Core.Inbound(id);

    void IMember.Register(SaRecord sa, ulong token) => Post(new MemberInput.Commit(token, new LedgerCommit([], [sa], [], [])));

    void IMember.Delete(IReadOnlyList<SaId> sas) => Post(new MemberInput.DeleteSas(sas));

    void IMember.Tell(ReadOnlySpan<byte> text, in UdpEndpoint about)
    {
        if (Core.Cluster is not { } copy)
            return;
        foreach (Incarnation standby in copy.InSync)
        {
            if (standby.Member != Self.Member && _memberSync.TryGetValue(standby.Member, out UdpEndpoint to))
                SendBeside(text, about, to, standby.Nonce);
        }
    }

    void IMember.HandOver(ReadOnlySpan<byte> text, in UdpEndpoint about)
    {
        if (Path.HandingOver is not HandoverSink sink)
            return;
        Volatile.Write(ref _lastHandover, MonotonicClock.Now.Nanoseconds);
        SendBeside(text, about, sink.Successor, sink.Life);
    }

    void IMember.Post(Action action) => Post(_ => action());

    private void SendBeside(ReadOnlySpan<byte> text, in UdpEndpoint about, in UdpEndpoint to, ulong life)
    {
        (_sink.To, _sink.Life) = (to, life);
        EndpointNote.Write(about.Address, _besideAddress);
        _codec.Write(new Handover(HandoverKind.Beside, _besideAddress, about.Port, text), _sink);
    }

    private void TakeBeside(in Handover handover, Instant now)
    {
        if (handover.Address.Length == 16)
            Beside?.Hear(handover.Packet, new UdpEndpoint(IpAddress.V6(handover.Address), handover.Port), now);
    }
}
