namespace Baton.Cluster;

/// <summary>How many lines of one kind the log takes: what strangers cause must not fill a disk. Counters go on counting.</summary>
/// <remarks>Any thread. The first <paramref name="burst"/> get a line each, then one an interval, which says how many went unsaid.</remarks>
public sealed class LineBudget(int burst = 32, TimeSpan? interval = null, TimeProvider? time = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly TimeSpan _interval = interval ?? TimeSpan.FromSeconds(10);
    private readonly Lock _lock = new();
    private double _left = burst;
    private long _at = (time ?? TimeProvider.System).GetTimestamp();
    private long _unsaid;

    /// <summary>Null: say nothing. Else what to append to the line: empty, or how many lines were left out before it.</summary>
    public string? Take()
    {
        lock (_lock)
        {
            long now = _time.GetTimestamp();
            _left = Math.Min(burst, _left + (_time.GetElapsedTime(_at, now) / _interval));
            _at = now;
            if (_left < 1)
            {
                _unsaid++;
                return null;
            }

            _left--;
            string more = _unsaid == 0 ? "" : $" ({_unsaid} more since the last line)";
            _unsaid = 0;
            return more;
        }
    }
}
