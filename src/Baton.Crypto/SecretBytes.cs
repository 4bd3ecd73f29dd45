using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Baton.Crypto;

/// <summary>A key in memory that the collector does not copy: zeroed on release, never printed, compared in fixed time.</summary>
public sealed class SecretBytes : SafeHandle
{
    public SecretBytes(ReadOnlySpan<byte> bytes)
        : base(0, ownsHandle: true)
    {
        Length = bytes.Length;
        unsafe
        {
            SetHandle((nint)NativeMemory.Alloc((nuint)Math.Max(1, Length)));
            bytes.CopyTo(new Span<byte>((void*)handle, Length));
        }
    }

    public int Length { get; }

    public override bool IsInvalid => handle == 0;

    /// <summary>Valid until <see cref="SafeHandle.Dispose()"/>; do not keep it.</summary>
    public unsafe ReadOnlySpan<byte> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return new ReadOnlySpan<byte>((void*)handle, Length);
        }
    }

    public bool FixedTimeEquals(ReadOnlySpan<byte> other) => CryptographicOperations.FixedTimeEquals(Span, other);

    public override string ToString() => "(secret)";

    protected override unsafe bool ReleaseHandle()
    {
        CryptographicOperations.ZeroMemory(new Span<byte>((void*)handle, Length));
        NativeMemory.Free((void*)handle);
        return true;
    }
}
