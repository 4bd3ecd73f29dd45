namespace Baton.Ike.Messages;

/// <summary>One counter a verdict. Not thread-safe: one owner; a reader of another thread may see a count late.</summary>
public sealed class IkeCounters
{
    private readonly long[] _counts = new long[Enum.GetValues<IkeParseVerdict>().Length];

    public long this[IkeParseVerdict verdict] => _counts[(int)verdict];

    public void Count(IkeParseVerdict verdict) => _counts[(int)verdict]++;
}
