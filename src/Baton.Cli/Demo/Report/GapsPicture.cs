using System.Globalization;

namespace Baton.Cli.Demo.Report;

/// <summary>The silences of the probe over time: one packet a millisecond was sent, so each of these is felt.</summary>
internal static class GapsPicture
{
    private const double Width = 1120;
    private const double Left = 190;
    private const double Right = 24;
    private const double Top = 64;
    private const double Floor = 220;

    public static string Draw(DemoReport report)
    {
        var svg = new Svg(Width, Floor + 40, "Longest silences of the probe over time, both directions");
        var axis = new TimeAxis(Left, Width - Right, Math.Max(1, report.Seconds(report.EndNs)));
        double most = Scale(report.Gaps.Select(gap => gap.Milliseconds).DefaultIfEmpty(0).Max());
        svg.Text(16, 22, "Silences of the probe", "b-text b-strong", size: 15);
        Legend(svg);
        foreach (double part in new[] { 0.25, 0.5, 0.75, 1 })
        {
            double y = Y(part * most, most);
            svg.Line(Left, y, Width - Right, y, "b-line");
            svg.Text(Left - 8, y + 4, string.Create(CultureInfo.InvariantCulture, $"{part * most:0.#} ms"), "b-dim", "end", 11);
        }

        foreach (ProbeGap gap in report.Gaps)
        {
            // Side by side: an event silences both directions at the same time.
            bool toPeer = gap.Direction == "toPeer";
            double x = axis.X(report.Seconds(gap.StartNs)) + (toPeer ? -2 : 2);
            char colour = toPeer ? 'a' : 'c';
            svg.Line(x, Floor, x, Y(gap.Milliseconds, most), $"b-s{colour}", 2);
            svg.Circle(x, Y(gap.Milliseconds, most), 3, $"b-f{colour}",
                string.Create(CultureInfo.InvariantCulture, $"{gap.Milliseconds:F1} ms at {report.Seconds(gap.StartNs):F3} s"));
        }

        axis.Draw(svg, Top - 8, Floor, report);
        return svg.ToString();
    }

    private static double Y(double milliseconds, double most) => Floor - (milliseconds / most * (Floor - Top));

    private static double Scale(double longest)
    {
        double[] scales = [10, 20, 40, 80, 200, 400, 1000, 2000, 4000, 10_000];
        return scales.FirstOrDefault(scale => longest <= scale, longest);
    }

    private static void Legend(Svg svg)
    {
        svg.Circle(212, 17, 4, "b-fa");
        svg.Text(222, 21, "to the peer");
        svg.Circle(312, 17, 4, "b-fc");
        svg.Text(322, 21, "from the peer");
    }
}
