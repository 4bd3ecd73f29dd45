namespace Baton.Voice.Controller;

/// <summary>Pairs of ports, RTP even and RTCP the next (RFC 3550 11), of one group. A pair that comes back goes to the end of the line: what was on its way to the old call finds nobody for as long as possible.</summary>
public sealed class PortRange
{
    private readonly Queue<ushort> _free = new();
    private readonly HashSet<ushort> _taken = [];

    /// <param name="first">Rounded up to an even port.</param>
    /// <param name="last">The last port that may be used.</param>
    public PortRange(int first, int last)
    {
        for (int port = first + (first & 1); port < last; port += 2)
            _free.Enqueue((ushort)port);
        Size = _free.Count;
    }

    /// <summary>In pairs.</summary>
    public int Size { get; }

    public int Taken => _taken.Count;

    public bool TryTake(out ushort port)
    {
        if (!_free.TryDequeue(out port))
            return false;
        _taken.Add(port);
        return true;
    }

    /// <exception cref="InvalidOperationException">It is not taken: a pair comes back once.</exception>
    public void Free(ushort port)
    {
        if (!_taken.Remove(port))
            throw new InvalidOperationException($"port {port} is freed, and nobody has it");
        _free.Enqueue(port);
    }
}
