using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Baton.Crypto.IpsecMb;

/// <summary>Native memory of a key, aligned to a cache line, wiped when it is released.</summary>
internal sealed unsafe class KeySchedule : SafeHandle
{
    private const int Alignment = 64;

    private readonly int _length;

    internal KeySchedule(int lengthBytes)
        : base(0, ownsHandle: true)
    {
        _length = lengthBytes;
        SetHandle((nint)NativeMemory.AlignedAlloc((nuint)lengthBytes, Alignment));
    }

    public override bool IsInvalid => handle == 0;

    internal byte* Pointer => (byte*)handle;

    protected override bool ReleaseHandle()
    {
        CryptographicOperations.ZeroMemory(new Span<byte>((void*)handle, _length));
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}
