namespace Baton.Voice.Observers;

/// <summary>How many datagrams of which kind passed. Injected ones are not among them.</summary>
internal sealed class WireCounters
{
    private readonly long[,] _passed = new long[2, 4];

    public long Observed { get; private set; }

    /// <summary>From neither the peer nor the router: dropped.</summary>
    public long Foreign { get; set; }

    public long InjectedToPeer { get; set; }

    public long InjectedToCluster { get; set; }

    public long this[WireDirection direction, WireKind kind] => _passed[(int)direction, (int)kind];

    public long this[WireKind kind] => this[WireDirection.ToPeer, kind] + this[WireDirection.ToCluster, kind];

    public void Count(WireKind kind, WireDirection direction)
    {
        Observed++;
        _passed[(int)direction, (int)kind]++;
    }
}
