using System.Globalization;
using Baton.Cli.Demo.Report;

namespace Baton.Throughput;

/// <summary>A bar a system, grouped by case: the median, and a line from the least to the most of the rounds.</summary>
internal static class BarsPicture
{
    private const double Width = 860, Left = 190, Right = 110, Top = 40, Row = 20, Between = 14;

    public static string Draw(string unit, IReadOnlyList<BenchCase> cases, Results results)
    {
        double most = cases.SelectMany(results.Of).Max(one => one.Spread.Most);
        int rows = cases.Sum(of => results.Of(of).Count());
        var svg = new Svg(Width, Top + (rows * Row) + (cases.Count * Between) + 12, $"{unit} of each system and case");
        svg.Text(12, 22, $"{unit}: median of the rounds, line from least to most", "b-text b-strong", size: 14);
        double y = Top;
        foreach (BenchCase of in cases)
        {
            svg.Text(12, y + 14, of.Name, "b-text b-strong");
            foreach ((string system, Spread spread) in results.Of(of))
            {
                svg.Text(Left - 8, y + 14, system, "b-dim", "end");
                svg.Rectangle(Left, y + 3, X(spread.Median) - Left, Row - 6, system switch { "baton" => "b-fa", "baton-null" => "b-fb", _ => "b-fc" });
                svg.Line(X(spread.Least), y + (Row / 2), X(spread.Most), y + (Row / 2), "b-event", 2);
                svg.Text(X(spread.Most) + 8, y + 14, spread.Median.ToString("#,0", CultureInfo.InvariantCulture));
                y += Row;
            }

            y += Between;
        }

        return svg.ToString();

        double X(double value) => Left + ((Width - Left - Right) * value / most);
    }
}
