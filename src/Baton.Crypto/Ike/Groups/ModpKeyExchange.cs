using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Baton.Crypto.OpenSsl;

namespace Baton.Crypto.Ike.Groups;

/// <summary>Diffie-Hellman modulo a safe prime (RFC 3526), generator 2: one modular exponentiation of the library, in constant time.</summary>
/// <remarks>Only the range of a peer's value is checked: RFC 6989 2.1 asks no more where the prime is safe and the private value is used once.</remarks>
internal sealed class ModpKeyExchange(KeyExchangeGroup group, ReadOnlySpan<byte> privateValue) : KeyExchange
{
    private static readonly Modulus Modulus2048 = new(LibCrypto.BN_get_rfc3526_prime_2048(0));
    private static readonly Modulus Modulus3072 = new(LibCrypto.BN_get_rfc3526_prime_3072(0));

    private readonly SecretBytes _private = new(privateValue);
    private byte[]? _public;

    public override KeyExchangeGroup Group => group;

    public override ReadOnlyMemory<byte> PublicValue
    {
        get
        {
            if (_public is null)
            {
                var value = new byte[KeyExchangeGroups.PublicValueLength(group)];
                Raise([2], value, checkRange: false);
                _public = value;
            }

            return _public;
        }
    }

    public override bool TryAgree(ReadOnlySpan<byte> peerPublic, [NotNullWhen(true)] out SecretBytes? shared)
    {
        shared = null;
        if (peerPublic.Length != KeyExchangeGroups.PublicValueLength(group))
            return false;
        Span<byte> value = stackalloc byte[peerPublic.Length];
        if (!Raise(peerPublic, value, checkRange: true))
            return false;
        shared = new SecretBytes(value);
        CryptographicOperations.ZeroMemory(value);
        return true;
    }

    public override SecretBytes ExportPrivate() => new(_private.Span);

    protected override void Dispose(bool disposing) => _private.Dispose();

    /// <summary>base^private mod p. With <paramref name="checkRange"/> false unless 1 &lt; base &lt; p-1 (RFC 6989 2.1).</summary>
    private unsafe bool Raise(ReadOnlySpan<byte> @base, Span<byte> result, bool checkRange)
    {
        Modulus modulus = group == KeyExchangeGroup.Modp2048 ? Modulus2048 : Modulus3072;
        nint context = 0, b = 0, x = 0, r = 0;
        try
        {
            context = LibCrypto.NotNull(LibCrypto.BN_CTX_new());
            fixed (byte* bytes = @base)
                b = LibCrypto.NotNull(LibCrypto.BN_bin2bn(bytes, @base.Length, 0));
            if (checkRange && (LibCrypto.BN_is_zero(b) == 1 || LibCrypto.BN_is_one(b) == 1 || LibCrypto.BN_cmp(b, modulus.MinusOne) >= 0))
                return false;
            fixed (byte* bytes = _private.Span)
                x = LibCrypto.NotNull(LibCrypto.BN_bin2bn(bytes, _private.Length, 0));
            LibCrypto.BN_set_flags(x, LibCrypto.ConstantTime);
            r = LibCrypto.NotNull(LibCrypto.BN_new());
            LibCrypto.Check(LibCrypto.BN_mod_exp_mont_consttime(r, b, x, modulus.Prime, context, modulus.Montgomery));
            fixed (byte* bytes = result)
                LibCrypto.Check(LibCrypto.BN_bn2binpad(r, bytes, result.Length) == result.Length ? 1 : 0);
            return true;
        }
        finally
        {
            LibCrypto.BN_clear_free(b);
            LibCrypto.BN_clear_free(x);
            LibCrypto.BN_clear_free(r);
            LibCrypto.BN_CTX_free(context);
        }
    }

    /// <summary>A prime with what the library computes once from it. Lives as long as the process; only read.</summary>
    private sealed class Modulus
    {
        internal Modulus(nint prime)
        {
            Prime = LibCrypto.NotNull(prime);
            MinusOne = LibCrypto.NotNull(LibCrypto.BN_dup(prime));
            LibCrypto.Check(LibCrypto.BN_sub_word(MinusOne, 1));
            Montgomery = LibCrypto.NotNull(LibCrypto.BN_MONT_CTX_new());
            nint context = LibCrypto.NotNull(LibCrypto.BN_CTX_new());
            LibCrypto.Check(LibCrypto.BN_MONT_CTX_set(Montgomery, prime, context));
            LibCrypto.BN_CTX_free(context);
        }

        internal nint Prime { get; }

        internal nint MinusOne { get; }

        internal nint Montgomery { get; }
    }
}
