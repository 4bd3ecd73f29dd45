using System.Globalization;

namespace Baton.Cli.Demo.Report;

/// <summary>Seconds of the run from left to right, and its events as vertical lines.</summary>
internal sealed class TimeAxis(double left, double right, double seconds)
{
    public double X(double at) => left + (Math.Clamp(at, 0, seconds) / seconds * (right - left));

    public void Draw(Svg svg, double top, double floor, DemoReport report)
    {
        double step = Step();
        svg.Line(left, floor, right, floor, "b-event");
        svg.Line(left, top + 8, left, floor, "b-event");
        for (double at = 0; at <= seconds; at += step)
        {
            svg.Line(X(at), floor, X(at), floor + 5, "b-event");
            svg.Text(X(at), floor + 18, string.Create(CultureInfo.InvariantCulture, $"{at:0.#} s"), "b-dim", "middle", 11);
        }

        // Labels of events that lie close take turns in two rows.
        double[] free = [double.MinValue, double.MinValue];
        foreach (ReportEvent happened in report.Events.OrderBy(happened => happened.AtNs))
        {
            double x = X(report.Seconds(happened.AtNs));
            svg.Line(x, top, x, floor, "b-event", 1, "1 3");
            double width = (happened.Kind.Length * 6.4) + 6;
            double start = Math.Min(x - 4, right - width);
            int row = free[0] <= start ? 0 : 1;
            svg.Text(start, top - 3 - (row * 13), happened.Kind, "b-dim", "start", 11);
            free[row] = start + width;
        }
    }

    private double Step()
    {
        double[] steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600];
        return steps.FirstOrDefault(step => seconds / step <= 14, 3600);
    }
}
