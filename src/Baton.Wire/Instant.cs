namespace Baton.Wire;

/// <summary>A point on a monotonic clock, in nanoseconds. Cores are handed instants; only shells read the clock.</summary>
/// <remarks>The origin is arbitrary (boot, or a simulation's zero): instants of two machines never meet.</remarks>
public readonly record struct Instant(long Nanoseconds) : IComparable<Instant>
{
    /// <summary>Later than everything: "no deadline".</summary>
    public static readonly Instant Never = new(long.MaxValue);

    public static Instant FromMilliseconds(double milliseconds) => new((long)(milliseconds * 1e6));

    public static Instant operator +(Instant at, TimeSpan span) =>
        at == Never ? Never : new(at.Nanoseconds + (span.Ticks * 100));

    public static Instant operator -(Instant at, TimeSpan span) => new(at.Nanoseconds - (span.Ticks * 100));

    public static TimeSpan operator -(Instant left, Instant right) =>
        TimeSpan.FromTicks((left.Nanoseconds - right.Nanoseconds) / 100);

    public static bool operator <(Instant left, Instant right) => left.Nanoseconds < right.Nanoseconds;

    public static bool operator >(Instant left, Instant right) => left.Nanoseconds > right.Nanoseconds;

    public static bool operator <=(Instant left, Instant right) => left.Nanoseconds <= right.Nanoseconds;

    public static bool operator >=(Instant left, Instant right) => left.Nanoseconds >= right.Nanoseconds;

    public static Instant Min(Instant left, Instant right) => left < right ? left : right;

    public static Instant Max(Instant left, Instant right) => left > right ? left : right;

    public int CompareTo(Instant other) => Nanoseconds.CompareTo(other.Nanoseconds);

    public override string ToString() => this == Never ? "never" : $"{Nanoseconds / 1e6:F3} ms";
}
