using System.Security.Cryptography;

namespace Baton.Crypto.Ike;

/// <summary>Where nonces, SPIs and private values come from. A core is handed one; tests hand it one with a seed.</summary>
public interface IRandomSource
{
    /// <summary>Fills all of <paramref name="destination"/>.</summary>
    void Fill(Span<byte> destination);
}

/// <summary>The system's generator. Thread-safe.</summary>
public sealed class SystemRandomSource : IRandomSource
{
    public static SystemRandomSource Instance { get; } = new();

    public void Fill(Span<byte> destination) => RandomNumberGenerator.Fill(destination);
}
