namespace Baton.Media.Ng;

/// <summary>What a SIP proxy asks of the controller (the ng protocol of rtpengine). Tags and call ids are what SIP says, byte for byte.</summary>
public abstract record NgRequest
{
    private protected NgRequest()
    {
    }

    /// <summary>Is somebody there?</summary>
    public sealed record Ping : NgRequest;

    /// <summary>An SDP offer on its way from the caller; <paramref name="ViaBranch"/> tells forks apart.</summary>
    public sealed record Offer(string CallId, string FromTag, string? ViaBranch, string Sdp, NgOptions Options) : NgRequest;

    /// <summary>The SDP answer on its way back: <paramref name="ToTag"/> is the answerer's.</summary>
    public sealed record Answer(string CallId, string FromTag, string ToTag, string? ViaBranch, string Sdp, NgOptions Options) : NgRequest;

    /// <summary>The call, or one branch of it, is over.</summary>
    public sealed record Delete(string CallId, string? FromTag, string? ToTag, string? ViaBranch) : NgRequest;

    public sealed record Query(string CallId, string? FromTag, string? ToTag) : NgRequest;

    /// <summary>The ids of at most <paramref name="Limit"/> calls.</summary>
    public sealed record List(int Limit) : NgRequest;
}

/// <summary>What shall happen to ICE candidates.</summary>
public enum NgIce
{
    /// <summary>Left as they are.</summary>
    Default,
    Remove,
    Force,
}

/// <summary>How an offer or answer is to be treated.</summary>
/// <param name="Flags">The words of <c>flags</c>, as they came: <c>trust-address</c>, <c>symmetric</c>, ... A word that means nothing to us is one that we do without.</param>
/// <param name="Replace">What is to be replaced besides media addresses: <c>origin</c>, <c>session-connection</c>.</param>
/// <param name="Transport">The transport to the other side (<c>RTP/SAVP</c>); null: the one that was offered.</param>
/// <param name="RtcpMux">The words of <c>rtcp-mux</c>.</param>
/// <param name="Sdes">The words of <c>SDES</c>.</param>
/// <param name="ReceivedFrom">Where the SIP message came from: family and address.</param>
public sealed record NgOptions(
    IReadOnlyList<string> Flags,
    IReadOnlyList<string> Replace,
    string? Transport,
    NgIce Ice,
    IReadOnlyList<string> RtcpMux,
    IReadOnlyList<string> Sdes,
    System.Net.IPAddress? ReceivedFrom)
{
    public static readonly NgOptions None = new([], [], null, NgIce.Default, [], [], null);

    public bool Has(string flag) => Contains(Flags, flag);

    public bool Replaces(string what) => Contains(Replace, what);

    /// <summary>Clients write a word with a hyphen or with a space.</summary>
    private static bool Contains(IReadOnlyList<string> words, string word)
    {
        foreach (string one in words)
        {
            if (one.Replace(' ', '-').Equals(word, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }
}
