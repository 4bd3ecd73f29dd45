using System.Runtime.InteropServices;

namespace Baton.Crypto.OpenSsl;

/// <summary>The few calls of OpenSSL's libcrypto that we make: contexts are made once a key and reused a packet.</summary>
/// <remarks>man 3 EVP_EncryptInit, man 3 HMAC. Version 3 of the library, which the .NET runtime itself loads on Debian 12 and later.</remarks>
internal static unsafe partial class LibCrypto
{
    private const string Library = "libcrypto.so.3";

    internal const int SetIvLength = 0x9;
    internal const int GetTag = 0x10;
    internal const int SetTag = 0x11;

    /// <remarks>man 3 OpenSSL_version: 6 is OPENSSL_FULL_VERSION_STRING.</remarks>
    [LibraryImport(Library)]
    private static partial nint OpenSSL_version(int part);

    internal static string VersionText => Marshal.PtrToStringUTF8(OpenSSL_version(6)) ?? "3";

    [LibraryImport(Library)]
    internal static partial nint EVP_CIPHER_CTX_new();

    [LibraryImport(Library)]
    internal static partial void EVP_CIPHER_CTX_free(nint context);

    /// <remarks>man 3 EVP_CIPHER_fetch: a fetched cipher spares the implicit fetch of each init.</remarks>
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint EVP_CIPHER_fetch(nint libraryContext, string algorithm, nint properties);

    /// <remarks>A negative <paramref name="encrypt"/> keeps the direction; a null key or cipher keeps the one that is set.</remarks>
    [LibraryImport(Library)]
    internal static partial int EVP_CipherInit_ex(nint context, nint cipher, nint engine, byte* key, byte* iv, int encrypt);

    [LibraryImport(Library)]
    internal static partial int EVP_CipherUpdate(nint context, byte* output, int* written, byte* input, int length);

    [LibraryImport(Library)]
    internal static partial int EVP_CipherFinal_ex(nint context, byte* output, int* written);

    [LibraryImport(Library)]
    internal static partial int EVP_CIPHER_CTX_ctrl(nint context, int type, int argument, byte* pointer);

    [LibraryImport(Library)]
    internal static partial int EVP_CIPHER_CTX_set_padding(nint context, int padding);

    [LibraryImport(Library)]
    internal static partial nint EVP_sha256();

    [LibraryImport(Library)]
    internal static partial nint HMAC_CTX_new();

    [LibraryImport(Library)]
    internal static partial void HMAC_CTX_free(nint context);

    /// <remarks>With a null key and digest it starts anew under the same key.</remarks>
    [LibraryImport(Library)]
    internal static partial int HMAC_Init_ex(nint context, byte* key, int keyLength, nint digest, nint engine);

    [LibraryImport(Library)]
    internal static partial int HMAC_Update(nint context, byte* data, nuint length);

    [LibraryImport(Library)]
    internal static partial int HMAC_Final(nint context, byte* mac, uint* length);

    /// <summary>A call that cannot fail with our arguments did: a bug or no memory. Never the network's doing.</summary>
    internal static void Check(int result)
    {
        if (result != 1)
            throw new InvalidOperationException("OpenSSL refused a call whose arguments are ours.");
    }
}

/// <summary>Owns an EVP_CIPHER_CTX; the library wipes the key when it is freed.</summary>
internal sealed class CipherContext : SafeHandle
{
    public CipherContext(nint cipher, ReadOnlySpan<byte> key, bool encrypt, int ivLength)
        : base(0, ownsHandle: true)
    {
        SetHandle(LibCrypto.EVP_CIPHER_CTX_new());
        if (IsInvalid)
            throw new InvalidOperationException("OpenSSL could not make a cipher context.");
        unsafe
        {
            LibCrypto.Check(LibCrypto.EVP_CipherInit_ex(handle, cipher, 0, null, null, encrypt ? 1 : 0));
            if (ivLength > 0)
                LibCrypto.Check(LibCrypto.EVP_CIPHER_CTX_ctrl(handle, LibCrypto.SetIvLength, ivLength, null));
            fixed (byte* k = key)
                LibCrypto.Check(LibCrypto.EVP_CipherInit_ex(handle, 0, 0, k, null, -1));
        }
    }

    public override bool IsInvalid => handle == 0;

    public nint Pointer => handle;

    protected override bool ReleaseHandle()
    {
        LibCrypto.EVP_CIPHER_CTX_free(handle);
        return true;
    }
}

/// <summary>Owns an HMAC_CTX.</summary>
internal sealed class HmacContext : SafeHandle
{
    public HmacContext(ReadOnlySpan<byte> key)
        : base(0, ownsHandle: true)
    {
        SetHandle(LibCrypto.HMAC_CTX_new());
        if (IsInvalid)
            throw new InvalidOperationException("OpenSSL could not make an HMAC context.");
        unsafe
        {
            fixed (byte* k = key)
                LibCrypto.Check(LibCrypto.HMAC_Init_ex(handle, k, key.Length, LibCrypto.EVP_sha256(), 0));
        }
    }

    public override bool IsInvalid => handle == 0;

    public nint Pointer => handle;

    protected override bool ReleaseHandle()
    {
        LibCrypto.HMAC_CTX_free(handle);
        return true;
    }
}
