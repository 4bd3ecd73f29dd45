using Baton.Crypto.Frames;

namespace Baton.Crypto.Tests.Frames;

public sealed class FrameTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    [Fact]
    public void OpensWhatWasSealedOnce()
    {
        using var sealer = new FrameSealer(Key, 1, "test", 42);
        using var opener = new FrameOpener(Key, 1, "test");
        byte[] frame = new byte[100];
        int length = sealer.Seal("hello"u8, frame);
        byte[] again = frame[..length];
        Assert.Equal(FrameVerdict.Opened, opener.Open(frame.AsSpan(0, length), out Span<byte> text, out ulong sender));
        Assert.Equal("hello"u8, text);
        Assert.Equal(42UL, sender);
        Assert.Equal(FrameVerdict.Replayed, opener.Open(again, out _, out _));
    }

    [Fact]
    public void RefusesOtherLabelsKeysAndChangedBytes()
    {
        using var sealer = new FrameSealer(Key, 1, "test", 42);
        byte[] frame = new byte[100];
        frame = frame[..sealer.Seal("hello"u8, frame)];
        using var otherLabel = new FrameOpener(Key, 1, "text");
        Assert.Equal(FrameVerdict.Forged, otherLabel.Open([.. frame], out _, out _));
        using var otherKey = new FrameOpener(new byte[32], 1, "test");
        Assert.Equal(FrameVerdict.Forged, otherKey.Open([.. frame], out _, out _));
        using var otherId = new FrameOpener(Key, 2, "test");
        Assert.Equal(FrameVerdict.UnknownKey, otherId.Open([.. frame], out _, out _));
        using var opener = new FrameOpener(Key, 1, "test");
        for (int i = 0; i < frame.Length; i++)
        {
            byte[] changed = [.. frame];
            changed[i] ^= 0x10;
            Assert.NotEqual(FrameVerdict.Opened, opener.Open(changed, out _, out _));
            Assert.NotEqual(FrameVerdict.Opened, opener.Open(frame.AsSpan(0, i).ToArray(), out _, out _));
        }

        Assert.Equal(FrameVerdict.Opened, opener.Open(frame, out _, out _));
    }

    [Fact]
    public void ReorderedFramesOpenWithinTheWindowAndEachOnce()
    {
        using var sealer = new FrameSealer(Key, 1, "test", 7);
        using var opener = new FrameOpener(Key, 1, "test");
        byte[][] frames = [.. Enumerable.Range(0, 200).Select(_ => { byte[] f = new byte[64]; return f.AsSpan(0, sealer.Seal("x"u8, f)).ToArray(); })];
        Assert.Equal(FrameVerdict.Opened, opener.Open([.. frames[199]], out _, out _));
        Assert.Equal(FrameVerdict.Opened, opener.Open([.. frames[136]], out _, out _));
        Assert.Equal(FrameVerdict.Replayed, opener.Open([.. frames[136]], out _, out _));
        Assert.Equal(FrameVerdict.Replayed, opener.Open([.. frames[135]], out _, out _));
    }

    [Fact]
    public void NothingIsAllocatedOnceASenderIsKnown()
    {
        using var sealer = new FrameSealer(Key, 1, "test", 7);
        using var opener = new FrameOpener(Key, 1, "test");
        byte[] frame = new byte[64];
        for (int i = 0; i < 50; i++)
            _ = opener.Open(frame.AsSpan(0, sealer.Seal("x"u8, frame)), out _, out _);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000; i++)
            _ = opener.Open(frame.AsSpan(0, sealer.Seal("x"u8, frame)), out _, out _);
        Assert.Equal(0L, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void SecretsAreNotPrinted()
    {
        using var secret = new SecretBytes(Key);
        Assert.Equal("(secret)", secret.ToString());
        Assert.True(secret.FixedTimeEquals(Key));
        Assert.False(secret.FixedTimeEquals(new byte[32]));
        secret.Dispose();
        Assert.Throws<ObjectDisposedException>(() => secret.Span.Length);
    }
}
