namespace Baton.Media.Ng;

/// <summary>What a SIP proxy asks of the controller (the ng protocol of rtpengine). Tags and call ids are what SIP says, byte for byte.</summary>
public abstract record NgRequest
{
    private protected NgRequest()
    {
    }

    /// <summary>Is somebody there?</summary>
    public sealed record Ping : NgRequest;

    /// <summary>An SDP offer on its way from who has <paramref name="FromTag"/>; <paramref name="ToTag"/> is there within a dialog; <paramref name="ViaBranch"/> tells forks apart.</summary>
    public sealed record Offer(string CallId, string FromTag, string? ToTag, string? ViaBranch, string Sdp, NgOptions Options) : NgRequest;

    /// <summary>The SDP answer on its way back: <paramref name="ToTag"/> is the answerer's.</summary>
    public sealed record Answer(string CallId, string FromTag, string ToTag, string? ViaBranch, string Sdp, NgOptions Options) : NgRequest;

    /// <summary>The call, or one branch of it, is over.</summary>
    /// <param name="Delay">How long it shall stay all the same, in seconds; null: as configured.</param>
    /// <param name="Fatal">A call that is not there is an error, not a warning.</param>
    public sealed record Delete(string CallId, string? FromTag, string? ToTag, string? ViaBranch, int? Delay, bool Fatal) : NgRequest;

    public sealed record Query(string CallId, string? FromTag, string? ToTag) : NgRequest;

    /// <summary>The ids of at most <paramref name="Limit"/> calls.</summary>
    public sealed record List(int Limit) : NgRequest;

    /// <summary>How many calls there are and were.</summary>
    public sealed record Statistics : NgRequest;
}
