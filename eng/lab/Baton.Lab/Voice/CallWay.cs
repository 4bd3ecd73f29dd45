namespace Baton.Lab.Voice;

/// <summary>What one phone of a call heard, in its order of coming.</summary>
public sealed class CallWay
{
    private readonly List<(TimeSpan At, long Number)> _heard = [];

    /// <param name="packets">All with the phone as destination, as its host saw them.</param>
    public CallWay(IEnumerable<SeenRtp> packets)
    {
        long top = -1;
        foreach (SeenRtp packet in packets)
        {
            // The nearest to the highest so far (RFC 3550 A.1).
            long number = top < 0 ? packet.Sequence : top + (short)(packet.Sequence - (ushort)top);
            top = Math.Max(top, number);
            _heard.Add((packet.At, number));
            Sources.Add(packet.Ssrc);
        }
    }

    /// <summary>One: nobody heard a restart.</summary>
    public HashSet<uint> Sources { get; } = [];

    public int Heard => _heard.Count;

    /// <summary>How often SEQ turned: the ROC at the end, where the phone heard the stream from the start.</summary>
    public long Turns => _heard.Count == 0 ? 0 : _heard.Max(packet => packet.Number) >> 16;

    public long Twice => _heard.Count - _heard.Select(packet => packet.Number).Distinct().Count();

    public long Lost => _heard.Count == 0 ? 0 : 1 + _heard.Max(packet => packet.Number) - _heard.Min(packet => packet.Number) - _heard.Select(packet => packet.Number).Distinct().Count();

    /// <summary>The phone heard something before that instant, and a second before it at the earliest.</summary>
    public bool RunsAt(TimeSpan instant) => _heard.Any(packet => packet.At <= instant && packet.At > instant - TimeSpan.FromSeconds(1));

    /// <summary>What a blow did: numbers that never came between the last one before it and the last one until <paramref name="until"/>, and the longest silence between.</summary>
    public WayThroughBlow Through(TimeSpan blow, TimeSpan until)
    {
        (TimeSpan At, long Number)[] before = [.. _heard.Where(packet => packet.At <= blow)], after = [.. _heard.Where(packet => packet.At > blow && packet.At <= until)];
        if (before.Length == 0) throw new LabException("a call had not begun when the blow fell");
        long first = before.Max(packet => packet.Number);
        long[] numbers = [.. after.Select(packet => packet.Number).Where(number => number > first).Distinct()];
        TimeSpan[] times = [before[^1].At, .. after.Select(packet => packet.At), until];
        TimeSpan gap = times.Zip(times.Skip(1), (one, next) => next - one).Max();
        bool goesOn = after.Length > 0 && until - after[^1].At < TimeSpan.FromSeconds(1);
        return new WayThroughBlow(goesOn, numbers.Length == 0 ? null : numbers.Max() - first - numbers.Length, gap.TotalMilliseconds);
    }
}

/// <param name="GoesOn">The phone still heard the other one at the end of the look.</param>
/// <param name="Lost">Null: nothing came any more.</param>
public readonly record struct WayThroughBlow(bool GoesOn, long? Lost, double GapMs);
