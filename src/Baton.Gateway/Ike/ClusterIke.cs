using System.Net;
using System.Security.Cryptography;
using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Gateway.Engine;
using Baton.Ike;
using Baton.Linux;
using Baton.Redundancy.Members;
using Baton.Redundancy.Records;
using Microsoft.Extensions.Logging;

namespace Baton.Gateway.Ike;

/// <summary>IKE of a member: commits go to the ledger, IVs come from leases, and after a takeover every IKE SA goes on from its record.</summary>
/// <remarks>
/// Everything here runs on the IKE thread unless it says otherwise; the engine and this talk by posting to each other. The records are in
/// <c>ClusterIke.Records.cs</c>.
/// </remarks>
internal sealed partial class ClusterIke : IIkeHost, ISnapshotSource, IDisposable
{
    private readonly GatewayEngine _engine;
    private readonly RecordSealer _sealer;
    private readonly RedundancyOptions _sizes;
    private readonly IvPools _ivs;
    private readonly ILogger _log;

    /// <summary>Of the last state that was committed or asked to be; none of an IKE SA that sleeps.</summary>
    private readonly Dictionary<IkeId, ulong> _versions = [];
    private readonly Dictionary<ulong, ChildHalves> _children = [];

    /// <summary>Children of commits under way: they are none if it fails.</summary>
    private readonly Dictionary<ulong, List<ulong>> _hopedFor = [];

    private struct ChildHalves
    {
        public ulong OutboundTag;
        public ulong InboundTag;
        public uint OutboundSpi;
        public uint InboundSpi;
        public ulong Sa;
    }

    private readonly AssignedAddresses? _assigned;

    public ClusterIke(GatewayEngine engine, NodeOptions options, RecordSealer sealer, ILogger log)
    {
        (_engine, _sealer, _sizes, _log) = (engine, sealer, options.Redundancy, log);
        _assigned = AssignedAddresses.For(options, log);
        _ivs = new IvPools(id => _engine.Post(e => e.WantIvs(id)));
        Runner = new IkeRunner(options.Ike, _ivs, this, options.Outer!.Listen, log, this);
    }

    public IkeRunner Runner { get; }

    public void Dispose()
    {
        Runner.Dispose();
        _assigned?.Dispose();
    }

    // ---- told by the engine, on its thread ----

    public void Committed(ulong token) => Runner.Post(() =>
    {
        _hopedFor.Remove(token);
        Runner.Committed(token);
    });

    public void CommitFailed(ulong token, CommitFailure why, string detail) => Runner.Post(() => Fail(token, $"{why} {detail}".TrimEnd()));

    /// <summary>What the commit would have brought never was.</summary>
    private void Fail(ulong token, string why)
    {
        if (_hopedFor.Remove(token, out List<ulong>? children))
            children.ForEach(child => _children.Remove(child));
        Runner.CommitFailed(token, why);
    }

    /// <summary>A half of a pair was built from its record, here or at the standby.</summary>
    public void Built(ulong child, SaDirection direction, ulong tag, uint spi, ulong madeBy) => Runner.Post(() =>
    {
        ref ChildHalves halves = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_children, child, out _);
        if (direction == SaDirection.Outbound)
            (halves.OutboundTag, halves.OutboundSpi) = (tag, spi);
        else
            (halves.InboundTag, halves.InboundSpi) = (tag, spi);
        if (halves.Sa == 0)
            halves.Sa = madeBy;
    });

    public void Gone(ulong child) => Runner.Post(() => _children.Remove(child));

    public void Give(IReadOnlyList<(IkeId Id, ulong[] Numbers)> given) => Runner.Post(() =>
    {
        foreach ((IkeId id, ulong[] numbers) in given)
        {
            _ivs.Give(id, numbers);
            if (numbers.Length > 0)
                Runner.Step(new IkeInput.IvsGiven(new IkeSaId(id.Value)));
        }
    });

    public void Traffic(IReadOnlyList<IkeInput.Traffic> traffic) => Runner.Post(() =>
    {
        foreach (IkeInput.Traffic one in traffic)
            Runner.Step(one);
    });

    public void PeerMoved(ulong child, UdpEndpoint remote) => Runner.Post(() =>
    {
        if (_children.TryGetValue(child, out ChildHalves halves) && halves.Sa != 0)
            Runner.Step(new IkeInput.EndpointMoved(new IkeSaId(halves.Sa), remote.ToIPEndPoint()));
    });

    public void PeerBehind(ulong child, ulong by) => Runner.Post(new IkeInput.InboundBehind(new ChildSaId(child), by));

    // ---- the endpoint's wishes ----

    public void Send(IPEndPoint local, IPEndPoint remote, ReadOnlyMemory<byte> message)
    {
        (UdpEndpoint from, UdpEndpoint to) = (UdpEndpoint.From(local), UdpEndpoint.From(remote));
        _engine.Post(e => e.Path.SendIke(from, to, message.Span));
    }

    public void HeardBy(ulong initiatorSpi, UdpEndpoint peer, UdpEndpoint router) => _engine.Post(e => e.Path.LearnProvenRouter(initiatorSpi, peer, router));

    public void Commit(IkeOutput.Commit commit)
    {
        var ike = new List<IkeRecord>();
        var sas = new List<SaRecord>();
        var deletedIke = new List<IkeId>();
        var deletedSas = new List<ulong>();
        bool isTooLong = false;
        foreach (IkeSaChange change in commit.Changes)
        {
            var id = new IkeId(change.Id.Value);
            if (change.Snapshot is not { } snapshot)
            {
                _versions.Remove(id);
                deletedIke.Add(id);
                deletedSas.Add(_sealer.KeyTag(id, iv: true));
                continue;
            }

            // Also of a state that will not be written: a later one, made on it, must not pass for its follower.
            bool known = _versions.TryGetValue(id, out ulong version);
            _versions[id] = ++version;
            if (snapshot.Length > RecordSealer.MaximumSnapshotBytes)
            {
                _log.LogError("the state of {Sa} of {Connection} has {Bytes} bytes, more than a record holds", change.Id, change.Connection, snapshot.Length);
                isTooLong = true;
                Wipe(snapshot);
                continue;
            }

            ike.Add(new IkeRecord(id, version, _sealer.KeyTag(id, iv: false), _sealer.SealIke(id, version, snapshot.Span)));
            if (!known)
                sas.Add(IvPools.NewRecord(id, _sealer));
            Wipe(snapshot);
        }

        if (isTooLong)
        {
            foreach (ChildSaPair pair in commit.Created)
                ChildRecords.Wipe(pair);
            Runner.Post(() => Fail(commit.CommitId, "the state of an IKE SA is too long for a record"));
            return;
        }

        foreach (ChildSaPair pair in commit.Created)
        {
            AddPair(pair, sas);
            ChildRecords.Wipe(pair);  // sealed; the data path has them from the record, when there is one
        }

        if (commit.Created.Count > 0)
            _hopedFor[commit.CommitId] = [.. commit.Created.Select(pair => pair.Id.Value)];
        foreach (ChildSaId child in commit.Deleted)
        {
            if (_children.Remove(child.Value, out ChildHalves halves))
                deletedSas.AddRange([halves.OutboundTag, halves.InboundTag]);
        }

        var wanted = new MemberInput.Commit(commit.CommitId, new LedgerCommit(ike, sas, deletedIke, deletedSas));
        _engine.Post(e => e.Commit(wanted, commit.Deleted));
    }

    public void Perform(IkeOutput output)
    {
        _assigned?.Follow(output, Runner.Endpoint);
        switch (output)
        {
            case IkeOutput.ChildUp { Child: { BehindNat: true } child }:
                _engine.Post(e => e.Path.SetBehindNat(child.Id.Value, true));
                break;
            case IkeOutput.UseOutbound use:
                _engine.Post(e => e.Path.UseOutbound(use.Child.Value));
                break;
            case IkeOutput.IkeSaReplaced replaced:
                foreach (ChildSaId child in replaced.Children)
                    Belongs(child.Value, replaced.Successor.Id.Value);
                break;
            case IkeOutput.EndpointChanged changed:
                Move(changed.Children, changed.Local, changed.Remote, changed.UdpEncapsulation, changed.BehindNat);
                break;
            case IkeOutput.JumpCounters jump:
                _engine.Post(e => e.Jump(jump.Children, jump.By));
                break;
            case IkeOutput.IkeSaFollowed followed:
                Know(followed.Sa);
                break;
            case IkeOutput.IkeSaRestored restored:
                Know(restored.Sa);
                if (restored.Sa.Assigned.Count > 0)
                    _assigned?.Take(restored.Sa);
                break;
            case IkeOutput.RestoreWanted wanted:
                RestoreSome(wanted.Sas, _tenure);
                break;
        }
    }

    private void AddPair(ChildSaPair pair, List<SaRecord> sas)
    {
        ChildHalves old = pair.Replaces is { } replaces ? _children.GetValueOrDefault(replaces.Value) : default;
        (SaDescription outbound, SaDescription inbound) = ChildRecords.Describe(pair, old.OutboundSpi, old.InboundSpi, swap: false);
        SaRecord toPeer = ChildRecords.NewRecord(SaDirection.Outbound, outbound, _sealer, _sizes);
        SaRecord fromPeer = ChildRecords.NewRecord(SaDirection.Inbound, inbound, _sealer, _sizes);
        sas.Add(toPeer);
        sas.Add(fromPeer);
        _children[pair.Id.Value] = new ChildHalves
        {
            OutboundTag = toPeer.KeyTag,
            InboundTag = fromPeer.KeyTag,
            OutboundSpi = pair.OutboundSpi,
            InboundSpi = pair.InboundSpi,
            Sa = pair.Sa.Value,
        };
    }

    private void Belongs(ulong child, ulong sa)
    {
        ref ChildHalves halves = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrNullRef(_children, child);
        if (!System.Runtime.CompilerServices.Unsafe.IsNullRef(ref halves))
            halves.Sa = sa;
    }

    private void Move(IReadOnlyList<ChildSaId> children, IPEndPoint local, IPEndPoint remote, bool udp, bool behindNat, bool unlessLearned = false)
    {
        (UdpEndpoint from, UdpEndpoint to) = (UdpEndpoint.From(local), UdpEndpoint.From(ChildRecords.PeerOf(remote, udp)));
        _engine.Post(e => e.Path.Move(children, from, to, behindNat, unlessLearned));
    }

    /// <summary>A snapshot holds keys; what it was made for is sealed, or restored.</summary>
    private static void Wipe(ReadOnlyMemory<byte> snapshot)
    {
        if (System.Runtime.InteropServices.MemoryMarshal.TryGetArray(snapshot, out ArraySegment<byte> bytes))
            CryptographicOperations.ZeroMemory(bytes);
    }
}
