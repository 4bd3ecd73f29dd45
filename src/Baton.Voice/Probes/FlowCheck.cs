using Baton.Wire;

namespace Baton.Voice.Probes;

/// <summary>Does each further flow pass a packet each way now? Asks all, then those again that did not answer. Sans-IO.</summary>
/// <remarks>
/// <code>
///     every flow, both ways, paced ── quiet for 250 ms ── the missing ones again ── ... ── all there, or time is up
/// </code>
/// The sender's thread asks, the receivers' threads tell; a cell is written once and by one thread only.
/// </remarks>
internal sealed class FlowCheck(uint id, int flows, Instant start, TimeSpan timeout)
{
    /// <summary>Each packet goes through six processes: two cores must have room for the call, the probe and the gateways beside it.</summary>
    public const int MostPerSecond = 5_000;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Spacing = TimeSpan.FromSeconds(1.0 / MostPerSecond);

    private readonly Instant _end = start + timeout;
    private readonly bool[] _seen = new bool[2 * flows];
    private int _next;
    private int _pass;
    private Instant _mayAsk = start;
    private int _arrived;

    public uint Id => id;

    /// <summary>Packets sent again.</summary>
    public int Retried { get; private set; }

    public bool AllSeen => Volatile.Read(ref _arrived) == _seen.Length;

    public bool IsOver(Instant now) => AllSeen || now >= _end;

    /// <summary>The next packet to send, when one is due.</summary>
    public bool TryNext(Instant now, out uint flow, out ProbeDirection direction)
    {
        flow = 0;
        direction = default;
        while (now >= _mayAsk && !IsOver(now))
        {
            if (_next == _seen.Length)
            {
                _next = 0;
                _pass++;
                _mayAsk = now + RetryAfter;
                return false;
            }

            int cell = _next++;
            if (Volatile.Read(ref _seen[cell]))
                continue;
            if (_pass > 0)
                Retried++;
            flow = (uint)(cell >> 1);
            direction = (ProbeDirection)(cell & 1);
            // Late is not made up for with a burst of more than a millisecond.
            _mayAsk = Instant.Max(_mayAsk, now - TimeSpan.FromMilliseconds(1)) + Spacing;
            return true;
        }

        return false;
    }

    public void Arrived(uint flow, ProbeDirection direction)
    {
        ref bool cell = ref _seen[(2 * (int)flow) + (int)direction];
        if (cell)
            return;
        Volatile.Write(ref cell, true);
        Interlocked.Increment(ref _arrived);
    }

    public int Passed(ProbeDirection direction)
    {
        int passed = 0;
        for (int flow = 0; flow < flows; flow++)
            passed += Volatile.Read(ref _seen[(2 * flow) + (int)direction]) ? 1 : 0;
        return passed;
    }

    public IEnumerable<(int Flow, ProbeDirection Direction)> Missing()
    {
        for (int cell = 0; cell < _seen.Length; cell++)
        {
            if (!Volatile.Read(ref _seen[cell]))
                yield return (cell >> 1, (ProbeDirection)(cell & 1));
        }
    }
}
