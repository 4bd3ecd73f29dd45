using Baton.Ike.Negotiation;

namespace Baton.Ike;

/// <summary>What holds for the whole endpoint. Immutable but for the pools.</summary>
public sealed record IkeEndpointPolicy
{
    public IReadOnlyList<Connection> Connections { get; init; } = [];

    public IReadOnlyDictionary<string, AddressPool> Pools { get; init; } = new Dictionary<string, AddressPool>();

    /// <summary>
    /// True: nothing leaves before its commit (member of a cluster). False: nobody takes over; no <see cref="IkeOutput.Commit"/> is put out, no snapshot made, and
    /// nothing waits.
    /// </summary>
    public bool Replicated { get; init; } = true;

    /// <summary>We are a cluster in the sense of RFC 6311: we may ask for counter synchronization.</summary>
    public bool AnnounceCounterSync { get; init; } = true;

    /// <summary>Largest UDP payload of an IKE message; larger ones are fragmented where the peer can (RFC 7383 section 2.5.1: 1280 less headers for IPv6).</summary>
    public int MaxDatagram { get; init; } = 1232;

    public RetransmitPolicy Retransmit { get; init; } = new();

    public FloodPolicy Flood { get; init; } = new();

    /// <summary>Most child SAs of one IKE SA, counting those about to be deleted (NO_ADDITIONAL_SAS).</summary>
    public int MostChildren { get; init; } = 64;

    /// <summary>Most IKE SAs of one line that were rekeyed and are not deleted yet; then a rekey waits (TEMPORARY_FAILURE).</summary>
    public int MostReplaced { get; init; } = 3;

    /// <summary>Most IKE SAs of one line in any state; those that are over and only linger give way.</summary>
    public int MostOfLine { get; init; } = 8;

    public int MostIkeSas { get; init; } = 200_000;

    /// <summary>
    /// IKE SAs that we begin at once; further ones wait for their turn. All at once their answers would come later than we repeat the requests, and a responder
    /// takes only so many half-open ones from one address. One whose request had to be repeated gives its turn up: a silent peer stops nobody.
    /// </summary>
    public int MostStarting { get; init; } = 32;

    /// <summary>After a rekey both old inbound SAs still accept for this long before we delete the pair: longer than any packet is on its way.</summary>
    public TimeSpan OldChildLinger { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// As responder of a rekey: outbound changes over after this long if the peer neither sent on the new SA nor deleted the old one, which is when RFC 7296
    /// section 2.8 wants it. Well before <see cref="ClosedLinger"/>, when we delete the old one ourselves; well after the peer has our answer, repetitions included.
    /// </summary>
    public TimeSpan OutboundSwitch { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>An answer is sent again no sooner than this after the last time.</summary>
    public TimeSpan RepeatAfter { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>An IKE SA that is over answers repetitions for this long.</summary>
    public TimeSpan ClosedLinger { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>After a takeover IKE SAs that nobody asks for wake so many at a time, so often: a datagram never waits for more than a few of them.</summary>
    public int WakeTogether { get; init; } = 16;

    public TimeSpan WakeEvery { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>After TEMPORARY_FAILURE, or a child that was refused: the shortest wait before we try again; up to twice as long, at random.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>As many TEMPORARY_FAILUREs in a row close the IKE SA (RFC 7296 section 2.25: after several minutes).</summary>
    public int MostTemporaryFailures { get; init; } = 30;

    /// <summary>A connection to keep up that failed is tried again after this long, doubling up to <see cref="LongestReconnect"/>.</summary>
    public TimeSpan Reconnect { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan LongestReconnect { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>After MOBIKE moved a peer we ask for a cookie from the new address (RFC 4555 section 3.7).</summary>
    public bool CheckReturnRoutability { get; init; } = true;
}

/// <summary>RFC 7296 section 2.4: at least a dozen times over several minutes.</summary>
public sealed record RetransmitPolicy
{
    public TimeSpan First { get; init; } = TimeSpan.FromMilliseconds(500);

    public double Factor { get; init; } = 1.7;

    public TimeSpan Longest { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Times that a request leaves before the peer is called silent.</summary>
    public int Attempts { get; init; } = 12;

    public TimeSpan After(int attempts)
    {
        double wait = First.TotalMilliseconds * Math.Pow(Factor, Math.Min(attempts - 1, 40));
        return TimeSpan.FromMilliseconds(Math.Min(wait, Longest.TotalMilliseconds));
    }
}

/// <summary>What strangers can make us keep.</summary>
public sealed record FloodPolicy
{
    /// <summary>More half-open IKE SAs than this, and a stranger must show a cookie first (RFC 7296 section 2.6).</summary>
    public int CookiesFrom { get; init; } = 50;

    /// <summary>More than this, and IKE_SA_INIT requests are dropped.</summary>
    public int MostHalfOpen { get; init; } = 2_000;

    /// <summary>
    /// The same of one address; half of it, and strangers there must show a cookie. Many peers behind one address translator come back together after an outage, and a
    /// cluster begins thirty-two at once: all of these get in without.
    /// </summary>
    public int MostHalfOpenPerAddress { get; init; } = 100;

    public TimeSpan HalfOpenTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a cookie's secret is used; the one before it is still accepted.</summary>
    public TimeSpan CookieSecretLife { get; init; } = TimeSpan.FromSeconds(60);
}
