using System.Globalization;
using System.Text;

namespace Baton.Cli.Demo.Report;

/// <summary>The sequence lanes: sequence number over time, one colour a member, limits as dashed lines, each jump visible.</summary>
/// <remarks>
/// A slice is millions of numbers wide and a call uses hundreds: on one scale the traffic would be a flat line. So each
/// stretch has a lane with a scale of its own; between its numbers and its limit the axis is broken, as it is between lanes.
/// <code>
///     16,777,217 ├ limit ─ ─ ─ ─ ─          ┆     lanes rise with the number,
///                ≈                          ┆     time goes to the right
///          5,012 ├        ⟋ B               ┆
///     ───────────┼──────↗───────────────────┆
///                ├ limit ─ ─                ┆
///                ≈                          ┆
///              1 ├⟋ A                       ┆
/// </code>
/// </remarks>
internal static class LanesPicture
{
    private const double Width = 1120;
    private const double Left = 190;
    private const double Right = 24;
    private const double Top = 64;
    private const double Bottom = 40;
    private const double LaneHeight = 112;
    private const double LaneGap = 10;

    /// <summary>The share of a lane, from its top, that belongs to limits.</summary>
    private const double LimitShare = 0.34;

    /// <summary>A longer silence than this is drawn as one.</summary>
    private const long SilenceNs = 100_000_000;

    public static string Draw(DemoReport report)
    {
        IReadOnlyList<SequenceLane> lanes = SequenceLane.Arrange(report.Samples, report.Limits);
        double height = Top + (Math.Max(1, lanes.Count) * (LaneHeight + LaneGap)) + Bottom;
        var svg = new Svg(Width, height, "Sequence number over time, one colour a member; each takeover jumps above the limit of the member before");
        var axis = new TimeAxis(Left, Width - Right, Math.Max(1, report.Seconds(report.EndNs)));

        svg.Text(16, 22, "Sequence lanes", "b-text b-strong", size: 15);
        Legend(svg, lanes);
        double floor = height - Bottom;
        if (lanes.Count == 0)
            svg.Text(Width / 2, Top + (LaneHeight / 2), "no packet of the call was observed", "b-dim", "middle");

        for (int i = 0; i < lanes.Count; i++)
            DrawLane(svg, report, lanes[i], axis, LaneTop(i, floor));
        axis.Draw(svg, Top - 8, floor, report);
        for (int i = 0; i + 1 < lanes.Count; i++)
            DrawJump(svg, report, lanes[i], lanes[i + 1], axis, LaneTop(i, floor), LaneTop(i + 1, floor));
        return svg.ToString();
    }

    private static double LaneTop(int lane, double floor) => floor - ((lane + 1) * (LaneHeight + LaneGap)) + LaneGap;

    /// <summary>Where in its lane a number lies: the traffic fills the part below the limits.</summary>
    private static double Y(SequenceLane lane, double top, ulong number)
    {
        double low = top + LaneHeight - 10;
        double high = top + (LaneHeight * LimitShare) + 10;
        double span = Math.Max(1, lane.Highest - lane.Lowest);
        return low - ((number - lane.Lowest) / span * (low - high));
    }

    private static void DrawLane(Svg svg, DemoReport report, SequenceLane lane, TimeAxis axis, double top)
    {
        char colour = Svg.Colour(lane.Member);
        svg.Rectangle(Left, top, Width - Right - Left, LaneHeight, "b-band");
        svg.Text(16, top + LaneHeight - 26, $"member {lane.Member}", $"b-f{colour} b-strong");
        if (lane.Limits.Count > 0)
            svg.Text(16, top + LaneHeight - 10, $"term {lane.Limits[0].Term}", "b-dim", size: 11);
        svg.Text(Left - 8, Y(lane, top, lane.Lowest) + 4, Svg.Grouped(lane.Lowest), "b-text", "end", 11);
        if (lane.Highest != lane.Lowest)
            svg.Text(Left - 8, Y(lane, top, lane.Highest) + 4, Svg.Grouped(lane.Highest), "b-text", "end", 11);
        DrawLimits(svg, report, lane, axis, top, colour);
        DrawTraffic(svg, report, lane, axis, top, colour);
    }

    private static void DrawLimits(Svg svg, DemoReport report, SequenceLane lane, TimeAxis axis, double top, char colour)
    {
        double zone = LaneHeight * LimitShare;
        for (int i = 0; i < lane.Limits.Count; i++)
        {
            // Only their order is drawn to scale; the labels say where they are.
            LeaseLimit limit = lane.Limits[i];
            double share = lane.Limits.Count == 1 ? 0.5 : i / (lane.Limits.Count - 1.0);
            double y = top + zone - 12 - (share * (zone - 20));
            double from = axis.X(report.Seconds(limit.StartNs));
            double to = axis.X(report.Seconds(limit.EndNs));
            svg.Line(from, y, Math.Max(to, from + 2), y, $"b-s{colour}", 1.5, "6 4");
            if (i == 0 || i == lane.Limits.Count - 1)
                svg.Text(Left - 8, y + 4, $"limit {Svg.Grouped(limit.Limit)}", $"b-f{colour}", "end", 11);
        }

        if (lane.Limits.Count > 0)
            DrawBreak(svg, Left, top + zone);
    }

    /// <summary>The sign of a broken axis.</summary>
    private static void DrawBreak(Svg svg, double x, double y)
    {
        svg.Rectangle(x - 5, y - 3, 10, 6, "b-bg");
        svg.Line(x - 6, y, x + 6, y - 6, "b-event");
        svg.Line(x - 6, y + 6, x + 6, y, "b-event");
    }

    private static void DrawTraffic(Svg svg, DemoReport report, SequenceLane lane, TimeAxis axis, double top, char colour)
    {
        var path = new StringBuilder();
        long before = long.MinValue;
        foreach (SequenceSample sample in lane.Samples)
        {
            bool breaks = before == long.MinValue || sample.AtNs - before > SilenceNs;
            path.Append(breaks ? 'M' : 'L')
                .Append(Svg.N(axis.X(report.Seconds(sample.AtNs)))).Append(' ')
                .Append(Svg.N(Y(lane, top, sample.Number)));
            before = sample.AtNs;
        }

        svg.Path(path, $"b-s{colour}", 2.5);
        foreach (SequenceSample end in new[] { lane.First, lane.Last })
        {
            svg.Circle(
                axis.X(report.Seconds(end.AtNs)),
                Y(lane, top, end.Number),
                3.5,
                $"b-f{colour}",
                string.Create(CultureInfo.InvariantCulture, $"{Svg.Grouped(end.Number)} at {report.Seconds(end.AtNs):F3} s"));
        }
    }

    /// <summary>From the last number of one lane to the first of the next above it.</summary>
    private static void DrawJump(Svg svg, DemoReport report, SequenceLane from, SequenceLane to, TimeAxis axis, double fromTop, double toTop)
    {
        if (to.First.AtNs < from.First.AtNs)
            return; // a lane above that was used before: no takeover led there
        double x = axis.X(report.Seconds(to.First.AtNs));
        double y1 = Y(from, fromTop, from.Highest);
        double y2 = Y(to, toTop, to.First.Number);
        svg.Line(axis.X(report.Seconds(from.Last.AtNs)), y1, x, y2 + 4, "b-event", 1.2, "2 3");
        ulong step = to.First.Number - from.Highest;
        string text = step == 1 ? "next number, no jump" : $"+{Svg.Grouped(step)}";
        bool roomRight = x < Width - Right - 140;
        svg.Text(roomRight ? x + 8 : x - 8, fromTop - 1, text, "b-text b-strong", roomRight ? "start" : "end", 11);
    }

    private static void Legend(Svg svg, IReadOnlyList<SequenceLane> lanes)
    {
        double x = Left;
        foreach (string member in lanes.Select(lane => lane.Member).Distinct().Order(StringComparer.Ordinal))
        {
            svg.Line(x, 17, x + 22, 17, $"b-s{Svg.Colour(member)}", 3);
            svg.Text(x + 28, 21, $"member {member}");
            x += 112;
        }

        svg.Line(x, 17, x + 22, 17, "b-event", 1.5, "6 4");
        svg.Text(x + 28, 21, "limit of the lease");
        svg.Text(x + 170, 21, "each lane has a scale of its own", "b-dim");
    }
}
