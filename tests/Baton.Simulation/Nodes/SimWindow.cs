using Baton.Redundancy;
using Baton.Redundancy.Records;

namespace Baton.Simulation.Nodes;

/// <summary>A replay window (RFC 4303 3.4.3) of up to 128 numbers, in one word.</summary>
/// <remarks>Bit i stands for number <c>Top - i</c>. What lies below the window is refused.</remarks>
internal sealed class SimWindow(int size, ulong floor)
{
    private UInt128 _seen = UInt128.MaxValue;

    public ulong Top { get; private set; } = floor;

    public void RebaseAbove(ulong newFloor) => (Top, _seen) = (newFloor, UInt128.MaxValue);

    public void RebaseOn(WindowReport report)
    {
        (Top, _seen) = (report.Top, 0);
        ReadOnlySpan<ulong> words = report.Bitmap.Span;
        for (int i = 0; i < 128; i++)
        {
            // What the report does not speak of is refused.
            if (i / 64 >= words.Length || (words[i / 64] >> (i % 64) & 1) != 0)
                _seen |= UInt128.One << i;
        }
    }

    public WindowReport Report() => new(Top, new[] { (ulong)_seen, (ulong)(_seen >> 64) });

    public bool IsFresh(ulong number)
    {
        if (number > Top)
            return true;
        ulong back = Top - number;
        return back < (ulong)size && ((_seen >> (int)back) & 1) == 0;
    }

    public void Mark(ulong number)
    {
        if (number > Top)
        {
            ulong forward = number - Top;
            _seen = forward >= 128 ? 0 : _seen << (int)forward;
            Top = number;
        }

        _seen |= UInt128.One << (int)(Top - number);
    }

    /// <summary>The number that a receiver infers from the low 32 bits that travel (RFC 4303 A2.2). A wrong guess fails the ICV.</summary>
    public bool Infers(ulong number, CounterSpace space)
    {
        if (space.WireBits >= space.Bits)
            return true;
        uint low = (uint)number;
        uint topLow = (uint)Top;
        ulong high = Top >> 32;
        if (topLow >= (uint)size - 1)
            high += low >= topLow - (uint)size + 1 ? 0u : 1u;
        else if (low >= topLow - (uint)size + 1)
            high--;
        return (high << 32 | low) == number;
    }
}
