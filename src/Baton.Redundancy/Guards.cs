namespace Baton.Redundancy;

/// <summary>The guards of the protocol, G1 to G12 of the design and G13 of decision 12. Tests remove one at a time and the simulation must find the harm.</summary>
[Flags]
internal enum Guards
{
    None = 0,
    G1Incarnations = 1 << 1,
    G2WritesNameTheirTerm = 1 << 2,
    G3CopyBeforeWork = 1 << 3,
    G4LimitNotBelowOwned = 1 << 4,
    G5DesigneeConfirms = 1 << 5,
    G6DesigneeOnce = 1 << 6,
    G7AloneReceivesLater = 1 << 7,
    G8ReportOnlyForNextTerm = 1 << 8,
    G9AcceptBelowBothCeilings = 1 << 9,
    G10NoConfirmAfterWork = 1 << 10,
    G11SetByCompareAndSet = 1 << 11,
    G12FullCopyFirst = 1 << 12,
    G13ReportsConfirmed = 1 << 13,
    All = (1 << 14) - 2,
}
