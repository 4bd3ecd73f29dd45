using Baton.Ike.Messages;

namespace Baton.Ike;

/// <summary>Why a datagram that parsed went no further. Every drop has a name, and every name a counter.</summary>
public enum IkeDrop
{
    StandingBy,
    UnknownSpi,
    WrongPeerSpi,
    WrongDirection,
    OldMessageId,
    FutureMessageId,

    /// <summary>An answer to nothing that we asked.</summary>
    UnexpectedAnswer,

    /// <summary>A repetition whose answer still waits for its commit.</summary>
    AnswerNotCommitted,

    /// <summary>A repetition right after another: answering each would let somebody else's address be flooded with our answers.</summary>
    RepeatedTooSoon,

    /// <summary>No IV may be used now.</summary>
    NoIv,

    /// <summary>A fragment of a message that is not whole yet, or that we have already.</summary>
    Fragment,

    WrongState,
    HalfOpenFull,
    HalfOpenPerAddress,
    TooManyIkeSas,
    MalformedInit,
    BadCookie,
    NoConnection,
    WrongSyncNonce,

    /// <summary>A synchronization of message IDs that is not above all that was seen: an old one, played back (RFC 6311 section 5.1).</summary>
    OldSync,

    /// <summary>A request, or its repetition, while our synchronization of message IDs is under way: the peer asks anew afterwards (RFC 6311 section 8.1).</summary>
    NotSynchronized,

    /// <summary>A synchronization that is not as RFC 6311 has it, or that would use up our message IDs.</summary>
    MalformedSync,
    UnauthenticatedError,
}

/// <summary>Counters of one endpoint. One writer, the thread that calls <see cref="IkeEndpoint.Step"/>.</summary>
public sealed class IkeEndpointCounters
{
    private readonly long[] _drops = new long[Enum.GetValues<IkeDrop>().Length];

    public IkeCounters Parsed { get; } = new();

    public long RequestsSent { get; internal set; }

    public long Retransmissions { get; internal set; }

    /// <summary>Authentic answers to requests of ours.</summary>
    public long AnswersReceived { get; internal set; }

    public long AnswersRepeated { get; internal set; }

    /// <summary>Requests from elsewhere that may be recordings, after a takeover: they move no peer.</summary>
    public long MovesDoubted { get; internal set; }

    /// <summary>Rekeys of an IKE SA that were put off because too many of its line are not deleted yet.</summary>
    public long RekeysPutOff { get; internal set; }

    public long Commits { get; internal set; }

    public long CookiesSent { get; internal set; }

    public long this[IkeDrop drop] => _drops[(int)drop];

    internal void Count(IkeDrop drop) => _drops[(int)drop]++;
}
