using Baton.Ike.Sas;

namespace Baton.Ike.Exchanges;

/// <summary>What an IKE SA asks next, when nothing of ours is under way (window 1).</summary>
/// <remarks>
/// Level-triggered: it follows from the SA's fields alone. There is no queue to lose in a takeover, and a successor comes to the same request.
/// Order: what ends something goes before what renews it, and that before what only asks.
/// </remarks>
internal static class NextRequest
{
    public static void Pursue(IkeEndpoint core, IkeSa sa)
    {
        if (sa.Outstanding is not null || !sa.IsEstablished) return;
        if (!IsAnythingDue(core, sa)) return;
        if (!sa.Ivs!.Ensure(IkeEndpoint.IvsForOthers)) return;
        if (sa.DeleteAt <= core.Now)
        {
            Informational.AskDeleteIke(core, sa);
            return;
        }

        // Undecided: the children are still with the old one. Replaced, or the lesser one of a collision, which the peer may never have had: it only waits for its end.
        if (sa.State != IkeSaState.Up || sa.InheritsFrom is not null || sa.DeleteReason == IkeSaDownReason.Rekeyed) return;
        if (sa.SynchronizeIdsWanted) CounterSynchronization.AskIds(core, sa);
        else if (WantsCounters(core, sa) && sa.NextRequestId == 0) Informational.AskLife(core, sa);      // a message ID that is not zero (RFC 6311 section 5)
        else if (WantsCounters(core, sa)) CounterSynchronization.AskCounters(core, sa);
        else if (sa.UpdateWanted) Mobike.AskUpdate(core, sa);
        else if (sa.CookieCheckWanted) Mobike.AskCookie(core, sa);
        else if (sa.Children.Exists(child => child.DeleteAt <= core.Now)) Informational.AskDeleteChildren(core, sa);
        else if (sa.RekeyAt <= core.Now) RekeyIke.Ask(core, sa);
        else if (sa.Children.Find(child => child.RekeyAt <= core.Now && child.MayBeRekeyed) is { } old) CreateChildSa.AskRekey(core, sa, old);
        else if (sa.Wanted.Find(wanted => wanted.NotBefore <= core.Now) is { } wanted) CreateChildSa.AskNew(core, sa, wanted);
        else if (sa.ProbeWanted || IsQuiet(core, sa)) Informational.AskLife(core, sa);
    }

    private static bool IsAnythingDue(IkeEndpoint core, IkeSa sa) =>
        sa.SynchronizeIdsWanted || sa.UpdateWanted || sa.CookieCheckWanted || sa.ProbeWanted || sa.Due <= core.Now;

    private static bool WantsCounters(IkeEndpoint core, IkeSa sa) => sa.SynchronizeCountersBy > 0 && sa.AskCountersAt <= core.Now;

    private static bool IsQuiet(IkeEndpoint core, IkeSa sa) =>
        sa.Connection is { Liveness: var quiet } && quiet > TimeSpan.Zero && sa.LastHeard + quiet <= core.Now;
}
