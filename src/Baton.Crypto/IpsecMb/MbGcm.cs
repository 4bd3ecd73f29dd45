using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Baton.Wire;

namespace Baton.Crypto.IpsecMb;

/// <summary>AES-GCM by ipsec-mb: one call a packet, the expanded key in memory of its own.</summary>
/// <remarks>The calls take far less than a microsecond, never block and never call back: they need no transition of the garbage collector.
/// Cost against the bare call: bench/run-esp.</remarks>
internal sealed unsafe class MbGcm : Aead
{
    private readonly Shared _shared;

    /// <summary>What all keys of one length have in common, once: an SA's cipher is its key and little more.</summary>
    internal sealed class Shared(MbGcmCalls calls, int keyLength)
    {
        public readonly MbGcmCalls Calls = calls;
        public readonly int KeyLength = keyLength;
    }

    /// <summary>Null once disposed.</summary>
    private byte* _key;

    internal MbGcm(Shared shared, ReadOnlySpan<byte> key)
    {
        _shared = shared;
        _key = KeyMemory.Take(shared.KeyLength);
        fixed (byte* k = key)
            ((delegate* unmanaged<byte*, byte*, void>)shared.Calls.ExpandKey)(k, _key);
    }

    /// <remarks>struct gcm_key_data: 15 round keys, then powers of the hash key, the lower ones, which short packets need, at its end.</remarks>
    public override void Fetch(int textLength)
    {
        const int rounds = 192;
        int powers = _shared.KeyLength - 16;
        int used = Math.Min((((textLength + 15) / 16) + 2) * 16, powers - rounds);
        CacheLines.Fetch(_key, rounds);
        CacheLines.Fetch(_key + powers - used, used);
    }

    /// <summary>For the benchmark of the bare calls.</summary>
    internal byte* KeyPointer => _key;

    internal nint EncryptCall => _shared.Calls.Encrypt;

    internal nint DecryptCall => _shared.Calls.Decrypt;

    [SkipLocalsInit]
    public override void Seal(byte* nonce, byte* associated, int associatedLength, byte* text, int textLength, byte* tag)
    {
        Scratch scratch;
        ObjectDisposedException.ThrowIf(_key is null, this);
        ((delegate* unmanaged[SuppressGCTransition]<byte*, Scratch*, byte*, byte*, ulong, byte*, byte*, ulong, byte*, ulong, void>)_shared.Calls.Encrypt)(
            _key, &scratch, text, text, (uint)textLength, nonce, associated, (uint)associatedLength, tag, TagLength);
        GC.KeepAlive(this);
    }

    [SkipLocalsInit]
    public override bool Open(byte* nonce, byte* associated, int associatedLength, byte* text, int textLength, byte* tag)
    {
        Scratch scratch;
        Vector128<byte> expected;
        ObjectDisposedException.ThrowIf(_key is null, this);
        ((delegate* unmanaged[SuppressGCTransition]<byte*, Scratch*, byte*, byte*, ulong, byte*, byte*, ulong, byte*, ulong, void>)_shared.Calls.Decrypt)(
            _key, &scratch, text, text, (uint)textLength, nonce, associated, (uint)associatedLength, (byte*)&expected, TagLength);
        GC.KeepAlive(this);

        // All 16 bytes at once: the time does not tell how many were right.
        return expected == Vector128.Load(tag);
    }

    ~MbGcm() => Dispose(false);

    protected override void Dispose(bool disposing)
    {
        if (_key is not null)
            KeyMemory.GiveBack(_key, _shared.KeyLength);
        _key = null;
    }

    /// <summary>struct gcm_context_data: 88 bytes that live during the call.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 96)]
    private struct Scratch
    {
        private ulong _first;
    }
}
