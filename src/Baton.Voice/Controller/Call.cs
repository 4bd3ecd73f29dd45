using System.Net;
using Baton.Wire;

namespace Baton.Voice.Controller;

/// <summary>Fills bytes that nobody can guess. Randomness comes in from outside.</summary>
public delegate void FillRandom(Span<byte> bytes);

/// <summary>A call: the branches of one Call-ID, all on one group of media gateways.</summary>
internal sealed class Call(string id, MediaGroup group, DateTimeOffset created)
{
    internal string Id => id;

    internal MediaGroup Group => group;

    /// <summary>For people.</summary>
    internal DateTimeOffset Created => created;

    internal List<Branch> Branches { get; } = [];

    /// <summary>The branch of an offer; null: it begins one.</summary>
    /// <param name="side">Whose offer it is: 0 who called first.</param>
    internal Branch? FindForOffer(string from, string? to, string? via, out int side)
    {
        foreach (Branch branch in Branches)
        {
            if (to is not null && branch.SideOf(from, to) is { } known)
            {
                side = known;
                return branch;
            }
        }

        side = 0;
        return Branches.Find(branch => branch.Tag(0) == from && branch.Via == via && (to is null || branch.Tag(1) is null));
    }

    /// <summary>The branch of an answer: the one with both tags, else the one of the offer that nobody has answered, else the one where another phone has answered before.</summary>
    /// <param name="answerer">Whose answer it is.</param>
    internal Branch? FindForAnswer(string from, string to, string? via, out int answerer)
    {
        foreach (Branch branch in Branches)
        {
            if (branch.SideOf(from, to) is { } offerer && branch.Offer?.From == offerer)
            {
                answerer = 1 - offerer;
                return branch;
            }
        }

        answerer = 1;
        List<Branch> mine = Branches.FindAll(branch => branch.Tag(0) == from && branch.Offer?.From == 0);
        return mine.Find(branch => branch.Tag(1) is null && branch.Via == via)
            ?? mine.Find(branch => branch.Tag(1) is null && (via is null || branch.Via is null))
            ?? mine.Find(branch => branch.Via == via);
    }

    /// <summary>Those that a delete or query means: with no tag all.</summary>
    internal List<Branch> Match(string? from, string? to, string? via)
    {
        List<Branch> meant = Branches.FindAll(branch => from is null || branch.Tag(0) == from || branch.Tag(1) == from);
        if (to is not null && meant.FindAll(branch => branch.Tag(0) == to || branch.Tag(1) == to) is { Count: > 0 } both)
            meant = both;
        else if (to is not null)
            meant = meant.FindAll(branch => branch.Tag(1) is null);
        return via is not null && meant.FindAll(branch => branch.Via == via) is { Count: > 0 } named ? named : meant;
    }
}

/// <summary>One branch of a call: two phones, and the offer and answer between them.</summary>
/// <remarks>
/// <code>
///            offer                     answer
///   (none) ---------> offered by 0 ---------------> agreed  &lt;--. answer again (183, then 200)
///                       |   ^ offer again            |  |   '---'
///                       |   '---------               |  '- offer by 0 or 1: agreed media goes on until its answer
///                       |                            |
///                       | nobody answers             | delete (after its delay), silence
///                       '-----------> ended &lt;--------'
/// </code>
/// </remarks>
internal sealed class Branch(Call call, string from, string? via)
{
    private readonly string?[] _tags = [from, null];
    private readonly MediaNetwork?[] _networks = new MediaNetwork?[2];
    private readonly IPAddress?[] _addresses = new IPAddress?[2];

    internal Call Call => call;

    internal string? Via => via;

    /// <summary>By m= line; null: not used.</summary>
    internal List<CallStream?> Streams { get; } = [];

    /// <summary>The last one; it stays, for an answer may come more than once.</summary>
    internal Offer? Offer { get; set; }

    internal bool IsAgreed { get; set; }

    /// <summary>A request of this branch waits for the media gateways.</summary>
    internal bool IsBusy { get; set; }

    internal Instant OfferedAt { get; set; }

    /// <summary>A delete with a delay.</summary>
    internal Instant EndsAt { get; set; } = Instant.Never;

    /// <summary>Every stream of it has been silent since then, on hold.</summary>
    internal Instant SilentAt { get; set; } = Instant.Never;

    internal string?[] Labels { get; } = new string?[2];

    internal string? Tag(int side) => _tags[side];

    internal void Answer(string tag) => _tags[1] = tag;

    /// <summary>Where we take a side's media.</summary>
    internal IPAddress Address(int side) => _addresses[side]!;

    /// <summary>What its phone is told.</summary>
    internal IPAddress SaidAddress(int side) => _networks[side]!.Said(_addresses[side]!);

    internal MediaNetwork? Network(int side) => _networks[side];

    internal void Use(int side, MediaNetwork network, IPAddress address) => (_networks[side], _addresses[side]) = (network, address);

    /// <summary>Which side has the first tag, where these are the two tags; null: they are not.</summary>
    internal int? SideOf(string from, string to) =>
        _tags[0] == from && _tags[1] == to ? 0 : _tags[1] == from && _tags[0] == to ? 1 : null;
}
