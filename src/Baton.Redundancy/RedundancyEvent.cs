namespace Baton.Redundancy;

/// <summary>Something an operator wants to read: the shell logs it (ids from 3000) and counts it.</summary>
public readonly record struct RedundancyEvent(RedundancyEventKind Kind, ulong Term, string Detail);

public enum RedundancyEventKind
{
    Promoted,
    ActedAlone,
    Adopted,
    Deposed,
    MovedOn,
    Surrendered,
    InSyncChanged,
    DesigneeNamed,
    ExtensionRefused,
    LeaseRunningLow,
    LeaseEnded,
    HandlerLost,
    HandlerBack,
    GaveUpAddress,
    StartedCold,
    NeedsRekey,
    RefusedGrantOfOlderLedger,
    Suspected,
    Damped,
    SwitchoverRefused,
    RegistrationRefused,
}
