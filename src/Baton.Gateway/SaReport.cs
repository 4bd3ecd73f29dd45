using System.IO.Enumeration;
using Baton.Cluster.Protos;
using Baton.Gateway.DataPath;
using Baton.Gateway.Ike;
using Baton.Ike;
using Baton.Linux;
using Baton.Redundancy.Leases;
using SaId = Baton.Redundancy.Records.SaId;

namespace Baton.Gateway;

/// <summary>A page of SAs for a report: few enough for one message, and looked at a portion a turn, so that no turn of the data thread is long and none copies all of them.</summary>
/// <remarks>A page goes on behind the id with which the one before ended: what came meanwhile is told with a later page, since ids grow. Any thread.</remarks>
/// <param name="onDataThread">Runs something on the thread that owns the SAs, and ends when that is done or the thread has ended.</param>
internal sealed class SaReport(PacketPath path, Func<Action, Task> onDataThread)
{
    /// <summary>A page at most (the comment of StatusRequest.most).</summary>
    public const int LongestPage = 1_000;

    private const int ToldPerTurn = 250;
    private const int LookedAtPerTurn = 2_000;

    /// <summary>A page that is being filled.</summary>
    private sealed class Page(NodeStatus status, StatusRequest asked)
    {
        public NodeStatus Status { get; } = status;
        public StatusRequest Asked { get; } = asked;

        /// <summary>Those of the SPIs that were asked for; null: all.</summary>
        public SaId[]? Named;
        public ulong LookedTo = asked.After;
        public int Left = PageOf(asked);
        public bool IsWhole;
        public Dictionary<ulong, IkeInput.Traffic> Carried { get; } = [];
    }

    public static int PageOf(StatusRequest asked) => asked.Most is 0 or > LongestPage ? LongestPage : (int)asked.Most;

    /// <summary>Is this one of <c>connection</c>, or a child of it? Empty: everything is.</summary>
    public static bool IsMeant(string connection, string name) =>
        connection.Length == 0 || FileSystemName.MatchesSimpleExpression(connection, name.AsSpan(0, name.IndexOf(':') is var at and >= 0 ? at : name.Length), ignoreCase: false);

    /// <summary>Appends what was asked for to <see cref="NodeStatus.Sas"/>.</summary>
    /// <param name="ike">Null: the SAs are keyed otherwise.</param>
    public async Task FillAsync(NodeStatus status, StatusRequest asked, IkeRunner? ike)
    {
        if (!asked.WithSas && asked.Spis.Count == 0)
            return;
        var page = new Page(status, asked);
        while (!page.IsWhole)
        {
            page.IsWhole = true;  // also where the thread has ended, and does nothing any more
            await onDataThread(() => page.IsWhole = TakeSome(page));
        }

        if (ike is not null)
            await IkeDesk.TellLivesAsync(status.Sas, page.Carried, ike);
    }

    /// <summary>On the data thread. True: the page is whole.</summary>
    private bool TakeSome(Page page)
    {
        if (page.Asked.Spis.Count > 0)
            page.Named ??= Find(page.Asked.Spis);
        int told = 0;
        for (int i = 0; i < LookedAtPerTurn && (told < ToldPerTurn || page.Left == 0); i++)
        {
            if (!TryNext(page, out SaId id))
                return true;
            page.LookedTo = id.Value;
            OutboundEntry? outbound = path.OutboundSas.GetValueOrDefault(id);
            InboundEntry? inbound = outbound is null ? path.InboundSas.GetValueOrDefault(id) : null;
            if ((outbound?.Name ?? inbound?.Name) is not { } name || !IsMeant(page.Asked.Connection, name))
                continue;
            if (page.Left == 0)
            {
                page.Status.MoreAfter = page.Status.Sas[^1].Id;
                return true;
            }

            page.Status.Sas.Add(outbound is not null ? Describe(outbound) : Describe(inbound!));
            page.Left--;
            told++;
            if ((outbound?.Pair ?? inbound?.Pair) is { } pair && ChildTraffic.Of(pair) is { } traffic)
                page.Carried[pair.Child] = traffic;
        }

        return false;
    }

    private bool TryNext(Page page, out SaId id)
    {
        if (page.Named is not { } named)
            return path.Ids.TryAfter(page.LookedTo, out id);
        id = Array.Find(named, one => one.Value > page.LookedTo);
        return id.Value > page.LookedTo;
    }

    private SaId[] Find(IReadOnlyCollection<uint> spis)
    {
        var found = new List<SaId>();
        foreach (uint spi in spis.Distinct().Take(LongestPage))
        {
            if (path.FindOutbound(spi) is { } outbound)
                found.Add(outbound.Id);
            if (path.FindInbound(spi) is { } inbound)
                found.Add(inbound.Id);
        }

        return [.. found.OrderBy(id => id.Value)];
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
