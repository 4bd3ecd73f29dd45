using Baton.Wire;

namespace Baton.Voice.Controller;

/// <summary>What was answered to whom, for requests that come again: the same bytes, and no second effect. Bounded in number, bytes and age.</summary>
internal sealed class Answers(ControllerPolicy policy)
{
    private readonly Dictionary<(NgClient From, string Cookie), byte[]?> _known = [];
    private readonly Queue<(NgClient From, string Cookie, Instant Until)> _age = new();
    private long _bytes;

    internal int Count => _known.Count;

    /// <param name="answer">Null: it is worked on.</param>
    internal bool TryFind(NgClient from, string cookie, out byte[]? answer) => _known.TryGetValue((from, cookie), out answer);

    internal void Begin(NgClient from, string cookie, Instant now)
    {
        if (_known.TryAdd((from, cookie), null))
            _age.Enqueue((from, cookie, now + policy.AnswersKept));
    }

    internal void Keep(NgClient from, string cookie, byte[] answer)
    {
        if (!_known.TryGetValue((from, cookie), out byte[]? before))
            return;
        _bytes += answer.Length - (before?.Length ?? 0);
        _known[(from, cookie)] = answer;
    }

    internal void Forget(Instant now)
    {
        while (_age.TryPeek(out (NgClient From, string Cookie, Instant Until) oldest) && (oldest.Until <= now || _known.Count > policy.MostAnswers || _bytes > policy.MostAnswerBytes))
        {
            _age.Dequeue();
            if (_known.Remove((oldest.From, oldest.Cookie), out byte[]? answer))
                _bytes -= answer?.Length ?? 0;
        }
    }
}
