namespace Baton.Cluster.Sync;

/// <summary>What became of a datagram between members, after its seal was opened. Every name has a counter.</summary>
public enum SyncVerdict
{
    Accepted,

    /// <summary>A fragment was kept; its message is not complete yet.</summary>
    Incomplete,

    /// <summary>Too short for what it says it holds.</summary>
    Truncated,
    UnknownVersion,
    UnknownKind,

    /// <summary>From, or about, a name that is no configured member.</summary>
    UnknownMember,

    /// <summary>Bytes are left after the message.</summary>
    TrailingBytes,

    /// <summary>A number that is not what a writer of ours would write: too long a varint, a count beyond its bound.</summary>
    BadNumber,
    BadFragment,

    /// <summary>Sealed for another life of this member: replayed after a restart, or under way meanwhile.</summary>
    OtherLife,
}
