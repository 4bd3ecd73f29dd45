using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Baton.Crypto.IpsecMb;

/// <summary>ChaCha20-Poly1305 (RFC 8439) by ipsec-mb: three calls a packet, no key schedule.</summary>
internal sealed unsafe class MbChaCha : Aead
{
    private readonly delegate* unmanaged[SuppressGCTransition]<byte*, Scratch*, byte*, byte*, ulong, void> _init;
    private readonly delegate* unmanaged[SuppressGCTransition]<byte*, Scratch*, byte*, byte*, ulong, void> _encrypt;
    private readonly delegate* unmanaged[SuppressGCTransition]<byte*, Scratch*, byte*, byte*, ulong, void> _decrypt;
    private readonly delegate* unmanaged[SuppressGCTransition]<Scratch*, byte*, ulong, void> _finish;

    private const int KeyBytes = 32;

    /// <summary>Null once disposed.</summary>
    private byte* _key;

    internal MbChaCha(MbLibrary library, ReadOnlySpan<byte> key)
    {
        _key = KeyMemory.Take(KeyBytes);
        key.CopyTo(new Span<byte>(_key, key.Length));
        _init = (delegate* unmanaged[SuppressGCTransition]<byte*, Scratch*, byte*, byte*, ulong, void>)library.ChaCha.Init;
        _encrypt = (delegate* unmanaged[SuppressGCTransition]<byte*, Scratch*, byte*, byte*, ulong, void>)library.ChaCha.Encrypt;
        _decrypt = (delegate* unmanaged[SuppressGCTransition]<byte*, Scratch*, byte*, byte*, ulong, void>)library.ChaCha.Decrypt;
        _finish = (delegate* unmanaged[SuppressGCTransition]<Scratch*, byte*, ulong, void>)library.ChaCha.Finish;
    }

    [SkipLocalsInit]
    public override void Seal(byte* nonce, byte* associated, int associatedLength, byte* text, int textLength, byte* tag)
    {
        Scratch scratch;
        ObjectDisposedException.ThrowIf(_key is null, this);
        _init(_key, &scratch, nonce, associated, (uint)associatedLength);
        _encrypt(_key, &scratch, text, text, (uint)textLength);
        _finish(&scratch, tag, TagLength);
        GC.KeepAlive(this);
    }

    [SkipLocalsInit]
    public override bool Open(byte* nonce, byte* associated, int associatedLength, byte* text, int textLength, byte* tag)
    {
        Scratch scratch;
        Vector128<byte> expected;
        ObjectDisposedException.ThrowIf(_key is null, this);
        _init(_key, &scratch, nonce, associated, (uint)associatedLength);
        _decrypt(_key, &scratch, text, text, (uint)textLength);
        _finish(&scratch, (byte*)&expected, TagLength);
        GC.KeepAlive(this);
        return expected == Vector128.Load(tag);
    }

    ~MbChaCha() => Dispose(false);

    protected override void Dispose(bool disposing)
    {
        if (_key is not null)
            KeyMemory.GiveBack(_key, KeyBytes);
        _key = null;
    }

    /// <summary>struct chacha20_poly1305_context_data: 192 bytes that live during the packet.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 256)]
    private struct Scratch
    {
        private ulong _first;
    }
}
