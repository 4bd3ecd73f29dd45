namespace Baton.Wire.Replay;

/// <summary>Anti-replay window (RFC 4303 3.4.3), kept as a ring of 64-bit blocks (RFC 6479).</summary>
/// <remarks>
/// One writer: the owner of the SA. Asking never marks; only an authentic packet does.
/// <code>
///      floor          top - size + 1              top
///  ------|------------------|----------------------|--------->
///  seen  |  left of window  |  one bit a number    |  fresh
/// </code>
/// The floor is where a takeover started: nothing at or below it is ever fresh, whatever the window's width (P3).
/// </remarks>
public sealed class ReplayWindow
{
    /// <summary>So many blocks stand in the object itself: a window of up to 192 numbers is memory in one place, and most SAs have no other.</summary>
    private const int Within = 4;

    /// <summary>Null for a small window.</summary>
    private readonly ulong[]? _many;
    private ulong _top;
    private ulong _floor;
    private readonly int _blockMask;
    private Few _few;

    [System.Runtime.CompilerServices.InlineArray(Within)]
    private struct Few
    {
        private ulong _first;
    }

    /// <param name="size">Numbers below the top that are told apart: 64 to 32,768, a multiple of 64.</param>
    public ReplayWindow(int size)
    {
        if (size is < 64 or > 32_768 || size % 64 != 0)
            throw new ArgumentOutOfRangeException(nameof(size), size, "A replay window has 64 to 32,768 numbers, a multiple of 64.");
        Size = size;

        // One block more than the window, rounded up to a power of two: the block of the top may be part full (RFC 6479 2).
        int blocks = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)((size / 64) + 1));
        if (blocks > Within)
            _many = new ulong[blocks];
        _blockMask = blocks - 1;
    }

    public int Size { get; }

    /// <summary>The highest number accepted, or the floor; 0 for a new SA.</summary>
    public ulong Top => _top;

    public ulong Floor => _floor;

    /// <summary>All but the blocks of a large window is on its way to the caches.</summary>
    public void Fetch() => CacheLines.Fetch(this, 72);

    public bool IsFresh(ulong sequence)
    {
        if (sequence > _top) return true;                      // right of the window
        if (sequence <= _floor) return false;                  // also 0: the first packet is 1 (RFC 4303 3.3.3)
        if (_top - sequence >= (ulong)Size) return false;      // left of it
        return (Block(sequence >> 6) & (1UL << (int)(sequence & 63))) == 0;
    }

    /// <summary>Marks an authentic packet's number. False when it was marked meanwhile.</summary>
    public bool TryAccept(ulong sequence)
    {
        if (!IsFresh(sequence))
            return false;
        if (sequence > _top)
            Advance(sequence);
        Block(sequence >> 6) |= 1UL << (int)(sequence & 63);
        return true;
    }

    /// <summary>Everything up to <paramref name="floor"/> counts as seen from now on; the window goes on above it.</summary>
    public void StartAbove(ulong floor)
    {
        Blocks.Clear();
        (_top, _floor) = (floor, floor);
    }

    /// <summary>The exact window: bit i of <paramref name="bitmap"/> is number <c>top - i</c>. Takes <c>Size / 64</c> words.</summary>
    public void Export(Span<ulong> bitmap, out ulong top)
    {
        top = _top;
        bitmap = bitmap[..(Size / 64)];
        bitmap.Clear();
        for (ulong i = 0; i < (ulong)Size && i < _top; i++)
        {
            if (!IsFresh(_top - i))
                bitmap[(int)(i >> 6)] |= 1UL << (int)(i & 63);
        }
    }

    /// <summary>Takes over an exact window. What the bitmap does not cover counts as seen.</summary>
    public void Import(ulong top, ReadOnlySpan<ulong> bitmap)
    {
        Blocks.Clear();
        _top = top;
        ulong covered = Math.Min((ulong)Size, (ulong)bitmap.Length * 64);
        _floor = top > covered ? top - covered : 0;
        for (ulong i = 0; i < covered && i < top; i++)
        {
            ulong sequence = top - i;
            if ((bitmap[(int)(i >> 6)] & (1UL << (int)(i & 63))) != 0)
                Block(sequence >> 6) |= 1UL << (int)(sequence & 63);
        }
    }

    private Span<ulong> Blocks => _many is null ? _few : _many;

    private ref ulong Block(ulong number)
    {
        int at = (int)number & _blockMask;
        return ref _many is null ? ref _few[at & (Within - 1)] : ref _many[at];
    }

    private void Advance(ulong sequence)
    {
        ulong from = _top >> 6;
        ulong to = sequence >> 6;
        ulong blocks = Math.Min(to - from, (ulong)Blocks.Length);
        for (ulong i = 1; i <= blocks; i++)
            Block(from + i) = 0;
        if (to - from > blocks)
            Blocks.Clear();
        _top = sequence;
    }
}
