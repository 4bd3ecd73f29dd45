using System.Security.Cryptography;
using Baton.Crypto;
using Baton.Crypto.Ike;
using Baton.Ike.Negotiation;

namespace Baton.Ike.Sas;

/// <summary>The seven keys of an IKE SA (RFC 7296 section 2.14), in one block: SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr.</summary>
internal sealed class IkeKeys : IDisposable
{
    private readonly SecretBytes _block;
    private readonly int _prf;
    private readonly int _integrity;
    private readonly int _encryption;

    private IkeKeys(IkeSuite suite, ReadOnlySpan<byte> block)
    {
        _prf = Prf.Length(suite.Prf);
        _integrity = suite.Cipher.IntegrityKeyLength;
        _encryption = suite.Cipher.EncryptionKeyLength;
        _block = new SecretBytes(block);
    }

    public ReadOnlySpan<byte> D => _block.Span[.._prf];

    public ReadOnlySpan<byte> Block => _block.Span;

    public ReadOnlySpan<byte> Integrity(bool ofInitiator) => _block.Span.Slice(_prf + (ofInitiator ? 0 : _integrity), _integrity);

    public ReadOnlySpan<byte> Encryption(bool ofInitiator) =>
        _block.Span.Slice(_prf + (2 * _integrity) + (ofInitiator ? 0 : _encryption), _encryption);

    public ReadOnlySpan<byte> P(bool ofInitiator) =>
        _block.Span.Slice(_prf + (2 * _integrity) + (2 * _encryption) + (ofInitiator ? 0 : _prf), _prf);

    /// <summary>SKEYSEED = prf(Ni | Nr, g^ir)</summary>
    public static IkeKeys Initial(IkeSuite suite, ReadOnlySpan<byte> shared, ReadOnlySpan<byte> ni, ReadOnlySpan<byte> nr, ulong spiI, ulong spiR)
    {
        byte[] nonces = [.. ni, .. nr];
        Span<byte> seed = stackalloc byte[Prf.Length(suite.Prf)];
        Prf.Compute(suite.Prf, nonces, shared, seed);
        return Expand(suite, seed, nonces, spiI, spiR);
    }

    /// <summary>SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr), with the old SA's prf (section 2.18).</summary>
    public static IkeKeys Rekeyed(
        IkeSuite old, IkeKeys oldKeys, IkeSuite suite, ReadOnlySpan<byte> shared, ReadOnlySpan<byte> ni, ReadOnlySpan<byte> nr, ulong spiI, ulong spiR)
    {
        Span<byte> seed = stackalloc byte[Prf.Length(old.Prf)];
        Prf.Compute(old.Prf, oldKeys.D, shared, ni, nr, seed);
        return Expand(suite, seed, [.. ni, .. nr], spiI, spiR);
    }

    /// <summary>False: not as long as this suite's keys are.</summary>
    public static bool TryImport(IkeSuite suite, ReadOnlySpan<byte> block, out IkeKeys? keys)
    {
        bool fits = suite.Cipher.IsSupported && Prf.IsSupported((ushort)suite.Prf) && block.Length == LengthOf(suite);
        keys = fits ? new IkeKeys(suite, block) : null;
        return fits;
    }

    /// <summary>KEYMAT = prf+(SK_d, [g^ir |] Ni | Nr), first what protects the exchange's initiator's packets (section 2.17).</summary>
    public void DeriveChild(
        PrfAlgorithm prf, ReadOnlySpan<byte> shared, ReadOnlySpan<byte> ni, ReadOnlySpan<byte> nr, int length, out byte[] fromInitiator, out byte[] fromResponder)
    {
        byte[] seed = [.. shared, .. ni, .. nr];
        Span<byte> material = stackalloc byte[2 * length];
        Prf.Plus(prf, D, seed, material);
        (fromInitiator, fromResponder) = (material[..length].ToArray(), material[length..].ToArray());
        CryptographicOperations.ZeroMemory(material);
        CryptographicOperations.ZeroMemory(seed);
    }

    public void Dispose() => _block.Dispose();

    private static int LengthOf(IkeSuite suite) =>
        (3 * Prf.Length(suite.Prf)) + (2 * (suite.Cipher.IntegrityKeyLength + suite.Cipher.EncryptionKeyLength));

    /// <summary>{SK_d | SK_ai | ...} = prf+(SKEYSEED, Ni | Nr | SPIi | SPIr)</summary>
    private static IkeKeys Expand(IkeSuite suite, Span<byte> seed, ReadOnlySpan<byte> nonces, ulong spiI, ulong spiR)
    {
        Span<byte> block = stackalloc byte[LengthOf(suite)];
        Prf.Plus(suite.Prf, seed, [.. nonces, .. SpiBytes.WriteIke(spiI), .. SpiBytes.WriteIke(spiR)], block);
        var keys = new IkeKeys(suite, block);
        CryptographicOperations.ZeroMemory(block);
        CryptographicOperations.ZeroMemory(seed);
        return keys;
    }
}
