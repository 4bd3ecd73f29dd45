namespace Baton.Voice.Controller;

/// <summary>Pairs of ports, RTP even and RTCP the next (RFC 3550 11), of one group. A pair that comes back goes to the end of the line: what was on its way to the old call finds nobody for as long as possible.</summary>
public sealed class PortRange
{
    private readonly int _first;
    private readonly int _last;
    private readonly Queue<ushort> _free = new();
    private readonly HashSet<ushort> _taken = [];

    /// <summary>Taken by name, and still in the line.</summary>
    private readonly HashSet<ushort> _skipped = [];

    /// <param name="first">Rounded up to an even port.</param>
    /// <param name="last">The last port that may be used.</param>
    public PortRange(int first, int last)
    {
        (_first, _last) = (first, last);
        for (int port = first + (first & 1); port < last; port += 2)
            _free.Enqueue((ushort)port);
        Size = _free.Count;
    }

    /// <summary>In pairs.</summary>
    public int Size { get; }

    public int Taken => _taken.Count;

    public bool TryTake(out ushort port)
    {
        do
        {
            if (!_free.TryDequeue(out port))
                return false;
        }
        while (_skipped.Remove(port));
        _taken.Add(port);
        return true;
    }

    /// <summary>This pair, as an earlier controller gave it away. False: it is taken, or none of ours.</summary>
    public bool TryTake(ushort port)
    {
        if (port % 2 != 0 || port < _first || port >= _last || !_taken.Add(port))
            return false;
        _skipped.Add(port);
        return true;
    }

    /// <exception cref="InvalidOperationException">It is not taken: a pair comes back once.</exception>
    public void Free(ushort port)
    {
        if (!_taken.Remove(port))
            throw new InvalidOperationException($"port {port} is freed, and nobody has it");
        if (!_skipped.Remove(port))
            _free.Enqueue(port);
    }
}
