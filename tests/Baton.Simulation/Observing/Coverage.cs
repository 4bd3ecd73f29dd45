using Baton.Redundancy;
using Baton.Redundancy.Messages;

namespace Baton.Simulation.Observing;

/// <summary>What the runs went through. A counter that stays zero is a part of the protocol that nobody tested.</summary>
internal enum Covered
{
    PacketsSent,
    PacketsAccepted,
    PacketsDelivered,
    PacketsHeld,
    PacketsHandedOver,
    ReplaysAttempted,
    ReplaysRefusedByWindow,
    ReplaysRefusedNotActive,
    SentByZombie,
    MemberCrashes,
    MemberRestarts,
    MemberPauses,
    PausesMidStep,
    CrashesMidStep,
    HandlerCrashes,
    HandlerPauses,
    Partitions,
    ClockJumps,
    CopyLags,
    SessionsBroken,
    DatagramTrouble,
    StandbyLostMemory,
    TwoSuspecting,
    WriteTimedOutButHappened,
    WriteFailed,
    WritesLostInCrash,
    SwitchoversAsked,
    StopsAsked,
    SasRegistered,
    SasDeleted,
    RelaysOfSurrender,
    MovesToTermPlusTwo,
    Takeovers,
    TakeoversWithoutHandler,
    ColdSuccessors,
    Surrenders,
    CeilingsLowered,
    PeerJumps,
    TalkerJumps,
    PeersAskedToJump,
    AskedToJump,
    PeersTakenOver,
    JumpsDone,
    JumpsThatWait,
    LedgerPutBack,
    CommitsDone,
    CommitsFailed,
    IkeMessagesRepeated,
    IkeSasEnded,
    SnapshotsInParts,

    // Snapshots in parts: the first of a life, one of a member that has a copy or works already, and one that a broken session cut short.
    FirstSnapshotsInParts,
    LaterSnapshotsInParts,
    SnapshotsInPartsWhileActive,
    SnapshotsCutShort,

    // The exact states of a surrender: told, told again, one that the frozen state added; how it ended; and what crossed it.
    ExactStatesTold,
    ExactStatesRepeated,
    ExactStatesWhenFrozen,
    StartsAtExactStates,
    SurrendersGivenUp,
    AloneAfterAFreeze,
    TroublesWhileHanding,
    SessionsLostWhileHanding,
    RecordsNewWhileHanding,
    RecordsDeletedWhileHanding,
    NewcomersWhileHanding,

    // Commits that waited when this happened.
    CommitsPendingAtSessionLoss,
    CommitsPendingAtSnapshot,
    CommitsPendingAtFreeze,
    CommitsPendingAtDeposition,
    CommitsPendingAtMoveOn,
    CommitsPendingAtCrash,

    LinkDeaths,
    HandoversFromDeadPaths,
    HandoversFromSettlingPaths,
    GivenUpForAPath,
    TermsSaidToBeOver,
    Max,
}

internal sealed class Coverage
{
    public long[] Counters { get; } = new long[(int)Covered.Max];

    public long[] Events { get; } = new long[Enum.GetValues<RedundancyEventKind>().Length];

    public long[] Verdicts { get; } = new long[Enum.GetValues<RequestVerdict>().Length];

    public void Count(Covered what) => Counters[(int)what]++;

    public long this[Covered what] => Counters[(int)what];

    public void Add(Coverage other)
    {
        for (int i = 0; i < Counters.Length; i++)
            Counters[i] += other.Counters[i];
        for (int i = 0; i < Events.Length; i++)
            Events[i] += other.Events[i];
        for (int i = 0; i < Verdicts.Length; i++)
            Verdicts[i] += other.Verdicts[i];
    }

    public IEnumerable<(string Name, long Count)> All()
    {
        for (int i = 0; i < Counters.Length; i++)
            yield return (((Covered)i).ToString(), Counters[i]);
        for (int i = 0; i < Events.Length; i++)
            yield return ($"event {(RedundancyEventKind)i}", Events[i]);
        for (int i = 0; i < Verdicts.Length; i++)
            yield return ($"verdict {(RequestVerdict)i}", Verdicts[i]);
    }
}
