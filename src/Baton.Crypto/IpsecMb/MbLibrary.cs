using System.Runtime.InteropServices;

namespace Baton.Crypto.IpsecMb;

/// <summary>Intel's ipsec-mb, if it is there, is of a version whose layout we know, and gives the known answers.</summary>
/// <remarks>
/// The entry points for AES-GCM differ by processor (SSE, AVX2, AVX-512, VAES) and live in the library's manager structure, where its header's macros
/// (<c>IMB_AES128_GCM_ENC</c>, ...) find them. The library exports no function that returns them, so we read them at the offsets of the header. Those are
/// the same in 1.3 (Debian 12) and 2.0 (Debian 13); another version is refused, a pointer that does not lie in the library is refused, and a wrong answer
/// is refused: OpenSSL then does the work. The direct calls keep no state in the manager: they may be made from any thread.
/// </remarks>
internal sealed unsafe partial class MbLibrary
{
    private const int ErrnoAt = 60;
    private const int Gcm128EncryptAt = 256;
    private const int Gcm256EncryptAt = 272;
    private const int Gcm128DecryptAt = 280;
    private const int Gcm256DecryptAt = 296;
    private const int Gcm128KeyAt = 448;
    private const int Gcm256KeyAt = 464;
    private const int ChaChaInitAt = 920;
    private const int ChaChaEncryptAt = 928;
    private const int ChaChaDecryptAt = 936;
    private const int ChaChaFinalizeAt = 944;

    private static readonly string[] Names = ["libIPSec_MB.so.2", "libIPSec_MB.so.1"];

    private MbLibrary(byte* manager, uint version)
    {
        Version = version;
        KeyDataLength = version >> 16 == 1 ? 1_024 : 1_280;  // sizeof(struct gcm_key_data) with its alignment of 64
        Gcm128 = new MbGcm.Shared(new MbGcmCalls(Pointer(manager, Gcm128KeyAt), Pointer(manager, Gcm128EncryptAt), Pointer(manager, Gcm128DecryptAt)), KeyDataLength);
        Gcm256 = new MbGcm.Shared(new MbGcmCalls(Pointer(manager, Gcm256KeyAt), Pointer(manager, Gcm256EncryptAt), Pointer(manager, Gcm256DecryptAt)), KeyDataLength);
        ChaCha = new MbChaChaCalls(
            Pointer(manager, ChaChaInitAt), Pointer(manager, ChaChaEncryptAt), Pointer(manager, ChaChaDecryptAt), Pointer(manager, ChaChaFinalizeAt));
    }

    /// <summary>Major, minor and patch, a byte each (imb_get_version).</summary>
    internal uint Version { get; }

    internal string VersionText => $"{Version >> 16}.{(Version >> 8) & 255}.{Version & 255}";

    /// <summary>Bytes of an expanded AES-GCM key with its powers of H; 64-byte aligned.</summary>
    internal int KeyDataLength { get; }

    internal MbGcm.Shared Gcm128 { get; }

    internal MbGcm.Shared Gcm256 { get; }

    internal MbChaChaCalls ChaCha { get; }

    /// <summary>Loads and checks. Null, with the reason, where it cannot be used.</summary>
    internal static MbLibrary? TryLoad(out string reason)
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            reason = "ipsec-mb is for x86-64";
            return null;
        }

        foreach (string name in Names)
        {
            if (NativeLibrary.TryLoad(name, out nint handle))
                return TryUse(handle, name, out reason);
        }

        reason = "ipsec-mb is not installed (Debian: libipsec-mb1 or libipsec-mb2)";
        return null;
    }

    /// <summary>The versions whose manager structure was compared with the offsets above.</summary>
    internal static bool IsKnown(uint version) => version >> 8 is 0x0103 or 0x0200;

    private static MbLibrary? TryUse(nint handle, string name, out string reason)
    {
        if (!NativeLibrary.TryGetExport(handle, "imb_get_version", out nint getVersion)
            || !NativeLibrary.TryGetExport(handle, "alloc_mb_mgr", out nint allocate)
            || !NativeLibrary.TryGetExport(handle, "init_mb_mgr_auto", out nint initialize))
        {
            reason = $"{name} lacks the calls that ipsec-mb has";
            return null;
        }

        uint version = ((delegate* unmanaged<uint>)getVersion)();
        if (!IsKnown(version))
        {
            reason = $"ipsec-mb {version >> 16}.{(version >> 8) & 255} is neither 1.3 nor 2.0";
            return null;
        }

        // One manager for the life of the process: the calls taken from it belong to the library, not to it.
        byte* manager = (byte*)((delegate* unmanaged<ulong, nint>)allocate)(0);
        if (manager is null)
        {
            reason = "ipsec-mb found no memory for its manager";
            return null;
        }

        ((delegate* unmanaged<byte*, int*, void>)initialize)(manager, null);
        if (*(int*)(manager + ErrnoAt) != 0)
        {
            reason = $"ipsec-mb does not support this processor (error {*(int*)(manager + ErrnoAt)})";
            return null;
        }

        foreach (int at in (ReadOnlySpan<int>)[
            Gcm128KeyAt, Gcm128EncryptAt, Gcm128DecryptAt, Gcm256KeyAt, Gcm256EncryptAt, Gcm256DecryptAt,
            ChaChaInitAt, ChaChaEncryptAt, ChaChaDecryptAt, ChaChaFinalizeAt])
        {
            if (!IsIn(Pointer(manager, at), getVersion))
            {
                reason = $"ipsec-mb's manager has no call of its own at offset {at}";
                return null;
            }
        }

        var library = new MbLibrary(manager, version);
        if (SelfTest.Failure(algorithm => library.Make(algorithm, SelfTest.Key(algorithm))) is { } failure)
        {
            reason = $"ipsec-mb {library.VersionText} failed its self-test: {failure}";
            return null;
        }

        reason = "";
        return library;
    }

    internal Aead Make(AeadAlgorithm algorithm, ReadOnlySpan<byte> key) => algorithm switch
    {
        AeadAlgorithm.Aes128Gcm => new MbGcm(Gcm128, key),
        AeadAlgorithm.Aes256Gcm => new MbGcm(Gcm256, key),
        _ => new MbChaCha(this, key),
    };

    private static nint Pointer(byte* manager, int at) => *(nint*)(manager + at);

    private static bool IsIn(nint call, nint anotherOfTheSame)
    {
        DynamicInfo one, other;
        return call != 0
            && FindAddress(call, &one) != 0
            && FindAddress(anotherOfTheSame, &other) != 0
            && one.Base == other.Base;
    }

    /// <remarks>man 3 dladdr: to which loaded object does an address belong? 0 for none.</remarks>
    [LibraryImport("libc", EntryPoint = "dladdr")]
    private static partial int FindAddress(nint address, DynamicInfo* info);

    private struct DynamicInfo
    {
        public nint FileName;
        public nint Base;
        public nint SymbolName;
        public nint SymbolAddress;
    }
}

/// <summary>aes_gcm_pre_*, aes_gcm_enc_*, aes_gcm_dec_* of this processor.</summary>
internal readonly record struct MbGcmCalls(nint ExpandKey, nint Encrypt, nint Decrypt);

/// <summary>chacha20_poly1305_init, _enc_update, _dec_update, _finalize of this processor.</summary>
internal readonly record struct MbChaChaCalls(nint Init, nint Encrypt, nint Decrypt, nint Finish);
