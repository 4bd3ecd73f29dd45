using Baton.Media.Ng;
using Baton.Wire;

namespace Baton.Voice.Controller;

/// <summary>The media gateway controller: what a SIP proxy asks by the ng protocol becomes streams on groups of media gateways. Sans-IO, one owner thread.</summary>
/// <remarks>
/// <code>
///   proxy --ng--> cookie | message | call, branch | description, ports, keys --Put--> every member of a group
///         &lt;--------------------------- the answer, once who carries the media has it ---'
/// </code>
/// An answer leaves when the media gateways have what it promises; a request that comes again in the meantime is under way, and afterwards it is given the same bytes. Each
/// datagram ends in one <see cref="ControllerVerdict"/>, each branch in one <see cref="CallEnd"/>. Ports and keys are taken when nothing can be refused for other reasons any more, and
/// are given back once, when the media gateways have let go.
/// </remarks>
public sealed partial class ControllerCore : IDisposable
{
    /// <summary>The longest datagram of UDP over IPv4.</summary>
    public const int MostReplyBytes = 65_507;

    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);

    private readonly ControllerPolicy _policy;
    private readonly FillRandom _random;
    private readonly NoteSealer _notes;
    private readonly Dictionary<string, MediaGroup> _groups = [];
    private readonly Dictionary<string, Call> _calls = [];
    private readonly Dictionary<ulong, CallStream> _streams = [];
    private readonly Answers _answers;
    private readonly Allowance _allowance;
    private readonly Dictionary<long, Action<ControllerInput.Told>> _orders = [];
    private readonly List<Waiting> _waiting = [];
    private readonly long[] _verdicts = new long[Enum.GetValues<ControllerVerdict>().Length];
    private readonly long[] _messages = new long[Enum.GetValues<NgVerdict>().Length];
    private readonly long[] _ends = new long[Enum.GetValues<CallEnd>().Length];
    private readonly Queue<Held> _held = new();
    private bool _hasLooked;
    private ulong _nextStream;
    private long _nextOrder = 1;
    private Instant _nextRound;
    private Instant _now;
    private Instant? _since;
    private DateTimeOffset _clock;
    private ICollection<ControllerOutput> _outputs = [];

    /// <param name="controlKey">From it comes the key of notes (<see cref="NoteSealer"/>). Stays the caller's.</param>
    public ControllerCore(ControllerPolicy policy, IReadOnlyList<MediaGroupDescription> groups, ReadOnlySpan<byte> controlKey, FillRandom random)
    {
        (_policy, _random, _answers, _notes) = (policy, random, new Answers(policy), new NoteSealer(controlKey, random));
        _allowance = new Allowance(policy.RequestsPerSecond, policy.RequestsAtOnce);
        foreach (MediaGroupDescription group in groups)
            _groups.Add(group.Name, new MediaGroup(group));
        Span<byte> start = stackalloc byte[8];
        random(start);

        // An id is never used again, also not by the process that comes after this one.
        _nextStream = BitConverter.ToUInt64(start) | 1;
    }

    public int Calls => _calls.Count;

    /// <summary>Branches' media that have ports.</summary>
    public int Streams => _streams.Count;

    /// <summary>Requests that wait for media gateways.</summary>
    public int WaitingRequests => _waiting.Count;

    public int KeptAnswers => _answers.Count;

    public int PortsTaken => _groups.Values.Sum(group => group.Ports.Taken);

    public long Count(ControllerVerdict verdict) => _verdicts[(int)verdict];

    public long Count(NgVerdict verdict) => _messages[(int)verdict];

    public long Count(CallEnd end) => _ends[(int)end];

    /// <summary>What the members of a group shall have: for one that was away. Keys are good until the next step.</summary>
    public IEnumerable<StreamOrder> OrdersOf(string group) =>
        _streams.Values.Where(stream => stream.Branch.Call.Group.Name == group && stream.Told is not null).Select(stream => stream.Told!);

    /// <summary>Takes one input, appends what must be done, returns when to tick again.</summary>
    /// <param name="clock">The time of day, for people.</param>
    public Instant Step(ControllerInput input, Instant now, DateTimeOffset clock, ICollection<ControllerOutput> outputs)
    {
        (_now, _clock, _outputs) = (now, clock, outputs);
        _since ??= now;
        switch (input)
        {
            case ControllerInput.Datagram datagram:
                Take(datagram);
                break;
            case ControllerInput.Told told when _orders.Remove(told.Order, out Action<ControllerInput.Told>? then):
                then(told);
                break;
            case ControllerInput.GroupWorks works when _groups.TryGetValue(works.Group, out MediaGroup? group):
                group.Works = works.Works;
                break;
            case ControllerInput.Found found when _groups.TryGetValue(found.Group, out MediaGroup? group):
                Restore(group, found.Streams);
                group.IsSeen = true;
                break;
            case ControllerInput.Silent silent when _streams.TryGetValue(silent.Stream, out CallStream? stream):
                Silent(stream);
                break;
        }

        ServeHeld();
        if (now >= _nextRound)
        {
            GoRound();
            _nextRound = now + Round;
        }

        while (_waiting.Count > 0 && _waiting.MinBy(waiting => waiting.Until) is { } late && late.Until <= now)
            late.GiveUp();
        Instant next = _held.TryPeek(out Held? first) ? Instant.Min(_nextRound, first.Until) : _nextRound;
        return _waiting.Count == 0 ? next : Instant.Min(next, _waiting.Min(waiting => waiting.Until));
    }

    public void Dispose()
    {
        foreach (CallStream stream in _streams.Values)
            stream.Dispose();
        foreach (Branch branch in _calls.Values.SelectMany(call => call.Branches))
            branch.Offer?.Dispose();
        _streams.Clear();
        _calls.Clear();
        _notes.Dispose();
    }

    private void Take(ControllerInput.Datagram datagram)
    {
        if (!_allowance.TryTake(_now))
        {
            Count1(ControllerVerdict.Flooded);
            return;
        }

        NgVerdict verdict = NgMessage.TryParse(datagram.Bytes, out string cookie, out NgRequest? request, out string detail);
        _messages[(int)verdict]++;
        if (verdict == NgVerdict.NoCookie)
        {
            Count1(ControllerVerdict.NoCookie);
            return;
        }

        if (_answers.TryFind(datagram.From, cookie, out byte[]? before))
        {
            Count1(before is null ? ControllerVerdict.UnderWay : ControllerVerdict.Repeated);
            if (before is not null)
                _outputs.Add(new ControllerOutput.Reply(datagram.From, before));
            return;
        }

        var asked = new Asked(datagram.From, cookie);
        if (verdict != NgVerdict.Parsed)
        {
            Count1(ControllerVerdict.BadMessage);
            Send(asked, NgMessage.Error(cookie, verdict, detail));
            return;
        }

        if (request is NgRequest.Ping)
        {
            Say(asked, ControllerVerdict.Ponged, NgMessage.Pong(cookie));
            return;
        }

        _answers.Begin(asked.From, cookie, _now);
        if (_hasLooked || request is NgRequest.Statistics)
            Serve(request!, asked);
        else
            Hold(request!, asked, _since!.Value + _policy.FirstLook);
    }

    private void Serve(NgRequest request, Asked asked)
    {
        if (!asked.HasWaited && HoldsCall(request) is { } before)
        {
            Hold(request, asked, before.Until);
            return;
        }

        switch (request)
        {
            case NgRequest.Offer offer:
                Serve(offer, asked with { KnowsLoadLimit = offer.Options.KnowsLoadLimit });
                break;
            case NgRequest.Answer answer:
                Serve(answer, asked);
                break;
            case NgRequest.Delete delete:
                Serve(delete, asked);
                break;
            case NgRequest.Query query:
                Serve(query, asked);
                break;
            case NgRequest.List list:
                Say(asked, ControllerVerdict.Listed, NgReports.List(asked.Cookie, _calls.Keys, list.Limit));
                break;
            case NgRequest.Statistics:
                Say(asked, ControllerVerdict.Counted, Statistics(asked.Cookie));
                break;
        }
    }

    /// <summary>What becomes of an order, said once: also when nobody says it in time.</summary>
    private long Expect(Action<ControllerInput.Told> then)
    {
        _orders.Add(_nextOrder, then);
        return _nextOrder++;
    }

    private void Say(Asked asked, ControllerVerdict verdict, byte[] answer)
    {
        if (answer.Length > MostReplyBytes)
        {
            Refuse(asked, ControllerVerdict.TooLong, "");
            return;
        }

        Count1(verdict);
        Send(asked, answer);
    }

    private void Refuse(Asked asked, ControllerVerdict verdict, string detail)
    {
        Count1(verdict);
        string reason = detail.Length == 0 ? verdict.ToString() : $"{verdict}: {detail}";
        bool full = verdict is ControllerVerdict.TooManyCalls or ControllerVerdict.NoPorts or ControllerVerdict.PortsTaken or ControllerVerdict.NoGateway or ControllerVerdict.NoAnswer;
        Send(asked, full && asked.KnowsLoadLimit ? NgMessage.LoadLimit(asked.Cookie, reason) : NgMessage.Error(asked.Cookie, reason));
    }

    private void Send(Asked asked, byte[] answer)
    {
        _answers.Keep(asked.From, asked.Cookie, answer);
        _outputs.Add(new ControllerOutput.Reply(asked.From, answer));
    }

    private void Count1(ControllerVerdict verdict) => _verdicts[(int)verdict]++;

    /// <summary>Who asked, and by which cookie.</summary>
    private sealed record Asked(NgClient From, string Cookie)
    {
        internal bool KnowsLoadLimit { get; init; }

        /// <summary>Long enough: it is answered now.</summary>
        internal bool HasWaited { get; init; }

        /// <summary>How often a group's members had another use for its ports.</summary>
        internal int PortTries { get; init; }

        /// <summary>Groups where that was so too often.</summary>
        internal IReadOnlyList<string> Avoids { get; init; } = [];

        /// <summary>Who said it last.</summary>
        internal string PortDetail { get; init; } = "";
    }

    /// <summary>A request that waits for orders.</summary>
    private sealed class Waiting(Instant until, Action giveUp)
    {
        internal Instant Until => until;

        internal void GiveUp() => giveUp();
    }
}
