namespace Baton.Voice.Controller;

/// <summary>What became of one datagram of the ng port. Each has its counter; those of the second part are said to the client by name.</summary>
public enum ControllerVerdict
{
    Ponged,
    Offered,
    Answered,
    Deleted,

    /// <summary>A delete of what is not there: no error, the call is over.</summary>
    NothingToDelete,
    Queried,
    Listed,
    Counted,

    /// <summary>It came again and was given the answer that it had been given.</summary>
    Repeated,

    /// <summary>It came again while it is still worked on.</summary>
    UnderWay,

    /// <summary>More requests than we take: dropped.</summary>
    Flooded,

    /// <summary>No cookie that an answer could carry: dropped.</summary>
    NoCookie,

    /// <summary>No request of the ng protocol; <see cref="Baton.Media.Ng.NgVerdict"/> says why.</summary>
    BadMessage,

    /// <summary>No description, or one that no media gateway could serve.</summary>
    BadSdp,

    /// <summary>An answer that does not fit its offer.</summary>
    BadAnswer,

    /// <summary>Something was asked for that we do not do.</summary>
    Unsupported,
    NoSuchCall,

    /// <summary>Another request for this branch waits for the media gateways.</summary>
    Busy,
    TooManyCalls,
    TooManyBranches,
    NoPorts,

    /// <summary>The media gateways have another use for ports of ours, also for others that were tried.</summary>
    PortsTaken,

    /// <summary>No group of media gateways works.</summary>
    NoGateway,

    /// <summary>The group's network has no address of that family.</summary>
    NoAddress,

    /// <summary>The media gateways refused it.</summary>
    Refused,

    /// <summary>The media gateways did not answer in time.</summary>
    NoAnswer,

    /// <summary>The answer would not fit into a datagram.</summary>
    TooLong,
}

/// <summary>Why a branch of a call ended. Each has its counter.</summary>
public enum CallEnd
{
    Deleted,

    /// <summary>Nobody answered its offer.</summary>
    Unanswered,

    /// <summary>No media, for longer than a call may be silent.</summary>
    Silent,

    /// <summary>Its offer was refused after it had taken something.</summary>
    Failed,
}
