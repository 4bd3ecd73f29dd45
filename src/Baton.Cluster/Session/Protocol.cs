namespace Baton.Cluster.Session;

/// <summary>Numbers of the contract in <c>Protos/baton.proto</c>.</summary>
public static class Protocol
{
    /// <summary>Raised when an older reader could not simply ignore what is new.</summary>
    public const uint Version = 2;

    /// <summary>The largest message either end accepts.</summary>
    public const int MaximumMessageBytes = 16 << 20;

    /// <summary>Records in one part of a long list.</summary>
    public const int RecordsPerPart = 1_000;

    /// <summary>Sealed bytes after which a part is full. A record more may follow: the largest is far smaller than what is left to the limit.</summary>
    public const int BytesPerPart = 4 << 20;

    /// <summary>Records in one change or request, all parts together: bounds what a broken sender can make us hold.</summary>
    public const int MaximumRecords = 1_000_000;

    /// <summary>The sealed part of an SA record.</summary>
    public const int MaximumSealedBytes = 8_192;

    /// <summary>Commits in one request.</summary>
    public const int MaximumCommits = 1_024;

    /// <summary>Words of the bitmap of a window: 4,096 numbers.</summary>
    public const int MaximumBitmapWords = 64;

    public const int MaximumNameLength = 63;
}
