using Baton.Crypto.Ike;

namespace Baton.Ike.Tests.Harness;

/// <summary>The same seed, the same bytes, on every machine (xoshiro256**, seeded by SplitMix64).</summary>
internal sealed class SeededRandom : IRandomSource
{
    private readonly ulong[] _state = new ulong[4];

    public SeededRandom(ulong seed)
    {
        for (int i = 0; i < 4; i++)
        {
            ulong z = seed += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            _state[i] = z ^ (z >> 31);
        }
    }

    public void Fill(Span<byte> destination)
    {
        for (int at = 0; at < destination.Length; at += 8)
        {
            ulong value = Next();
            for (int i = 0; i < 8 && at + i < destination.Length; i++) destination[at + i] = (byte)(value >> (8 * i));
        }
    }

    public ulong Next()
    {
        ulong result = ulong.RotateLeft(_state[1] * 5, 7) * 9;
        ulong t = _state[1] << 17;
        _state[2] ^= _state[0];
        _state[3] ^= _state[1];
        _state[1] ^= _state[2];
        _state[0] ^= _state[3];
        _state[2] ^= t;
        _state[3] = ulong.RotateLeft(_state[3], 45);
        return result;
    }

    public int Below(int bound) => (int)(Next() % (ulong)bound);

    public bool Chance(double probability) => (Next() >> 11) * (1.0 / (1UL << 53)) < probability;

    public TimeSpan Between(double minimumMilliseconds, double maximumMilliseconds) =>
        TimeSpan.FromMilliseconds(minimumMilliseconds + ((maximumMilliseconds - minimumMilliseconds) * ((Next() >> 11) * (1.0 / (1UL << 53)))));
}
