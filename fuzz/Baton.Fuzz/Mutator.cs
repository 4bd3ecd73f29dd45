using System.Buffers.Binary;

namespace Baton.Fuzz;

/// <summary>Changes seeds the way binary formats break: bits, bytes, lengths, pieces moved, repeated, cut, or taken from another seed. A seed number repeats a run.</summary>
public sealed class Mutator(IReadOnlyList<byte[]> corpus, int seed)
{
    private const int LongestInput = 8_192;

    private static readonly int[] Telling = [0, 1, 2, 3, 4, 7, 8, 16, 28, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFC, 0xFFFF];

    private readonly Random _random = new(seed);

    public byte[] Next()
    {
        byte[] input = [.. Seed()];
        for (int changes = 1 + _random.Next(4); changes > 0; changes--)
            input = Change(input);
        return input.Length <= LongestInput ? input : input[..LongestInput];
    }

    private byte[] Seed() => corpus[_random.Next(corpus.Count)];

    private byte[] Change(byte[] input)
    {
        if (input.Length < 2)
            return [.. input, (byte)_random.Next(256)];
        int at = _random.Next(input.Length), length = 1 + _random.Next(Math.Min(64, input.Length - at));
        switch (_random.Next(8))
        {
            case 0:
                input[at] ^= (byte)(1 << _random.Next(8));
                return input;
            case 1:
                input[at] = (byte)_random.Next(256);
                return input;
            case 2:
                input[at] = (byte)Telling[_random.Next(Telling.Length)];
                return input;
            case 3:                                     // a length, most likely
                if (at + 2 <= input.Length)
                    BinaryPrimitives.WriteUInt16BigEndian(input.AsSpan(at), (ushort)Telling[_random.Next(Telling.Length)]);
                return input;
            case 4:
                return input[..(input.Length - length)];
            case 5:                                     // a piece once more
                return [.. input[..(at + length)], .. input[at..]];
            case 6:                                     // a piece left out
                return [.. input[..at], .. input[(at + length)..]];
            default:                                    // the end of another seed
                byte[] other = Seed();
                return [.. input[..at], .. other[_random.Next(other.Length)..]];
        }
    }
}
