using System.Net;
using System.Net.Sockets;

namespace Baton.Media.Ng;

/// <summary>What shall happen to ICE candidates. They always go: with a relay in between they would lead around it.</summary>
public enum NgIce
{
    /// <summary>No candidates are put in the place of those that came.</summary>
    Default,
    Remove,

    /// <summary>Candidates of our own: <see cref="NgOptions.Unsupported"/>.</summary>
    Force,
}

/// <summary>How an offer or answer is to be treated. Words are as they came, with hyphens where a client wrote spaces.</summary>
public sealed record NgOptions
{
    public static readonly NgOptions None = new();

    /// <summary>The words of <c>flags</c>: <c>trust-address</c>, <c>symmetric</c>, ... A word that means nothing to us is one that we do without.</summary>
    public IReadOnlyList<string> Flags { get; init; } = [];

    /// <summary>What is to be replaced besides media addresses: <c>origin</c>, <c>session-connection</c>.</summary>
    public IReadOnlyList<string> Replace { get; init; } = [];

    /// <summary>The transport to the other side (<c>RTP/SAVP</c>); null: the one that was offered.</summary>
    public string? Transport { get; init; }

    public NgIce Ice { get; init; }

    /// <summary>The words of <c>rtcp-mux</c>: offer, require, demux, accept, reject.</summary>
    public IReadOnlyList<string> RtcpMux { get; init; } = [];

    /// <summary>The words of <c>SDES</c>: off, no-SUITE, only-SUITE, unencrypted_srtcp, ...</summary>
    public IReadOnlyList<string> Sdes { get; init; } = [];

    /// <summary>Where the SIP message came from.</summary>
    public IPAddress? ReceivedFrom { get; init; }

    /// <summary>The networks of the sender and of the receiver, by name; empty, or two.</summary>
    public IReadOnlyList<string> Direction { get; init; } = [];

    /// <summary>What the receiver shall see; null: what the sender uses.</summary>
    public AddressFamily? Family { get; init; }

    /// <summary>Where the sender's media is, whatever its description says.</summary>
    public IPAddress? MediaAddress { get; init; }

    /// <summary>A name for the sender, given back by a query.</summary>
    public string? Label { get; init; }

    /// <summary>The client can be told "load limit" and goes to another one then.</summary>
    public bool KnowsLoadLimit { get; init; }

    /// <summary>Something that was asked for and that we cannot do, by its name; null: nothing.</summary>
    public string? Unsupported { get; init; }

    public bool Has(string flag) => Contains(Flags, flag);

    public bool Replaces(string what) => Contains(Replace, what);

    public bool Mux(string word) => Contains(RtcpMux, word);

    private static bool Contains(IReadOnlyList<string> words, string word)
    {
        foreach (string one in words)
        {
            if (one.Equals(word, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }
}
