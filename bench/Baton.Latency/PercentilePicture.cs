using System.Globalization;
using System.Text;
using Baton.Cli.Demo.Report;
using HdrHistogram;

namespace Baton.Latency;

/// <summary>A line a histogram: the value below which a part of all lies; both axes logarithmic, so that the last packet of a thousand is seen as well as the first half.</summary>
internal static class PercentilePicture
{
    private const double Width = 860, Height = 380, Left = 64, Top = 40, Right = 24, Bottom = 64;
    private const double LastNines = 5;

    private static readonly char[] Colours = ['c', 'b', 'a'];

    /// <param name="lines">Nanoseconds; at most as many as there are colours.</param>
    public static string Draw(string title, IEnumerable<(string Name, LongHistogram Of)> lines)
    {
        (string Name, LongHistogram Of)[] all = [.. lines];
        double least = Math.Floor(Math.Log10(all.Min(line => Math.Max(1, line.Of.GetValueAtPercentile(1) / 1e3))));
        double most = Math.Ceiling(Math.Log10(all.Max(line => line.Of.GetValueAtPercentile(100) / 1e3)));
        var svg = new Svg(Width, Height, title);
        svg.Text(Left, 22, title, "b-text b-strong", size: 14);
        for (double power = least; power <= most; power++)
        {
            svg.Line(Left, Y(power), Width - Right, Y(power), "b-line");
            svg.Text(Left - 8, Y(power) + 4, Math.Pow(10, power).ToString("#,0", CultureInfo.InvariantCulture), "b-dim", "end");
        }

        string[] marks = ["0", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %"];
        foreach ((int nines, string mark) in marks.Index())
        {
            svg.Line(X(nines), Top, X(nines), Height - Bottom, "b-line");
            svg.Text(X(nines), Height - Bottom + 18, mark, "b-dim", "middle");
        }

        foreach ((int i, (string name, LongHistogram of)) in all.Index())
        {
            var path = new StringBuilder();
            for (double nines = 0; nines <= LastNines && Math.Pow(10, -nines) * of.TotalCount >= 1; nines += 0.02)
            {
                double value = Math.Max(of.GetValueAtPercentile(100 * (1 - Math.Pow(10, -nines))) / 1e3, Math.Pow(10, least));
                path.Append(path.Length == 0 ? 'M' : 'L').Append(Svg.N(X(nines))).Append(' ').Append(Svg.N(Y(Math.Log10(value))));
            }

            svg.Path(path, $"b-s{Colours[i]}", 2);
            double x = Left + (i * 260);
            svg.Line(x, Height - 18, x + 24, Height - 18, $"b-s{Colours[i]}", 3);
            svg.Text(x + 32, Height - 14, name);
        }

        return svg.ToString();

        double X(double nines) => Left + ((Width - Left - Right) * nines / LastNines);

        double Y(double power) => Height - Bottom - ((Height - Top - Bottom) * (power - least) / (most - least));
    }
}
