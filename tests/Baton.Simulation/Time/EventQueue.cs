namespace Baton.Simulation.Time;

/// <summary>Everything that will happen, by instant and then by the order it was planned in. A binary heap.</summary>
internal sealed class EventQueue
{
    private (long At, long Order, Action Do)[] _heap = new (long, long, Action)[1024];
    private int _count;
    private long _order;

    public int Count => _count;

    public void Add(long at, Action act)
    {
        if (_count == _heap.Length)
            Array.Resize(ref _heap, _count * 2);
        (long At, long Order, Action Do) item = (at, _order++, act);
        int i = _count++;
        while (i > 0)
        {
            int parent = (i - 1) / 2;
            if (!Before(item, _heap[parent]))
                break;
            _heap[i] = _heap[parent];
            i = parent;
        }

        _heap[i] = item;
    }

    public Action Take(out long at)
    {
        (at, _, Action act) = _heap[0];
        (long At, long Order, Action Do) last = _heap[--_count];
        _heap[_count] = default;
        int i = 0;
        while (true)
        {
            int child = (2 * i) + 1;
            if (child >= _count)
                break;
            if (child + 1 < _count && Before(_heap[child + 1], _heap[child]))
                child++;
            if (!Before(_heap[child], last))
                break;
            _heap[i] = _heap[child];
            i = child;
        }

        if (_count > 0)
            _heap[i] = last;
        return act;
    }

    private static bool Before(in (long At, long Order, Action Do) left, in (long At, long Order, Action Do) right) =>
        left.At < right.At || (left.At == right.At && left.Order < right.Order);
}
