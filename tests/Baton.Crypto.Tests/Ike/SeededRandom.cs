using Baton.Crypto.Ike;

namespace Baton.Crypto.Tests.Ike;

/// <summary>Randomness that a seed repeats.</summary>
internal sealed class SeededRandom(int seed) : IRandomSource
{
    private readonly Random _random = new(seed);

    public void Fill(Span<byte> destination) => _random.NextBytes(destination);
}
