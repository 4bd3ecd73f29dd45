using System.Runtime.InteropServices;
using Baton.Srtp;

namespace Baton.Interop.Srtp;

/// <summary>A session of libsrtp 2 with one stream, for one direction (Debian: libsrtp2-1; the library that baresip and others speak SRTP with).</summary>
internal sealed unsafe partial class Libsrtp : IDisposable
{
    public const int ReplayFailed = 9;

    public const int AuthenticationFailed = 7;

    private const string Library = "libsrtp2.so.1";

    private static readonly Lazy<bool> Started = new(() => NativeLibrary.TryLoad(Library, out _) && Init() == 0);

    private readonly nint _session;

    /// <param name="rollover">Where the stream stands; libsrtp does not say it before the first packet.</param>
    public Libsrtp(SrtpSuite suite, ReadOnlySpan<byte> keyAndSalt, uint ssrc, uint rollover = 0, bool encryptedRtcp = true)
    {
        // srtp_create copies the key.
        fixed (byte* key = keyAndSalt)
        {
            var policy = new Policy { SsrcType = 1, Ssrc = ssrc, Key = key, WindowSize = 128 };
            SetPolicy(suite, &policy.Rtp);
            SetPolicy(suite is SrtpSuite.AesCm128Tag32 ? SrtpSuite.AesCm128Tag80 : suite is SrtpSuite.AesCm256Tag32 ? SrtpSuite.AesCm256Tag80 : suite, &policy.Rtcp);
            if (!encryptedRtcp)
                policy.Rtcp.Services = 2;
            Expect(Create(out _session, &policy));
        }

        if (rollover > 0)
            Expect(SetRollover(_session, ssrc, rollover));
    }

    public static bool IsThere => Started.Value;

    public byte[] Seal(ReadOnlySpan<byte> packet, SrtpHalf half)
    {
        byte[] buffer = new byte[packet.Length + 64];
        packet.CopyTo(buffer);
        int length = packet.Length;
        fixed (byte* bytes = buffer)
            Expect(half == SrtpHalf.Rtp ? Protect(_session, bytes, ref length) : ProtectRtcp(_session, bytes, ref length));
        return buffer[..length];
    }

    /// <returns>srtp_err_status_t: 0 is right.</returns>
    public int Open(ReadOnlySpan<byte> packet, SrtpHalf half, out byte[] opened)
    {
        byte[] buffer = packet.ToArray();
        int length = buffer.Length;
        int status;
        fixed (byte* bytes = buffer)
            status = half == SrtpHalf.Rtp ? Unprotect(_session, bytes, ref length) : UnprotectRtcp(_session, bytes, ref length);
        opened = status == 0 ? buffer[..length] : [];
        return status;
    }

    public void Dispose() => Expect(Deallocate(_session));

    private static void SetPolicy(SrtpSuite suite, CryptoPolicy* policy)
    {
        switch (suite)
        {
            case SrtpSuite.AesCm128Tag80: SetCm128Tag80(policy); break;
            case SrtpSuite.AesCm128Tag32: SetCm128Tag32(policy); break;
            case SrtpSuite.AesCm256Tag80: SetCm256Tag80(policy); break;
            case SrtpSuite.AesCm256Tag32: SetCm256Tag32(policy); break;
            case SrtpSuite.AesGcm128: SetGcm128(policy); break;
            default: SetGcm256(policy); break;
        }
    }

    private static void Expect(int status) => Assert.True(status == 0, $"libsrtp answers {status}");

    /// <summary>srtp_crypto_policy_t of srtp.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct CryptoPolicy
    {
        public int Cipher, KeyLength, Authentication, AuthenticationKeyLength, TagLength, Services;
    }

    /// <summary>srtp_policy_t of srtp.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Policy
    {
        public int SsrcType;
        public uint Ssrc;
        public CryptoPolicy Rtp, Rtcp;
        public byte* Key;
        public void** Keys;
        public nuint KeyCount;
        public void* Ekt;
        public nuint WindowSize;
        public int AllowsRepeats;
        public int* EncryptedExtensions;
        public int EncryptedExtensionCount;
        public Policy* Next;
    }

    [LibraryImport(Library, EntryPoint = "srtp_init")]
    private static partial int Init();

    [LibraryImport(Library, EntryPoint = "srtp_create")]
    private static partial int Create(out nint session, Policy* policy);

    [LibraryImport(Library, EntryPoint = "srtp_dealloc")]
    private static partial int Deallocate(nint session);

    [LibraryImport(Library, EntryPoint = "srtp_set_stream_roc")]
    private static partial int SetRollover(nint session, uint ssrc, uint rollover);

    [LibraryImport(Library, EntryPoint = "srtp_protect")]
    private static partial int Protect(nint session, byte* packet, ref int length);

    [LibraryImport(Library, EntryPoint = "srtp_unprotect")]
    private static partial int Unprotect(nint session, byte* packet, ref int length);

    [LibraryImport(Library, EntryPoint = "srtp_protect_rtcp")]
    private static partial int ProtectRtcp(nint session, byte* packet, ref int length);

    [LibraryImport(Library, EntryPoint = "srtp_unprotect_rtcp")]
    private static partial int UnprotectRtcp(nint session, byte* packet, ref int length);

    [LibraryImport(Library, EntryPoint = "srtp_crypto_policy_set_rtp_default")]
    private static partial void SetCm128Tag80(CryptoPolicy* policy);

    [LibraryImport(Library, EntryPoint = "srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32")]
    private static partial void SetCm128Tag32(CryptoPolicy* policy);

    [LibraryImport(Library, EntryPoint = "srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80")]
    private static partial void SetCm256Tag80(CryptoPolicy* policy);

    [LibraryImport(Library, EntryPoint = "srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32")]
    private static partial void SetCm256Tag32(CryptoPolicy* policy);

    [LibraryImport(Library, EntryPoint = "srtp_crypto_policy_set_aes_gcm_128_16_auth")]
    private static partial void SetGcm128(CryptoPolicy* policy);

    [LibraryImport(Library, EntryPoint = "srtp_crypto_policy_set_aes_gcm_256_16_auth")]
    private static partial void SetGcm256(CryptoPolicy* policy);
}
