using Baton.Srtp;

namespace Baton.Voice.Controller;

/// <summary>The bounds and times of a controller's calls.</summary>
public sealed record ControllerPolicy
{
    /// <summary>Calls at once, by Call-ID.</summary>
    public int MostCalls { get; init; } = 10_000;

    /// <summary>Branches of one call: forks, each with ports of its own.</summary>
    public int MostBranches { get; init; } = 8;

    /// <summary>Media of one description.</summary>
    public int MostStreams { get; init; } = 8;

    /// <summary>An offer that nobody answers for so long is given up.</summary>
    public TimeSpan Unanswered { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>A call on hold may be silent for so long; another one ends when its media gateway says that it is silent.</summary>
    public TimeSpan HoldTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long a media gateway's word of a silence holds of a call on hold. It says it again every 10 s: two such words may be lost.</summary>
    public TimeSpan SilenceHolds { get; init; } = TimeSpan.FromSeconds(32);

    /// <summary>A call ends where the words of all its media come within so long: a media gateway looks every 500 ms, and says again in one go what is silent.</summary>
    public TimeSpan SilentTogether { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a call stays after its delete, where the request does not say.</summary>
    public TimeSpan DeleteDelay { get; init; }

    /// <summary>A request may put it off by no more.</summary>
    public TimeSpan MostDeleteDelay { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a request waits for media gateways. Below the patience of its client, who asks again after a second.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMilliseconds(800);

    /// <summary>How often an offer is given other ports of a group whose members have another use for them; then a new call goes to another group.</summary>
    public int MostPortTries { get; init; } = 3;

    /// <summary>So long after its start at most requests wait until it is seen what the media gateways carry, and that one works: before that no call is known. Clients ask again meanwhile.</summary>
    public TimeSpan FirstLook { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>So long an answer is kept for a request that is sent again.</summary>
    public TimeSpan AnswersKept { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Answers kept at once, and their bytes: what is above lets the oldest go.</summary>
    public int MostAnswers { get; init; } = 16_384;

    public long MostAnswerBytes { get; init; } = 32 << 20;

    /// <summary>Requests that wait for media gateways at once.</summary>
    public int MostWaiting { get; init; } = 1_024;

    /// <summary>Requests a second, and at once; what is above is dropped, and comes again if it was meant.</summary>
    public int RequestsPerSecond { get; init; } = 2_000;

    public int RequestsAtOnce { get; init; } = 4_000;

    /// <summary>Crypto suites that we offer, in order of preference, and take.</summary>
    public IReadOnlyList<SrtpSuite> Suites { get; init; } =
    [
        SrtpSuite.AesCm128Tag80, SrtpSuite.AesCm128Tag32, SrtpSuite.AesCm256Tag80, SrtpSuite.AesCm256Tag32, SrtpSuite.AesGcm128, SrtpSuite.AesGcm256,
    ];
}
