namespace Baton.SetUps;

/// <summary>A figure of several rounds.</summary>
public readonly record struct Spread(double Median, double Least, double Most, int Runs)
{
    public static Spread Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        double median = (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
        return new Spread(median, sorted[0], sorted[^1], sorted.Length);
    }
}
