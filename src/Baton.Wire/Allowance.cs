namespace Baton.Wire;

/// <summary>So many a second, and so many at once: for answers that anybody can provoke (RFC 1812 4.3.2.8, RFC 4443 2.4 f). One owner; sans-IO.</summary>
public sealed class Allowance(int perSecond, int atOnce)
{
    private double _left = atOnce;
    private Instant _since;

    /// <summary>What was refused.</summary>
    public long Refused { get; private set; }

    public bool TryTake(Instant now)
    {
        double gained = Math.Max(0, (now.Nanoseconds - _since.Nanoseconds) / 1e9) * perSecond;
        (_left, _since) = (Math.Min(atOnce, _left + gained), now);
        if (_left < 1)
        {
            Refused++;
            return false;
        }

        _left--;
        return true;
    }
}
