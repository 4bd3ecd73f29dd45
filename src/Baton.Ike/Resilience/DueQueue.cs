using Baton.Wire;

namespace Baton.Ike.Resilience;

/// <summary>When each IKE SA wants to be looked at. Logarithmic in the SAs that wait; nothing per tick.</summary>
/// <remarks>
/// An item that is due earlier than it was known to be is queued again; one that is due later stays where it is and is asked again when that instant comes.
/// So the queue holds few stale entries, and each costs one look.
/// </remarks>
internal sealed class DueQueue<T>
    where T : notnull
{
    private readonly PriorityQueue<T, long> _queue = new();
    private readonly Dictionary<T, long> _known = [];

    public Instant Next => _queue.TryPeek(out _, out long due) ? new Instant(due) : Instant.Never;

    public void Schedule(T item, Instant due)
    {
        if (due == Instant.Never) return;
        if (_known.TryGetValue(item, out long known) && known <= due.Nanoseconds) return;
        _known[item] = due.Nanoseconds;
        _queue.Enqueue(item, due.Nanoseconds);
    }

    public void Forget(T item) => _known.Remove(item);

    /// <summary>An item whose instant has come; the caller schedules it anew.</summary>
    public bool TryTake(Instant now, out T item)
    {
        while (_queue.TryPeek(out item!, out long due) && due <= now.Nanoseconds)
        {
            _queue.Dequeue();
            if (!_known.TryGetValue(item, out long known) || known != due) continue;
            _known.Remove(item);
            return true;
        }

        item = default!;
        return false;
    }

    public void Clear()
    {
        _queue.Clear();
        _known.Clear();
    }
}
