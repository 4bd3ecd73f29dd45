using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Baton.Crypto.IpsecMb;

/// <summary>Native memory of expanded keys: in places of one size, each at a cache line, side by side in large blocks, wiped when they are given back.</summary>
/// <remarks>
/// A hundred thousand keys are a hundred megabytes that packets go to at random. In huge pages (man 2 madvise) the way to each costs no walk through page tables, and the
/// kernel frees few pages when the process dies; an allocation each would also cost a tenth more. Blocks stay until the process ends. Any thread.
/// </remarks>
internal sealed unsafe partial class KeyMemory
{
    private const int Line = 64;
    private const int HugePage = 2 << 20;

    /// <summary>Of the first block: who has a few SAs needs no huge page.</summary>
    private const int Small = 64 << 10;

    private static readonly Dictionary<int, KeyMemory> BySize = [];

    private readonly Stack<nint> _free = new();
    private readonly int _size;
    private byte* _next;
    private byte* _end;
    private bool _hasSmall;

    private KeyMemory(int size) => _size = size;

    /// <summary>Aligned to a cache line. Whoever takes it gives it back once.</summary>
    internal static byte* Take(int lengthBytes)
    {
        lock (BySize)
        {
            int size = Rounded(lengthBytes);
            if (!BySize.TryGetValue(size, out KeyMemory? memory))
                BySize[size] = memory = new KeyMemory(size);
            return memory.Take();
        }
    }

    /// <param name="lengthBytes">As it was taken.</param>
    internal static void GiveBack(byte* place, int lengthBytes)
    {
        CryptographicOperations.ZeroMemory(new Span<byte>(place, lengthBytes));
        lock (BySize)
            BySize[Rounded(lengthBytes)]._free.Push((nint)place);
    }

    private static int Rounded(int lengthBytes) => (lengthBytes + Line - 1) & -Line;

    private byte* Take()
    {
        if (_free.TryPop(out nint free))
            return (byte*)free;
        if (_end - _next < _size)
            NewBlock();
        byte* place = _next;
        _next += _size;
        return place;
    }

    private void NewBlock()
    {
        (int bytes, int alignment) = _hasSmall ? (HugePage, HugePage) : (Small, Line);
        _next = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, (nuint)alignment);
        _end = _next + bytes;
        if (_hasSmall)
            _ = Advise(_next, HugePage, InHugePages);  // where the kernel has none to give, small ones do
        _hasSmall = true;
    }

    private const int InHugePages = 14;

    /// <remarks>man 2 madvise, MADV_HUGEPAGE. EINVAL where the kernel knows none.</remarks>
    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint lengthBytes, int advice);
}
