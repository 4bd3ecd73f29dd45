namespace Baton.Scale;

/// <summary>What one cluster showed.</summary>
/// <param name="Pairs">Beside the call's and the probe's.</param>
/// <param name="Registered">From the active's start until every SA was in the ledger and stood there.</param>
/// <param name="Ready">From the standby's start until it would have carried every SA on.</param>
/// <param name="ActiveMiB">Resident.</param>
/// <param name="StandbyMiB">Resident.</param>
/// <param name="StandbyManagedBytes">What its last collection left.</param>
/// <param name="Kills">Outage to and from the peer, and from kill -9 to the standby's notice.</param>
/// <param name="Turns">The longest of the data thread, by part.</param>
internal sealed record ScaleResult(
    int Pairs, TimeSpan Registered, TimeSpan Ready, double ActiveMiB, double StandbyMiB, long StandbyManagedBytes, IReadOnlyList<KillResult> Kills,
    IReadOnlyDictionary<string, ulong> Turns, ulong Terms);

internal sealed record KillResult(double ToPeerMs, double FromPeerMs, double NoticeMs, double ReadyAfterS);
