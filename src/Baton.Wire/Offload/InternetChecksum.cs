using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Baton.Wire.Offload;

/// <summary>The ones' complement sum of 16-bit words (RFC 1071), as IPv4, TCP, UDP and ICMP use it.</summary>
/// <remarks>The sum does not depend on byte order (RFC 1071 2 B): words are added as the machine reads them and turned round once at the end.</remarks>
public static class InternetChecksum
{
    /// <summary>Folds a part of a message into a running sum. Every part but the last has an even length.</summary>
    /// <param name="sum">Of the parts before; 0 at the start.</param>
    public static ulong Add(ulong sum, ReadOnlySpan<byte> bytes)
    {
        // 32-bit words into 64-bit sums, the even ones and the odd ones of each vector apart: 64 KiB of them cannot overflow.
        ReadOnlySpan<uint> words = MemoryMarshal.Cast<byte, uint>(bytes);
        int i = 0;
        if (Vector512.IsHardwareAccelerated && words.Length >= Vector512<uint>.Count)
        {
            (Vector512<ulong> low, Vector512<ulong> high) = (Vector512<ulong>.Zero, Vector512<ulong>.Zero);
            for (; i <= words.Length - Vector512<uint>.Count; i += Vector512<uint>.Count)
            {
                Vector512<ulong> eight = Vector512.Create(words[i..]).AsUInt64();
                low += eight & Vector512.Create(0xFFFF_FFFFUL);
                high += eight >>> 32;
            }

            sum = Carry(sum, Vector512.Sum(low + high));
        }
        else if (Vector.IsHardwareAccelerated && words.Length >= Vector<uint>.Count)
        {
            (Vector<ulong> low, Vector<ulong> high) = (Vector<ulong>.Zero, Vector<ulong>.Zero);
            for (; i <= words.Length - Vector<uint>.Count; i += Vector<uint>.Count)
            {
                Vector<ulong> several = Vector.AsVectorUInt64(new Vector<uint>(words[i..]));
                low += several & new Vector<ulong>(0xFFFF_FFFFUL);
                high += several >>> 32;
            }

            sum = Carry(sum, Vector.Sum(low + high));
        }

        ulong rest = 0;
        for (; i < words.Length; i++)
            rest += words[i];
        ReadOnlySpan<byte> tail = bytes[(words.Length * 4)..];
        if (tail.Length >= 2)
            rest += MemoryMarshal.Read<ushort>(tail);
        if ((tail.Length & 1) != 0)
            rest += BitConverter.IsLittleEndian ? tail[^1] : (ulong)tail[^1] << 8;
        return Carry(sum, rest);
    }

    /// <summary>Folds a 16-bit field, given as its value.</summary>
    public static ulong Add(ulong sum, ushort value) =>
        Carry(sum, BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value);

    /// <summary>The pseudo-header's addresses, protocol and length (RFC 9293 3.1, RFC 8200 8.1); <paramref name="addresses"/> are source and destination as in the IP header.</summary>
    public static ulong PseudoHeader(ReadOnlySpan<byte> addresses, byte protocol, int length)
    {
        ulong sum = Add(0, addresses);
        sum = Add(sum, (ushort)((uint)length >> 16));
        sum = Add(sum, (ushort)length);
        return Add(sum, protocol);
    }

    /// <summary>The checksum to put into a header: the complement of the sum, as the field's value.</summary>
    public static ushort Finish(ulong sum)
    {
        sum = (sum & 0xFFFF_FFFF) + (sum >> 32);
        sum = (sum & 0xFFFF_FFFF) + (sum >> 32);
        sum = (sum & 0xFFFF) + (sum >> 16);
        sum = (sum & 0xFFFF) + (sum >> 16);
        sum = (sum & 0xFFFF) + (sum >> 16);
        ushort folded = (ushort)~sum;
        return BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(folded) : folded;
    }

    /// <summary>Of one whole header or message whose checksum field is zero.</summary>
    public static ushort Of(ReadOnlySpan<byte> bytes) => Finish(Add(0, bytes));

    private static ulong Carry(ulong sum, ulong more)
    {
        ulong total = sum + more;
        return total < more ? total + 1 : total;
    }
}
