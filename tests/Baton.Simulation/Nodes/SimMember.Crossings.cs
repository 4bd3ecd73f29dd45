using Baton.Redundancy;
using Baton.Redundancy.Members;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Baton.Simulation.Observing;

namespace Baton.Simulation.Nodes;

/// <summary>Counts what happened while something else was under way: a crossing that no run came to is one that nobody tested.</summary>
internal sealed partial class SimMember
{
    /// <summary>Some parts of a snapshot have come, and not the last.</summary>
    public bool IsInParts { get; private set; }

    private ulong _lastReport;

    private readonly record struct Moment(MemberState State, bool HadCopy, int WaitingCommits, bool IsNewcomer, int NewRecords, int Deleted);

    private bool IsHanding => Core.State is MemberState.Freezing or MemberState.Surrendering;

    private Moment Look(MemberInput input)
    {
        (int fresh, int deleted) = (0, 0);
        if (input is MemberInput.Changed { Change: { IsSnapshot: false } change } && IsHanding)
        {
            foreach (SaRecord record in change.Upserts)
                fresh += Core.Outbound(record.Id) is null && Core.Inbound(record.Id) is null ? 1 : 0;
            deleted = change.Deletes.Count;
        }

        bool newcomer = input is MemberInput.FromMember { Message: MemberMessage.Present present } && IsHanding && !Core.Cluster!.InSync.Contains(present.From);
        return new Moment(Core.State, Core.Cluster is not null, Core.WaitingCommits, newcomer, fresh, deleted);
    }

    private void CountWhatCrossed(in Moment before, MemberInput input, List<MemberOutput> outputs)
    {
        bool handing = before.State is MemberState.Freezing or MemberState.Surrendering;
        switch (input)
        {
            case MemberInput.SnapshotPart:
                IsInParts = true;
                Count(before.HadCopy ? Covered.LaterSnapshotsInParts : Covered.FirstSnapshotsInParts);
                if (Core.IsActive)
                    Count(Covered.SnapshotsInPartsWhileActive);
                break;
            case MemberInput.Changed { Change.IsSnapshot: true }:
                IsInParts = false;
                CountIf(before.WaitingCommits > 0, Covered.CommitsPendingAtSnapshot);
                break;
            case MemberInput.HandlerLost:
                CountIf(IsInParts, Covered.SnapshotsCutShort);
                CountIf(handing, Covered.SessionsLostWhileHanding);
                CountIf(before.WaitingCommits > 0, Covered.CommitsPendingAtSessionLoss);
                IsInParts = false;
                break;
        }

        CountIf(before.IsNewcomer, Covered.NewcomersWhileHanding);
        CountIf(before.NewRecords > 0, Covered.RecordsNewWhileHanding);
        CountIf(before.Deleted > 0, Covered.RecordsDeletedWhileHanding);
        foreach (MemberOutput output in outputs)
        {
            switch (output)
            {
                case MemberOutput.ToMember { Message: MemberMessage.ExactStates states }:
                    CountIf(states.Tick > _lastReport, Covered.ExactStatesTold);
                    CountIf(states.Tick <= _lastReport, Covered.ExactStatesRepeated);
                    CountIf(states.Tick > _lastReport && Core.State == MemberState.Surrendering, Covered.ExactStatesWhenFrozen);
                    _lastReport = Math.Max(_lastReport, states.Tick);
                    break;
                case MemberOutput.SurrenderEnded { Done: false }:
                    Count(Covered.SurrendersGivenUp);
                    break;
                case MemberOutput.BecameActive active when Core.Cluster!.SurrenderedTerm + 1 == active.Term:
                    Count(Covered.StartsAtExactStates);
                    break;
                case MemberOutput.Freeze:
                    CountIf(before.WaitingCommits > 0, Covered.CommitsPendingAtFreeze);
                    break;
                case MemberOutput.BecameStandby:
                    CountIf(before.WaitingCommits > 0, Covered.CommitsPendingAtDeposition);
                    break;
                case MemberOutput.Note { Event.Kind: RedundancyEventKind.MovedOn }:
                    CountIf(before.WaitingCommits > 0, Covered.CommitsPendingAtMoveOn);
                    break;
                case MemberOutput.Note { Event: { Kind: RedundancyEventKind.ActedAlone } alone }:
                    CountIf(alone.Detail.Contains("has stopped", StringComparison.Ordinal), Covered.AloneAfterAFreeze);
                    break;
            }
        }
    }

    private void Count(Covered what) => World.Coverage.Count(what);

    private void CountIf(bool condition, Covered what)
    {
        if (condition)
            Count(what);
    }
}
