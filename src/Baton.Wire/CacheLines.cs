using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Baton.Wire;

/// <summary>Asks the processor to bring memory near, and does not wait for it. Nothing is read; where the processor has no such order nothing happens.</summary>
/// <remarks>For work that comes in batches over more objects than the caches hold: what the last packet of a batch needs is on its way while the first is done
/// (<c>Baton.Bench many</c>). The collector may move an object meanwhile: then it was for nothing.</remarks>
public static unsafe class CacheLines
{
    private const int Line = 64;

    /// <summary>The first bytes of an object.</summary>
    public static void Fetch(object? one, int lengthBytes)
    {
        if (one is not null)
            Fetch(ref Unsafe.As<Raw>(one).First, lengthBytes);
    }

    public static void Fetch(ref byte first, int lengthBytes) => Fetch((byte*)Unsafe.AsPointer(ref first), lengthBytes);

    public static void Fetch(byte* first, int lengthBytes)
    {
        if (!Sse.IsSupported)
            return;
        byte* end = first + lengthBytes;
        for (byte* line = (byte*)((nuint)first & ~(nuint)(Line - 1)); line < end; line += Line)
            Sse.Prefetch0(line);
    }

#pragma warning disable CS0649 // only its place is looked at
    private sealed class Raw
    {
        public byte First;
    }
#pragma warning restore CS0649
}
