namespace Baton.Simulation.Observing;

internal enum Promise
{
    /// <summary>P1: no number twice (and with it P2, no nonce twice).</summary>
    NoNumberTwice,

    /// <summary>P3: no replay accepted.</summary>
    NoReplayAccepted,

    /// <summary>The far end infers another number from the bits that travel than was sealed: it refuses what is genuine (RFC 3711 3.3.1, RFC 4303 A2.2).</summary>
    FarEndFollows,

    /// <summary>P6: a planned switchover loses nothing.</summary>
    NothingLostWhenPlanned,

    /// <summary>P7: nothing per packet.</summary>
    NothingPerPacket,

    /// <summary>G3, seen directly: worked before its copy had its own promotion.</summary>
    CopyBeforeWork,

    /// <summary>P4: an IKE state that a peer may know of is not where who goes on looks.</summary>
    CommittedStateLost,

    /// <summary>The role stayed where no path works, or with nobody, although somebody in sync could have carried the traffic.</summary>
    RoleFollowsPaths,

    /// <summary>Service did not come back after the last fault.</summary>
    ServiceReturns,

    /// <summary>A core threw, or the run never ended.</summary>
    Crash,
}

/// <summary>The observer saw a promise broken: the run ends here.</summary>
internal sealed class ViolationException(Promise promise, string what) : Exception(what)
{
    public Promise Promise => promise;
}

/// <summary>The run left what the protocol promises anything about (an old ledger found a member without memory): neither good nor bad.</summary>
internal sealed class RunAbandonedException : Exception;
