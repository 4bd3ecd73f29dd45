using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Baton.Crypto.OpenSsl;

namespace Baton.Crypto.Ike.Groups;

/// <summary>X25519 (RFC 7748) as RFC 8031 uses it.</summary>
internal sealed class Curve25519KeyExchange(ReadOnlySpan<byte> privateValue) : KeyExchange
{
    private const int Size = 32;

    private readonly SecretBytes _private = new(privateValue);
    private readonly Key _key = new(privateValue);      // made once: the library multiplies when it makes one
    private byte[]? _public;

    public override KeyExchangeGroup Group => KeyExchangeGroup.Curve25519;

    public override unsafe ReadOnlyMemory<byte> PublicValue
    {
        get
        {
            if (_public is null)
            {
                var value = new byte[Size];
                nuint length = Size;
                fixed (byte* bytes = value)
                    LibCrypto.Check(LibCrypto.EVP_PKEY_get_raw_public_key(_key.Pointer, bytes, &length));
                _public = value;
            }

            return _public;
        }
    }

    /// <remarks>A peer's value of small order gives zero: the exchange fails (RFC 8031 4). The library refuses it; the check here is ours.</remarks>
    public override unsafe bool TryAgree(ReadOnlySpan<byte> peerPublic, [NotNullWhen(true)] out SecretBytes? shared)
    {
        shared = null;
        if (peerPublic.Length != Size)
            return false;
        Span<byte> secret = stackalloc byte[Size];
        secret.Clear();
        nuint length = Size;
        nint peer = 0, context = 0;
        bool agreed;
        try
        {
            fixed (byte* p = peerPublic)
                peer = LibCrypto.NotNull(LibCrypto.EVP_PKEY_new_raw_public_key(LibCrypto.X25519, 0, p, Size));
            context = LibCrypto.NotNull(LibCrypto.EVP_PKEY_CTX_new(_key.Pointer, 0));
            LibCrypto.Check(LibCrypto.EVP_PKEY_derive_init(context));
            fixed (byte* s = secret)
            {
                agreed = LibCrypto.EVP_PKEY_derive_set_peer(context, peer) == 1
                    && LibCrypto.EVP_PKEY_derive(context, s, &length) == 1
                    && secret.ContainsAnyExcept((byte)0);
            }
        }
        finally
        {
            LibCrypto.EVP_PKEY_CTX_free(context);
            LibCrypto.EVP_PKEY_free(peer);
        }

        if (agreed)
            shared = new SecretBytes(secret);
        else
            LibCrypto.ERR_clear_error();
        CryptographicOperations.ZeroMemory(secret);
        return agreed;
    }

    public override SecretBytes ExportPrivate() => new(_private.Span);

    protected override void Dispose(bool disposing)
    {
        _key.Dispose();
        _private.Dispose();
    }

    /// <summary>Owns an EVP_PKEY; the library wipes it when it is freed.</summary>
    private sealed class Key : SafeHandle
    {
        internal unsafe Key(ReadOnlySpan<byte> privateValue)
            : base(0, ownsHandle: true)
        {
            fixed (byte* bytes = privateValue)
                SetHandle(LibCrypto.NotNull(LibCrypto.EVP_PKEY_new_raw_private_key(LibCrypto.X25519, 0, bytes, Size)));
        }

        public override bool IsInvalid => handle == 0;

        internal nint Pointer
        {
            get
            {
                ObjectDisposedException.ThrowIf(IsClosed, this);
                return handle;
            }
        }

        protected override bool ReleaseHandle()
        {
            LibCrypto.EVP_PKEY_free(handle);
            return true;
        }
    }
}
