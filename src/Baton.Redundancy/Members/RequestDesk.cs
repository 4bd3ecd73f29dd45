using Baton.Redundancy.Messages;
using Baton.Wire;

namespace Baton.Redundancy.Members;

/// <summary>What a member may have asked the handler and not heard of yet: one request of each kind.</summary>
/// <remarks>An unanswered request may have happened. It is never sent again as it was: when its time is over the core looks at the record
/// and decides anew ("repeated from the record"); an answer that comes later still finds nobody, and harms nobody.</remarks>
internal sealed class RequestDesk(MemberPolicy policy)
{
    private readonly Ask[] _asks = new Ask[Enum.GetValues<RequestKind>().Length];
    private ulong _lastId;

    private struct Ask
    {
        public ulong Id;
        public Instant SentAt;
        public Instant NotBefore;
    }

    public bool IsFree(RequestKind kind, Instant now) => _asks[(int)kind].Id == 0 && now >= _asks[(int)kind].NotBefore;

    public bool IsWaiting(RequestKind kind) => _asks[(int)kind].Id != 0;

    public Instant SentAt(RequestKind kind) => _asks[(int)kind].SentAt;

    public void Send(RequestKind kind, RequestHeader header, MemberRequest body, Instant now, ICollection<MemberOutput> outputs)
    {
        ref Ask ask = ref _asks[(int)kind];
        (ask.Id, ask.SentAt) = (++_lastId, now);
        outputs.Add(new MemberOutput.ToHandler(ask.Id, header, body));
    }

    /// <summary>Which question does this answer? Null when nobody waits for it any more.</summary>
    public RequestKind? Answered(ulong id)
    {
        for (int i = 0; i < _asks.Length; i++)
        {
            if (_asks[i].Id == id && id != 0)
            {
                _asks[i].Id = 0;
                return (RequestKind)i;
            }
        }

        return null;
    }

    /// <summary>Refused: not again at once.</summary>
    public void Rest(RequestKind kind, Instant until) => _asks[(int)kind].NotBefore = until;

    public bool TimedOut(RequestKind kind, Instant now)
    {
        ref Ask ask = ref _asks[(int)kind];
        if (ask.Id == 0 || now < ask.SentAt + policy.RequestTimeout)
            return false;
        ask.Id = 0;
        return true;
    }

    public void Drop(RequestKind kind) => _asks[(int)kind] = default;

    public void DropAll() => Array.Clear(_asks);

    public Instant NextDeadline(Instant now)
    {
        Instant next = Instant.Never;
        foreach (ref readonly Ask ask in _asks.AsSpan())
        {
            if (ask.Id != 0 && ask.SentAt + policy.RequestTimeout > now)
                next = Instant.Min(next, ask.SentAt + policy.RequestTimeout);
        }

        return next;
    }
}

internal enum RequestKind
{
    Promote,
    Adopt,
    Extend,
    Coarse,
    InSync,
    Designee,
    MoveOn,
    Surrender,
    Register,
    Delete,
    Commit,
}
