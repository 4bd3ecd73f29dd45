using System.Buffers;
using System.IO.Enumeration;
using Baton.Cluster.Protos;
using Baton.Gateway.DataPath;
using Baton.Gateway.Ike;
using Baton.Ike;
using Baton.Linux;
using Baton.Redundancy.Leases;
using Baton.Wire;
using SaId = Baton.Redundancy.Records.SaId;

namespace Baton.Gateway;

/// <summary>A page of SAs for a report: few enough for one message, and described a portion a turn, so that no turn of the data thread is long.</summary>
/// <remarks>Who is meant is looked up for a first page; the next ones go on in that row, and SAs that came meanwhile are not in it. Any thread.</remarks>
/// <param name="onDataThread">Runs something on the thread that owns the SAs, and ends when that is done or the thread has ended.</param>
internal sealed class SaReport(PacketPath path, Func<Action, Task> onDataThread)
{
    /// <summary>A page at most (the comment of StatusRequest.most).</summary>
    public const int LongestPage = 1_000;

    private const int SasPerTurn = 250;
    private const int MostRows = 4;
    private static readonly TimeSpan RowLasts = TimeSpan.FromSeconds(10);

    /// <summary>Rows whose next page may be asked for, the oldest first.</summary>
    private readonly List<(string Connection, SaId[] Ids, Instant At)> _rows = [];

    public static int PageOf(StatusRequest asked) => asked.Most is 0 or > LongestPage ? LongestPage : (int)asked.Most;

    /// <summary>Is this one of <c>connection</c>, or a child of it? Empty: everything is.</summary>
    public static bool IsMeant(string connection, string name) =>
        connection.Length == 0 || FileSystemName.MatchesSimpleExpression(connection, name.AsSpan(0, name.IndexOf(':') is var at and >= 0 ? at : name.Length), ignoreCase: false);

    /// <summary>Appends what was asked for to <see cref="NodeStatus.Sas"/>.</summary>
    /// <param name="ike">Null: the SAs are keyed otherwise.</param>
    public async Task FillAsync(NodeStatus status, StatusRequest asked, IkeRunner? ike)
    {
        ForgetRows();  // a report is made each second
        if (!asked.WithSas && asked.Spis.Count == 0)
            return;
        (SaId[] page, bool more) = await ChooseAsync(asked);
        var carried = new Dictionary<ulong, IkeInput.Traffic>();
        for (int from = 0; from < page.Length; from += SasPerTurn)
        {
            ArraySegment<SaId> some = new(page, from, Math.Min(SasPerTurn, page.Length - from));
            await onDataThread(() => Describe(some, status, carried));
        }

        status.MoreAfter = more ? page[^1].Value : 0;
        if (ike is not null)
            await IkeDesk.TellLivesAsync(status.Sas, carried, ike);
    }

    /// <summary>The lowest ids of those that are meant.</summary>
    private async Task<(SaId[] Page, bool More)> ChooseAsync(StatusRequest asked)
    {
        SaId[] meant;
        if (asked.Spis.Count > 0)
            meant = Meant(await FindAsync(asked.Spis), asked.Connection);
        else if (asked.After == 0 || !TryRecall(asked.Connection, out meant))
            Remember(asked.Connection, meant = Meant(await AllAsync(), asked.Connection));
        int at = Array.BinarySearch(meant, new SaId(asked.After), ById);
        int from = at < 0 ? ~at : at + 1;
        int count = Math.Min(PageOf(asked), meant.Length - from);
        return (meant[from..(from + count)], from + count < meant.Length);
    }

    private static readonly Comparer<SaId> ById = Comparer<SaId>.Create((one, other) => one.Value.CompareTo(other.Value));

    private static SaId[] Meant(List<(SaId Id, string Name)> named, string connection)
    {
        SaId[] meant = [.. named.Where(sa => IsMeant(connection, sa.Name)).Select(sa => sa.Id)];
        Array.Sort(meant, ById);
        return meant;
    }

    private bool TryRecall(string connection, out SaId[] ids)
    {
        lock (_rows)
        {
            int at = _rows.FindLastIndex(row => row.Connection == connection);
            ids = at < 0 ? [] : _rows[at].Ids;
            return at >= 0;
        }
    }

    private void Remember(string connection, SaId[] ids)
    {
        if (ids.Length <= LongestPage / 4)
            return;  // as quickly looked up again
        lock (_rows)
        {
            _rows.RemoveAll(row => row.Connection == connection);
            if (_rows.Count == MostRows)
                _rows.RemoveAt(0);
            _rows.Add((connection, ids, MonotonicClock.Now));
        }
    }

    private void ForgetRows()
    {
        lock (_rows)
        {
            if (_rows.Count > 0)
                _rows.RemoveAll(row => MonotonicClock.Now - row.At > RowLasts);
        }
    }

    private async Task<List<(SaId Id, string Name)>> FindAsync(IReadOnlyCollection<uint> spis)
    {
        List<(SaId, string)> found = [];
        await onDataThread(() =>
        {
            foreach (uint spi in spis.Distinct().Take(LongestPage))
            {
                if (path.FindOutbound(spi) is { } outbound)
                    found.Add((outbound.Id, outbound.Name));
                if (path.FindInbound(spi) is { } inbound)
                    found.Add((inbound.Id, inbound.Name));
            }
        });
        return found;
    }

    /// <summary>All that the data thread does for it is to copy two rows of references; id and name of an entry never change.</summary>
    private async Task<List<(SaId Id, string Name)>> AllAsync()
    {
        OutboundEntry[] outbound = [];
        InboundEntry[] inbound = [];
        (int outbounds, int inbounds) = (0, 0);
        await onDataThread(() =>
        {
            (outbound, outbounds) = Copy(path.OutboundSas);
            (inbound, inbounds) = Copy(path.InboundSas);
        });
        List<(SaId, string)> all = [.. outbound.Take(outbounds).Select(entry => (entry.Id, entry.Name)), .. inbound.Take(inbounds).Select(entry => (entry.Id, entry.Name))];
        ArrayPool<OutboundEntry>.Shared.Return(outbound, clearArray: true);
        ArrayPool<InboundEntry>.Shared.Return(inbound, clearArray: true);
        return all;
    }

    private static (T[] Row, int Count) Copy<T>(IReadOnlyDictionary<SaId, T> entries)
    {
        T[] row = ArrayPool<T>.Shared.Rent(entries.Count);
        int count = 0;
        foreach (T entry in entries.Values)
            row[count++] = entry;
        return (row, count);
    }

    private void Describe(ArraySegment<SaId> page, NodeStatus status, Dictionary<ulong, IkeInput.Traffic> carried)
    {
        foreach (SaId id in page)
        {
            ChildEntry? pair = null;
            if (path.OutboundSas.TryGetValue(id, out OutboundEntry? outbound))
            {
                status.Sas.Add(Describe(outbound));
                pair = outbound.Pair;
            }
            else if (path.InboundSas.TryGetValue(id, out InboundEntry? inbound))
            {
                status.Sas.Add(Describe(inbound));
                pair = inbound.Pair;
            }

            if (pair is not null && ChildTraffic.Of(pair) is { } traffic)
                carried[pair.Child] = traffic;
        }
    }

    private static SaStatus Describe(OutboundEntry entry)
    {
        OutboundLease? lease = entry.Lease;
        bool ready = lease is not { NeedsRekey: true };
        return new SaStatus
        {
            Id = entry.Id.Value,
            Direction = SaDirection.Outbound,
            Name = entry.Name,
            Spi = entry.Sa.Spi,
            Suite = entry.Sa.Suite.ToString(),
            Peer = entry.Peer.IsNone ? "" : entry.Peer.ToString(),
            Next = entry.Next,
            Limit = lease?.Limit ?? 0,
            RecordLimit = lease?.RecordLimit ?? 0,
            HeadroomMs = lease is null ? 0 : Math.Max(lease.HeadroomTime(MonotonicClock.Now) is { } left ? (ulong)left.TotalMilliseconds : 0, lease.HasEnded ? 1UL : 0),
            Ready = ready,
            NotReadyWhy = ready ? "" : "its number space is used up: rekey",
            KeyCheck = entry.KeyCheck,
            KeyTag = entry.KeyTag,
            Packets = (ulong)entry.Packets,
            Bytes = (ulong)entry.Bytes,
            Child = entry.Child,
        };
    }

    private static SaStatus Describe(InboundEntry entry) => new()
    {
        Id = entry.Id.Value,
        Direction = SaDirection.Inbound,
        Name = entry.Name,
        Spi = entry.Sa.Spi,
        Suite = entry.Sa.Suite.ToString(),
        Next = entry.Ceiling?.Highest ?? entry.Sa.Window.Top,
        Limit = entry.Ceiling?.Ceiling ?? 0,
        Ready = true,
        KeyCheck = entry.KeyCheck,
        KeyTag = entry.KeyTag,
        Packets = (ulong)entry.Packets,
        Bytes = (ulong)entry.Bytes,
        Child = entry.Child,
    };
}
