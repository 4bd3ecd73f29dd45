namespace Baton.Gateway.DataPath;

/// <summary>One pair of SAs that IKE made: its two halves as the data path has them.</summary>
internal sealed class ChildEntry(ulong child)
{
    public ulong Child { get; } = child;

    public OutboundEntry? Outbound { get; set; }

    public InboundEntry? Inbound { get; set; }

    /// <summary>Packets of both directions when they were last told.</summary>
    public long ToldPackets { get; set; }

    public long ToldBytes { get; set; }

    public bool ToldRekey { get; set; }

    /// <summary>In which tenure of this member it was last told.</summary>
    public ulong Tenure { get; set; }

    /// <summary>Told in earlier ones: members after it have that from the record.</summary>
    public long EarlierPackets { get; set; }

    public long EarlierBytes { get; set; }

    internal int Index { get; set; }
}

/// <summary>The pairs by their id, and in a row that can be walked some at a time. One owner thread.</summary>
internal sealed class ChildTable
{
    private readonly Dictionary<ulong, ChildEntry> _byId = [];
    private readonly List<ChildEntry> _row = [];

    public int Count => _row.Count;

    public ChildEntry this[int i] => _row[i];

    public ChildEntry? Find(ulong child) => _byId.GetValueOrDefault(child);

    public ChildEntry Get(ulong child)
    {
        if (!_byId.TryGetValue(child, out ChildEntry? entry))
        {
            _byId[child] = entry = new ChildEntry(child) { Index = _row.Count };
            _row.Add(entry);
        }

        return entry;
    }

    public void RemoveIfEmpty(ChildEntry entry)
    {
        if (entry.Outbound is not null || entry.Inbound is not null || !_byId.Remove(entry.Child))
            return;
        ChildEntry last = _row[^1];
        (_row[entry.Index], last.Index) = (last, entry.Index);
        _row.RemoveAt(_row.Count - 1);
    }
}
