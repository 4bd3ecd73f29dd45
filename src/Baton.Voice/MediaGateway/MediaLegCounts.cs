namespace Baton.Voice.MediaGateway;

/// <summary>What the phone of a leg sent and what passed of it; in the tenure of this member.</summary>
public sealed class MediaLegCounts
{
    public long Packets { get; internal set; }

    /// <summary>Of RTP, with headers, without tags.</summary>
    public long Bytes { get; internal set; }

    public long RtcpPackets { get; internal set; }

    public long Dropped { get; internal set; }
}
