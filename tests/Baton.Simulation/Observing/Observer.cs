using Baton.Redundancy.Records;
using Baton.Simulation.Nodes;

namespace Baton.Simulation.Observing;

/// <summary>The god's eye: sees every packet that leaves and every one that is accepted, whoever does it, and remembers all of them.</summary>
internal sealed partial class Observer(World world)
{
    /// <summary>For each term that was written: its first revision, and who holds it.</summary>
    private readonly Dictionary<ulong, (ulong Revision, Incarnation Holder)> _terms = [];

    private readonly long[] _ceilingMessages = new long[Network.Members * Network.Members];

    public ulong HighestTerm { get; private set; }

    /// <summary>What the ledger, god willing, says: for the harness' own questions.</summary>
    public ClusterRecord? Durable { get; private set; }

    public void Committed(LedgerChange change)
    {
        ClusterRecord cluster = change.Cluster;
        if (cluster.Term > HighestTerm && cluster.Holder is { } holder)
        {
            _terms[cluster.Term] = (cluster.Revision, holder);
            HighestTerm = cluster.Term;
        }

        Durable = cluster;
        foreach (SaRecord record in change.Upserts)
        {
            if (world.SaOf(record.KeyTag) is { } sa && !sa.Registered)
            {
                sa.Registered = true;
                world.Coverage.Count(Covered.SasRegistered);
            }
        }

        IkeCommitted(change);
        world.Ike.Learn(change);
        foreach (SaId id in change.Deletes)
        {
            foreach (SimSa sa in world.Sas)
            {
                if (sa.Id == id)
                    sa.Deleted = true;
            }
        }
    }

    public void Sent(SimMember member, SimSa sa, ulong number)
    {
        world.Note(TraceKind.Sent, member.Node, (ulong)sa.Index, number);
        world.Coverage.Count(Covered.PacketsSent);
        CheckCopy(member, "sends");
        if (member.ActiveTerm < HighestTerm)
            world.Coverage.Count(Covered.SentByZombie);
        if (!sa.Used.TryAdd(number, member.Self))
        {
            throw new ViolationException(Promise.NoNumberTwice,
                $"sa[{sa.Index}] number {number} left from {sa.Used[number]} and again from {member.Self} (term {member.Core.Term})");
        }
    }

    public void Accepted(SimMember member, SimSa sa, ulong number, long app)
    {
        world.Note(TraceKind.Accepted, member.Node, (ulong)sa.Index, number);
        world.Coverage.Count(Covered.PacketsAccepted);
        CheckCopy(member, "accepts");
        if (!sa.Used.TryAdd(number, member.Self))
        {
            throw new ViolationException(Promise.NoReplayAccepted,
                $"sa[{sa.Index}] number {number} accepted by {sa.Used[number]} and again by {member.Self} (term {member.Core.Term})");
        }

        sa.Accepted.Add((number, app));
        Arrived(sa, app);
    }

    /// <summary>The far end took a packet for this number.</summary>
    public static void Inferred(SimSa sa, ulong number, ulong inferred)
    {
        if (inferred != number)
            throw new ViolationException(Promise.FarEndFollows, $"sa[{sa.Index}] sealed {number}; the far end, at {sa.PeerWindow.Top}, takes it for {inferred}");
    }

    public void Delivered(SimSa sa, ulong number, long app)
    {
        world.Note(TraceKind.Delivered, Network.Outside, (ulong)sa.Index, number);
        world.Coverage.Count(Covered.PacketsDelivered);
        Arrived(sa, app);
    }

    private void Arrived(SimSa sa, long app)
    {
        sa.LastArrival = world.Now;
        if (!sa.AppArrived.Add(app) && world.Profile == Faults.Profile.PlannedOnly)
            throw new ViolationException(Promise.NothingLostWhenPlanned, $"sa[{sa.Index}]: packet {app} came twice");
    }

    /// <summary>G3, looked at directly: whoever works in a term that was written has that write in its copy, unless it took the term alone.</summary>
    private void CheckCopy(SimMember member, string does)
    {
        ulong term = member.Core.Term;
        if (member.AloneTerm == term || !_terms.TryGetValue(term, out (ulong Revision, Incarnation Holder) written))
            return;
        if (written.Holder == member.Self && member.CopyRevision < written.Revision)
        {
            throw new ViolationException(Promise.CopyBeforeWork,
                $"{member.Self} {does} in term {term}, whose write is revision {written.Revision}, with a copy of revision {member.CopyRevision}");
        }
    }

    public void CeilingMessage(int from, int to) => _ceilingMessages[(from * Network.Members) + to]++;

    public void AtEnd()
    {
        foreach (SimSa sa in world.Sas)
        {
            if (world.Profile == Faults.Profile.PlannedOnly)
            {
                for (long app = 0; app < sa.NextApp; app++)
                {
                    if (!sa.AppArrived.Contains(app))
                        throw new ViolationException(Promise.NothingLostWhenPlanned, $"sa[{sa.Index}]: packet {app} of {sa.NextApp} lost");
                }
            }

            bool expected = sa.Registered && !sa.Deleted && !sa.WantDelete && !sa.WorldsEnd;
            if (expected && sa.LastArrival < world.Now - Network.Ms(2_500))
            {
                throw new ViolationException(Promise.ServiceReturns,
                    $"sa[{sa.Index}] ({sa.Direction}): last packet passed at {sa.LastArrival / 1e6:F0} ms, the faults ended at {World.QuietFrom / 1e6:F0} ms");
            }
        }

        foreach (SimIke ike in world.Ike.All)
        {
            if (!ike.Gone && ike.DurableVersion > 0 && ike.LastDone < world.Now - Network.Ms(2_500))
                throw new ViolationException(Promise.ServiceReturns, $"ike[{ike.Index}]: its last commit was done at {ike.LastDone / 1e6:F0} ms");
        }

        // One message a tick and pair, once more where traffic reached the ceiling: never one a packet.
        long most = 2 * (World.End / (World.CeilingTick.Ticks * 100)) + 200;
        foreach (long count in _ceilingMessages)
        {
            if (count > most)
                throw new ViolationException(Promise.NothingPerPacket, $"{count} ceiling messages between one pair, {most} at most");
        }
    }
}
