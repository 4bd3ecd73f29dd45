using System.Text.Json;
using System.Text.Json.Serialization;

namespace Baton.Gateway.Sentinel;

/// <summary>What a gateway tells its sentinel, as one JSON line on standard input: never in arguments, where others could read the key.</summary>
public sealed record SentinelOptions
{
    /// <summary>Where the shared block can be opened.</summary>
    public required string Block { get; init; }

    public required string Member { get; init; }

    public required ulong Nonce { get; init; }

    public required byte[] ClusterKey { get; init; }

    public required byte KeyId { get; init; }

    /// <summary>The endpoint of every witness: the other members and the handlers.</summary>
    public required string[] Targets { get; init; }

    public required string From { get; init; }

    public required int IntervalMicroseconds { get; init; }

    public required int HangAfterMicroseconds { get; init; }

    /// <summary>When the gateway's life began, by the time of day: it orders lives for the witnesses.</summary>
    public required ulong GatewayStartedUnixMs { get; init; }

    /// <summary>The same moment on the monotonic clock, which all processes of a machine share: it orders the sentinels of one life, whatever is done to
    /// the time of day meanwhile.</summary>
    public required long GatewayStartedMonotonicNs { get; init; }

    /// <summary>Virtual addresses as address/prefix@device: taken from the machine when the gateway is dead or hangs for long.</summary>
    public string[] Addresses { get; init; } = [];

    internal string ToLine() => JsonSerializer.Serialize(this, SentinelJson.Default.SentinelOptions);

    internal static SentinelOptions? FromLine(string? line) =>
        line is null ? null : JsonSerializer.Deserialize(line, SentinelJson.Default.SentinelOptions);
}

/// <summary>Source-generated, so that the sentinel starts without reflection.</summary>
[JsonSerializable(typeof(SentinelOptions))]
internal sealed partial class SentinelJson : JsonSerializerContext;

/// <summary>The words of the shared block, and who writes each.</summary>
internal static class SentinelWord
{
    /// <summary>Gateway: grows with every turn of the data path's loop.</summary>
    internal const int Progress = 0;

    /// <summary>Gateway: its highest term, for the frames.</summary>
    internal const int Term = 1;

    /// <summary>Gateway: 1 once it stopped on purpose, owning no term.</summary>
    internal const int Stopped = 2;

    /// <summary>Sentinel: 1 once it waits for the mutex.</summary>
    internal const int Watching = 3;

    /// <summary>Sentinel: frames sent.</summary>
    internal const int Sent = 4;

    /// <summary>Sentinel: the worst lateness of a tick so far, in nanoseconds.</summary>
    internal const int WorstLateness = 5;

    /// <summary>Sentinel: times it saw the data path hang.</summary>
    internal const int Hangs = 6;

    /// <summary>Sentinel: 1 when it has real-time priority.</summary>
    internal const int RealTime = 7;

    /// <summary>Sentinel: 1 when it took the virtual addresses from a gateway that hangs. The gateway sets 0 when it has put them back.</summary>
    internal const int TookAddresses = 8;
}
