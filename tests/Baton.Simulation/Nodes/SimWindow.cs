using Baton.Redundancy;
using Baton.Redundancy.Records;
using Baton.Srtp;

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

    /// <summary>For sabotage: as one that takes over the SEQ alone.</summary>
    public void ForgetRollover() => Top = ((Top - 1) & ushort.MaxValue) + 1;

    /// <summary>The number that a receiver infers from the bits of <paramref name="number"/> that travel, or 0. A wrong guess fails the ICV, where there is one.</summary>
    public ulong Infer(ulong number, CounterSpace space)
    {
        if (space.WireBits >= space.Bits)
            return number;
        if (space.WireBits == CounterSpace.Srtp.WireBits) // (RFC 3711 3.3.1)
            return SrtpIndex.Estimate((ushort)(number - 1), Top, out ulong guess) == SrtpVerdict.Passed ? guess : 0;
        return InferExtended((uint)number);
    }

    /// <summary>RFC 4303 A2.2.</summary>
    private ulong InferExtended(uint low)
    {
        uint topLow = (uint)Top;
        ulong high = Top >> 32;
        if (topLow >= (uint)size - 1)
            high += low >= topLow - (uint)size + 1 ? 0u : 1u;
        else if (low >= topLow - (uint)size + 1)
            high--;
        return high << 32 | low;
    }
}
