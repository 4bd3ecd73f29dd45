using Baton.Redundancy.Records;
using Baton.Simulation.Nodes;

namespace Baton.Simulation.Observing;

/// <summary>Commits: nothing that was committed is lost, what leaves is where a successor looks, and no IV is used for two messages.</summary>
internal sealed partial class Observer
{
    private void IkeCommitted(LedgerChange change)
    {
        foreach (IkeRecord record in change.IkeUpserts)
        {
            SimIke ike = world.Ike.Of(record.Id);
            if (record.Version <= ike.DurableVersion || ike.Gone)
                throw Lost(ike, $"version {record.Version} came into the ledger after {ike.DurableVersion}{(ike.Gone ? ", and its end" : "")}");
            (ike.DurableVersion, ike.Durable[record.Version]) = (record.Version, SimIke.IvOf(record));
        }

        foreach (IkeId id in change.IkeDeletes)
            world.Ike.Of(id).Gone = true;
    }

    public void IkeLeft(SimMember member, SimIke ike, ulong version, ulong iv, bool again)
    {
        world.Note(TraceKind.Sent, member.Node, 0x1CE_0000 + (ulong)ike.Index, iv);
        if (ike.Durable.GetValueOrDefault(version) != iv)
            throw Lost(ike, $"a message of version {version} left {member.Self}, and the ledger has none of it");
        if (!ike.UsedIvs.TryAdd(iv, version) && ike.UsedIvs[iv] != version)
            throw new ViolationException(Promise.NoNumberTwice, $"ike[{ike.Index}]: IV {iv} left for version {ike.UsedIvs[iv]} and from {member.Self} for {version}");
        if (again)
        {
            world.Coverage.Count(Covered.IkeMessagesRepeated);
            return;
        }

        ike.Left.Add((version, member.Core.Term));
        foreach (SimMember other in world.Members)
        {
            if (!other.Up || other == member || ike.Gone || other.Core.Cluster is not { } copy)
                continue;
            // Who could act alone knows that it is named; who works already has looked into its copy.
            bool mayGoOn = (copy.Term == member.Core.Term && copy.Designee == other.Self) || (other.WorksIke && other.Core.Term > member.Core.Term);
            if (mayGoOn && VersionAt(other, ike) < version)
                throw Lost(ike, $"a message of version {version} left {member.Self}; {other.Self}, who may go on, has {VersionAt(other, ike)}");
        }
    }

    public void TakesIkeOver(SimMember member)
    {
        foreach (SimIke ike in world.Ike.All)
        {
            // What left in a later term does not concern it: it comes late, and nothing of its own will be committed any more.
            ulong left = ike.LeftBefore(member.Core.Term);
            if (!ike.Gone && VersionAt(member, ike) < left)
                throw Lost(ike, $"{member.Self} goes on in term {member.Core.Term} from version {VersionAt(member, ike)}; version {left} had left");
        }
    }

    private static ulong VersionAt(SimMember member, SimIke ike) =>
        member.Core.IkeRecords.TryGetValue(ike.Id, out IkeRecord? record) ? record.Version : 0;

    private static ViolationException Lost(SimIke ike, string what) => new(Promise.CommittedStateLost, $"ike[{ike.Index}]: {what}");
}
