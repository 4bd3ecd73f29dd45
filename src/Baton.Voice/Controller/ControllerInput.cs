namespace Baton.Voice.Controller;

/// <summary>What happens to a controller.</summary>
public abstract record ControllerInput
{
    private protected ControllerInput()
    {
    }

    /// <summary>A datagram of the ng port, from who may ask.</summary>
    public sealed record Datagram(NgClient From, ReadOnlyMemory<byte> Bytes) : ControllerInput;

    /// <summary>What became of an order.</summary>
    /// <param name="Report">Of a query.</param>
    public sealed record Told(long Order, OrderOutcome Outcome, string Detail = "", StreamReport? Report = null) : ControllerInput;

    /// <summary>A member of the group carries its media, or none does.</summary>
    public sealed record GroupWorks(string Group, bool Works) : ControllerInput;

    /// <summary>A media gateway has heard nothing of a stream for as long as a stream may be silent.</summary>
    public sealed record Silent(ulong Stream) : ControllerInput;

    /// <summary>At start: what a group's media gateways have of an earlier controller.</summary>
    public sealed record Found(string Group, IReadOnlyList<FoundStream> Streams) : ControllerInput;

    public sealed record Tick : ControllerInput;
}

/// <summary>What the members of a group made of an order.</summary>
public enum OrderOutcome
{
    Granted,

    /// <summary>A member has another use for a port: others may do.</summary>
    PortTaken,
    Refused,

    /// <summary>None answered.</summary>
    NoAnswer,
}

/// <summary>What a media gateway knows of one stream: two legs, and how long it has been silent.</summary>
public sealed record StreamReport(LegReport A, LegReport B, TimeSpan Silent)
{
    public LegReport Leg(int side) => side == 0 ? A : B;
}

/// <summary>What the phone of a leg sent.</summary>
/// <param name="Rtp">Where it is; empty: not known.</param>
public sealed record LegReport(string Rtp, string Rtcp, ulong Packets, ulong Bytes, ulong RtcpPackets, ulong Dropped);

/// <summary>What must be done for a controller.</summary>
public abstract record ControllerOutput
{
    private protected ControllerOutput()
    {
    }

    public sealed record Reply(NgClient To, ReadOnlyMemory<byte> Bytes) : ControllerOutput;

    /// <summary>Every member of the group is told the stream. The order's keys are good until the next step.</summary>
    public sealed record Put(long Order, string Group, StreamOrder Stream) : ControllerOutput;

    public sealed record End(long Order, string Group, ulong Stream) : ControllerOutput;

    /// <summary>Who carries it is asked.</summary>
    public sealed record Query(long Order, string Group, ulong Stream) : ControllerOutput;

    /// <summary>For the log.</summary>
    public sealed record Ended(string CallId, CallEnd Why) : ControllerOutput;
}
