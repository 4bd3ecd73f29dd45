namespace Baton.Ike.Tests.Harness;

/// <summary>The child SAs as a data path has them: which accept, and which one carries what goes out.</summary>
internal sealed class DataPath
{
    private readonly Dictionary<string, ChildSaId> _outbound = [];

    public Dictionary<ChildSaId, ChildSaPair> Children { get; } = [];

    public void Up(ChildSaPair child)
    {
        Children[child.Id] = child;
        if (child.OutboundAtOnce || !_outbound.ContainsKey(Key(child))) _outbound[Key(child)] = child.Id;
    }

    public void Use(ChildSaId id)
    {
        if (Children.TryGetValue(id, out ChildSaPair? child)) _outbound[Key(child)] = id;
    }

    public void Down(ChildSaId id)
    {
        if (!Children.Remove(id, out ChildSaPair? child)) return;
        if (!_outbound.TryGetValue(Key(child), out ChildSaId used) || used != id) return;
        _outbound.Remove(Key(child));
        ChildSaPair? other = Children.Values.LastOrDefault(each => Key(each) == Key(child));
        if (other is not null) _outbound[Key(child)] = other.Id;
    }

    /// <summary>Which SA a packet of this connection's child would take now.</summary>
    public ChildSaPair? Outbound(string connection, string child) =>
        _outbound.TryGetValue($"{connection}/{child}", out ChildSaId id) ? Children.GetValueOrDefault(id) : null;

    /// <summary>An authentic packet on a pair that waits for one makes it the outbound one.</summary>
    public ChildSaPair? Inbound(uint spi)
    {
        ChildSaPair? child = Children.Values.FirstOrDefault(each => each.InboundSpi == spi);
        if (child is { OutboundAtOnce: false } && _outbound.TryGetValue(Key(child), out ChildSaId used) && child.Replaces is { } replaces && used == replaces) _outbound[Key(child)] = child.Id;
        return child;
    }

    public void Clear()
    {
        Children.Clear();
        _outbound.Clear();
    }

    private static string Key(ChildSaPair child) => $"{child.Connection}/{child.Child}";
}
