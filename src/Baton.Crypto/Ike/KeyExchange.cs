using System.Diagnostics.CodeAnalysis;

namespace Baton.Crypto.Ike;

/// <summary>Our half of one Diffie-Hellman exchange. Not thread-safe: one owner.</summary>
/// <remarks>The private value can leave (sealed, in a record), so that another member finishes an exchange that this one began.</remarks>
public abstract class KeyExchange : IDisposable
{
    public abstract KeyExchangeGroup Group { get; }

    /// <summary>The Key Exchange Data of our KE payload.</summary>
    /// <remarks>After an import it is computed when first asked for: who only finishes an exchange does not pay for it.</remarks>
    public abstract ReadOnlyMemory<byte> PublicValue { get; }

    /// <summary>False for a public value that is none: wrong length, out of range, not on the curve, or of small order (RFC 6989 2, RFC 8031 4).</summary>
    public abstract bool TryAgree(ReadOnlySpan<byte> peerPublic, [NotNullWhen(true)] out SecretBytes? shared);

    /// <summary>A copy for <see cref="IKeyExchangeFactory.Import"/>. The caller disposes of it.</summary>
    public abstract SecretBytes ExportPrivate();

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}

/// <summary>Makes key exchanges.</summary>
public interface IKeyExchangeFactory
{
    /// <summary>A new one, with a fresh private value.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A group that we do not do: ask <see cref="KeyExchangeGroups.IsSupported"/> first.</exception>
    KeyExchange Create(KeyExchangeGroup group);

    /// <summary>One that goes on with a private value exported elsewhere.</summary>
    /// <exception cref="ArgumentException">Not a private value of this group.</exception>
    KeyExchange Import(KeyExchangeGroup group, ReadOnlySpan<byte> privateValue);
}
