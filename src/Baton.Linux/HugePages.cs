using System.Globalization;
using System.Runtime.CompilerServices;

namespace Baton.Linux;

/// <summary>The managed heap in huge pages (man 2 madvise): of a large one every packet of another SA would walk the page tables for each object it looks at,
/// and a process that dies holds its sockets until the kernel has freed its pages one by one.</summary>
public static unsafe class HugePages
{
    private const ulong Huge = 2 << 20;

    /// <summary>The collector's memory, as it is now, is put together to huge pages where the kernel has some, and what it grows by may be. A tenth of a millisecond for
    /// each two megabytes, in which who uses them waits; any thread.</summary>
    /// <returns>The bytes that are in huge pages after it; 0: the kernel has none, or is older than Linux 6.1 and does it by and by.</returns>
    public static ulong PutHeapTogether()
    {
        var probe = new object();
        ulong together = 0;
        foreach (Mapping mapping in Reservation(File.ReadLines("/proc/self/maps"), *(ulong*)Unsafe.AsPointer(ref probe)))
        {
            ulong first = (mapping.From + Huge - 1) & ~(Huge - 1), last = mapping.End & ~(Huge - 1);
            if (last <= first || Libc.Advise((void*)first, (nuint)(last - first), Libc.MADV_HUGEPAGE) != 0 || !mapping.IsUsed)
                continue;
            for (; first < last; first += Huge)
                together += Libc.Advise((void*)first, (nuint)Huge, Libc.MADV_COLLAPSE) == 0 ? Huge : 0;
        }

        return together;
    }

    internal readonly record struct Mapping(ulong From, ulong End, bool IsUsed);

    /// <summary>The mappings without a file, one behind the other without a gap, among which an address lies: the collector reserves the heap as one piece, and uses parts of it.</summary>
    /// <param name="maps">man 5 proc_pid_maps.</param>
    internal static IReadOnlyList<Mapping> Reservation(IEnumerable<string> maps, ulong address)
    {
        var row = new List<Mapping>();
        bool isIn = false;
        foreach (string line in maps)
        {
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string[] ends = fields[0].Split('-');
            ulong from = ulong.Parse(ends[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture), end = ulong.Parse(ends[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            bool isPlain = fields.Length == 5 || fields[5].StartsWith("[anon", StringComparison.Ordinal);
            if (!isPlain || (row.Count > 0 && row[^1].End != from))
            {
                if (isIn)
                    break;
                row.Clear();
            }

            if (!isPlain)
                continue;
            row.Add(new Mapping(from, end, fields[1].StartsWith("rw", StringComparison.Ordinal)));
            isIn |= address >= from && address < end;
        }

        return isIn ? row : [];
    }
}
