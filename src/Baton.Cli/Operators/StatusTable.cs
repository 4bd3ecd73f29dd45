using System.Globalization;
using Baton.Cluster.Protos;
using Spectre.Console;

namespace Baton.Cli.Operators;

/// <summary>The picture for people.</summary>
internal static class StatusTable
{
    private const int ShortList = 10;

    public static void Write(StatusPicture picture, bool allSas)
    {
        foreach (string sentence in picture.Unreachable.Concat(picture.Incomplete)) AnsiConsole.MarkupLineInterpolated($"[yellow]{sentence}[/]");
        if (picture.Record is not { } record)
        {
            AnsiConsole.MarkupLine("[red]nothing is known of the cluster[/]");
            return;
        }

        string source = picture.Cluster is not null ? "from the handler" : "from a node's copy: the handler did not answer";
        AnsiConsole.MarkupLineInterpolated($"cluster [bold]{picture.Cluster?.Cluster ?? "?"}[/]  term [bold]{record.Term}[/]  active [bold]{Name(record.Holder)}[/]  designated successor [bold]{Name(record.Designee)}[/]  in sync [bold]{InSync(record)}[/]  revision {record.Revision} ({source})");
        if (picture.Cluster is { Storage: not ("" or "ok") } sick) AnsiConsole.MarkupLineInterpolated($"[red]the handler's file: {sick.Storage}[/]");
        Members(picture, record);
        foreach (NodeStatus node in picture.Nodes.Where(node => node.Role is not ("gateway" or "media")))
            AnsiConsole.MarkupLineInterpolated($"{node.Role} [bold]{node.Name}[/]  {node.State}{(node.Term > 0 ? $", term {node.Term}" : "")}{string.Concat(node.Warnings.Select(warning => $"; {warning}"))}");
        if (picture.Cluster?.Handler is { Role: not "handler" } more)
            AnsiConsole.MarkupLineInterpolated($"{more.Role} [bold]{more.Name}[/]  {more.Counters.GetValueOrDefault("calls.now")} calls{string.Concat(more.Warnings.Select(warning => $"; {warning}"))}");
        Sas(picture, allSas);
        if (picture.WhyNotReady is { } why) AnsiConsole.MarkupLineInterpolated($"[red]not ready:[/] {why}; a failure of the active now would cost more than a moment");
        else AnsiConsole.MarkupLine("[green]ready:[/] the standby would carry on every SA if the active died now");
    }

    private static void Members(StatusPicture picture, ClusterRecord record)
    {
        var table = new Table().Border(TableBorder.Minimal).AddColumns("member", "state", "term", "handler", "heartbeats", "SAs ready", "as of");
        var notes = new List<string>();
        foreach ((string name, NodeStatus? last, TimeSpan? age, bool connected, string witness) in picture.Members)
        {
            string ready = last is null ? "?" : picture.CopyOf(last) is { } copy ? Bar(copy.Built, copy.Of) : $"{last.SaReady} of {last.SaCount}";
            notes.AddRange((last?.Warnings ?? []).Select(warning => $"{name}: {warning}"));
            if (last is { NotReadyWhy.Length: > 0 }) notes.Add($"{name}: {last.NotReadyWhy}");
            if (last is { RealTime: false, Warnings.Count: 0 }) notes.Add($"{name}: no real-time priority");
            table.AddRow(
                Markup.Escape(name + (record.InSync.Any(member => member.Member == name) ? " (in sync)" : "")),
                Markup.Escape(last?.State ?? "never heard"),
                last?.Term.ToString(CultureInfo.InvariantCulture) ?? "?",
                connected ? "connected" : "[yellow]not connected[/]",
                Markup.Escape(witness),
                ready,
                Age(age));
        }

        AnsiConsole.Write(table);
        foreach ((string name, NodeStatus? last, _, _, _) in picture.Members)
        {
            if (last is { Ciphers.Length: > 0 }) AnsiConsole.MarkupLineInterpolated($"{name}: ciphers by {last.Ciphers}");
            if (last is { Offloads.Length: > 0 }) AnsiConsole.MarkupLineInterpolated($"{name}: {last.Offloads}");
        }

        foreach (string note in notes) AnsiConsole.MarkupLineInterpolated($"[yellow]{note}[/]");
    }

    private static void Sas(StatusPicture picture, bool all)
    {
        string? holder = picture.Record?.Holder?.Member;
        NodeStatus? active = picture.Members.FirstOrDefault(member => member.Name == holder).Last;
        NodeStatus? standby = picture.Members.FirstOrDefault(member => member.Name != holder && member.Last is { Sas.Count: > 0 }).Last;
        if (active is null || active.Sas.Count == 0) return;
        Dictionary<ulong, SaStatus> there = standby?.Sas.ToDictionary(sa => sa.Id) ?? [];
        IEnumerable<SaStatus> shown = active.Sas;
        if (!all)
        {
            shown = active.Sas
                .OrderBy(sa => there.TryGetValue(sa.Id, out SaStatus? other) && other.Ready)
                .ThenBy(sa => sa.HeadroomMs == 0 ? ulong.MaxValue : sa.HeadroomMs)
                .Take(ShortList);
        }

        var table = new Table().Border(TableBorder.Minimal).AddColumns("SA", "name", "SPI", "direction", "suite", "number", "limit", "headroom", "life", "standby");
        foreach (SaStatus sa in shown)
        {
            string readiness = "[yellow]not known[/]";
            if (there.TryGetValue(sa.Id, out SaStatus? other))
            {
                readiness = other.KeyCheck != sa.KeyCheck ? "[red]another key: the cluster keys differ[/]"
                    : other.Ready ? "[green]ready[/]"
                    : $"[red]{Markup.Escape(other.NotReadyWhy)}[/]";
            }

            table.AddRow(
                sa.Id.ToString(CultureInfo.InvariantCulture),
                Markup.Escape(sa.Name),
                sa.Spi.ToString("x8", CultureInfo.InvariantCulture),
                sa.Direction == SaDirection.Outbound ? "to peer" : "from peer",
                Markup.Escape(sa.Suite),
                sa.Next.ToString(CultureInfo.InvariantCulture),
                sa.Limit.ToString(CultureInfo.InvariantCulture),
                Headroom(sa),
                Amounts.Life(sa.LifeLeft),
                readiness);
        }

        AnsiConsole.Write(table);
        if (!all && active.Sas.Count > ShortList) AnsiConsole.MarkupLineInterpolated($"{active.Sas.Count - ShortList} more; --sas shows every one, --connection and --spi some");
        if (active.MoreAfter > 0) AnsiConsole.MarkupLineInterpolated($"there are more: --after {active.MoreAfter}");
    }

    /// <summary>Of a lease; a ceiling rises with the traffic and has none.</summary>
    private static string Headroom(SaStatus sa) => sa.Direction != SaDirection.Outbound ? ""
        : sa.Next > sa.Limit ? "[red]ended[/]"
        : sa.HeadroomMs == 0 ? "idle"
        : Amounts.Span(TimeSpan.FromMilliseconds(sa.HeadroomMs));

    /// <summary>How far a newcomer's copy is.</summary>
    internal static string Bar(uint built, uint of)
    {
        const int Width = 20;
        int full = (int)((ulong)built * Width / of);
        return string.Create(CultureInfo.InvariantCulture, $"{new string('█', full)}{new string('░', Width - full)} {(ulong)built * 100 / of} % of {of}");
    }

    private static string Name(Incarnation? incarnation) => incarnation is null ? "none" : incarnation.Member;

    private static string InSync(ClusterRecord record) => record.InSync.Count == 0 ? "nobody" : string.Join(", ", record.InSync.Select(Name));

    private static string Age(TimeSpan? age) => age switch
    {
        null => "[yellow]never[/]",
        { } young when young <= StatusPicture.Fresh => "now",
        { } old => $"[yellow]{Amounts.Span(old)} ago[/]",
    };
}
