using Baton.Crypto.IpsecMb;
using Baton.Crypto.OpenSsl;

namespace Baton.Crypto;

/// <summary>A library that does AEADs.</summary>
public enum CipherLibrary
{
    /// <summary>libcrypto by its EVP calls: everywhere.</summary>
    OpenSsl,

    /// <summary>Intel's ipsec-mb, 1.3 or 2.0: x86-64, two to five times faster.</summary>
    IpsecMb,
}

/// <summary>Chooses the library that does the AEADs, once a process, and says why.</summary>
/// <remarks>ipsec-mb where it is installed, of a known version and right in its self-test; OpenSSL elsewhere. The environment variable
/// <c>BATON_CIPHERS</c> (<c>openssl</c>, <c>ipsec-mb</c>, <c>auto</c>) narrows the choice; what cannot be had falls back to OpenSSL, and
/// <see cref="Reason"/> says so.</remarks>
public static class CipherProvider
{
    /// <summary>Name of the environment variable that narrows the choice.</summary>
    public const string Variable = "BATON_CIPHERS";

    private static readonly Lazy<(MbLibrary? Library, string Reason)> IpsecMb = new(() =>
    {
        var library = MbLibrary.TryLoad(out string reason);
        return (library, reason);
    });

    private static readonly Lazy<(CipherLibrary Library, string Name, string Reason)> Chosen =
        new(() => Choose(Environment.GetEnvironmentVariable(Variable)));

    /// <summary>The library of this process's SAs.</summary>
    public static CipherLibrary Library => Chosen.Value.Library;

    /// <summary>What <c>baton status</c> shows: library and version.</summary>
    public static string Name => Chosen.Value.Name;

    /// <summary>Why this one: a sentence for the log and for <c>baton status</c>.</summary>
    public static string Reason => Chosen.Value.Reason;

    public static string Description => Substitute is null ? $"{Name}: {Reason}" : "no cipher at all: for measurements only";

    /// <summary>What makes the AEADs of SAs in place of a library. Only the benchmark that measures a gateway without its cipher can set it: no configuration does.</summary>
    internal static Func<AeadAlgorithm, Aead>? Substitute { get; set; }

    public static Aead Make(AeadAlgorithm algorithm, ReadOnlySpan<byte> key, CipherUse use) => Make(Library, algorithm, key, use);

    /// <summary>By a library that the caller names: tests and benchmarks compare them.</summary>
    /// <exception cref="InvalidOperationException">That library is not to be had here; <see cref="IsAvailable"/> tells.</exception>
    public static Aead Make(CipherLibrary library, AeadAlgorithm algorithm, ReadOnlySpan<byte> key, CipherUse use)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, Aead.KeyLength(algorithm));
        if (Substitute is { } substitute)
            return substitute(algorithm);
        if (library == CipherLibrary.OpenSsl)
            return new EvpAead(algorithm, key, use);
        return (IpsecMb.Value.Library ?? throw new InvalidOperationException(IpsecMb.Value.Reason)).Make(algorithm, key);
    }

    /// <param name="reason">Why not; empty when it is.</param>
    public static bool IsAvailable(CipherLibrary library, out string reason)
    {
        reason = library == CipherLibrary.OpenSsl ? "" : IpsecMb.Value.Reason;
        return reason.Length == 0;
    }

    /// <summary>The choice for a value of the environment variable; null for none.</summary>
    internal static (CipherLibrary Library, string Name, string Reason) Choose(string? wish)
    {
        wish = string.IsNullOrWhiteSpace(wish) ? "auto" : wish.Trim();
        if (wish is "openssl")
            return OpenSsl($"{Variable} asks for it");
        string odd = wish is "auto" or "ipsec-mb" ? "" : $"; {Variable}={wish} is none of openssl, ipsec-mb, auto";
        if (IpsecMb.Value.Library is { } library)
            return (CipherLibrary.IpsecMb, $"ipsec-mb {library.VersionText}", $"installed, and right in its self-test{odd}");
        return OpenSsl(IpsecMb.Value.Reason + odd);
    }

    private static (CipherLibrary, string, string) OpenSsl(string reason) => (CipherLibrary.OpenSsl, $"openssl {LibCrypto.VersionText}", reason);
}
