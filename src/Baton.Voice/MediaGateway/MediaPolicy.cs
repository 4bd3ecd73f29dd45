namespace Baton.Voice.MediaGateway;

/// <summary>The bounds and times of a media gateway's calls.</summary>
public sealed record MediaPolicy
{
    /// <summary>No media either way for so long ends a call.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A plain phone that said nothing for so long may speak from elsewhere: a NAT gave it another port.</summary>
    public TimeSpan RelearnAfter { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How often a plain phone's address may change in a call.</summary>
    public int MostMoves { get; init; } = 16;

    /// <summary>Sources (SSRCs) of a leg, of RTP and of RTCP each.</summary>
    public int MostSources { get; init; } = 16;

    /// <summary>Of those, before a plain phone's address is known: anybody could be it.</summary>
    public int MostUnproven { get; init; } = 4;

    /// <summary>A source that said nothing for so long gives its place to another, where no key depends on its being remembered.</summary>
    public TimeSpan SourceSilence { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>What waits for longer is of no use to a listener any more.</summary>
    public TimeSpan MostWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>An SA that did not come is asked for again at the next packet after so long.</summary>
    public TimeSpan WantAgain { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Packets of one source that may wait at once.</summary>
    public int MostHeldOfSource { get; init; } = 128;

    /// <summary>Packets that may wait at once, of all calls.</summary>
    public int MostHeld { get; init; } = 1_024;

    /// <summary>How far behind the newest a packet may come.</summary>
    public int WindowSize { get; init; } = 128;
}
