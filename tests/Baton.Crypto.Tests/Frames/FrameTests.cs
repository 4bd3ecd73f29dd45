using System.Buffers.Binary;
using Baton.Crypto.Frames;
using Baton.Wire;

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
        Assert.Equal(FrameVerdict.Opened, opener.Open(frame.AsSpan(0, length), default, out Span<byte> text, out ulong sender));
        Assert.Equal("hello"u8, text);
        Assert.Equal(42UL, sender);
        Assert.Equal(FrameVerdict.Replayed, opener.Open(again, default, out _, out _));
    }

    [Fact]
    public void RefusesOtherLabelsKeysAndChangedBytes()
    {
        using var sealer = new FrameSealer(Key, 1, "test", 42);
        byte[] frame = new byte[100];
        frame = frame[..sealer.Seal("hello"u8, frame)];
        using var otherLabel = new FrameOpener(Key, 1, "text");
        Assert.Equal(FrameVerdict.Forged, otherLabel.Open([.. frame], default, out _, out _));
        using var otherKey = new FrameOpener(new byte[32], 1, "test");
        Assert.Equal(FrameVerdict.Forged, otherKey.Open([.. frame], default, out _, out _));
        using var otherId = new FrameOpener(Key, 2, "test");
        Assert.Equal(FrameVerdict.UnknownKey, otherId.Open([.. frame], default, out _, out _));
        using var opener = new FrameOpener(Key, 1, "test");
        for (int i = 0; i < frame.Length; i++)
        {
            byte[] changed = [.. frame];
            changed[i] ^= 0x10;
            Assert.NotEqual(FrameVerdict.Opened, opener.Open(changed, default, out _, out _));
            Assert.NotEqual(FrameVerdict.Opened, opener.Open(frame.AsSpan(0, i).ToArray(), default, out _, out _));
        }

        Assert.Equal(FrameVerdict.Opened, opener.Open(frame, default, out _, out _));
    }

    [Fact]
    public void ReorderedFramesOpenWithinTheWindowAndEachOnce()
    {
        using var sealer = new FrameSealer(Key, 1, "test", 7);
        using var opener = new FrameOpener(Key, 1, "test");
        byte[][] frames = [.. Enumerable.Range(0, 200).Select(_ => { byte[] f = new byte[64]; return f.AsSpan(0, sealer.Seal("x"u8, f)).ToArray(); })];
        Assert.Equal(FrameVerdict.Opened, opener.Open([.. frames[199]], default, out _, out _));
        Assert.Equal(FrameVerdict.Opened, opener.Open([.. frames[136]], default, out _, out _));
        Assert.Equal(FrameVerdict.Replayed, opener.Open([.. frames[136]], default, out _, out _));
        Assert.Equal(FrameVerdict.Replayed, opener.Open([.. frames[135]], default, out _, out _));
    }

    [Fact]
    public void NothingIsAllocatedOnceASenderIsKnown()
    {
        using var sealer = new FrameSealer(Key, 1, "test", 7);
        using var opener = new FrameOpener(Key, 1, "test");
        byte[] frame = new byte[64];
        for (int i = 0; i < 50; i++)
            _ = opener.Open(frame.AsSpan(0, sealer.Seal("x"u8, frame)), default, out _, out _);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000; i++)
            _ = opener.Open(frame.AsSpan(0, sealer.Seal("x"u8, frame)), default, out _, out _);
        Assert.Equal(0L, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void AFloodOfStrangersCostsNoMoreThanItsBudget()
    {
        using var friend = new FrameSealer(Key, 1, "test", 7);
        using var opener = new FrameOpener(Key, 1, "test");
        byte[] frame = new byte[64];
        Assert.Equal(FrameVerdict.Opened, Meet(opener, friend, frame, 0));

        int forged = 0;
        for (int i = 0; i < 100_000; i++)
            forged += Forge(opener, (ulong)i, i / 100) == FrameVerdict.Forged ? 1 : 0;  // a second of 100 frames a millisecond
        Assert.InRange(forged, FrameOpener.StrangersPerSecond, FrameOpener.StrangersPerSecond + FrameOpener.StrangersAtOnce);

        // Who is known is heard all the time, and the flood's other frames leave nothing behind.
        Assert.Equal(FrameVerdict.Opened, Meet(opener, friend, frame, 999));
        Assert.Equal(FrameVerdict.TooManyStrangers, Forge(opener, 1, 999));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000; i++)
            Assert.True(Forge(opener, (ulong)i, 999) == FrameVerdict.TooManyStrangers);
        Assert.Equal(0L, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void AnHonestStrangerGetsThroughTheFloodAsItsFramesRepeat()
    {
        using var stranger = new FrameSealer(Key, 1, "test", 9);
        using var opener = new FrameOpener(Key, 1, "test");
        byte[] frame = new byte[64];
        var random = new Random(3);
        int at = 0;
        for (; at < 10_000; at++)
        {
            int its = at % 10 == 0 ? random.Next(20) : -1;  // it speaks every 10 ms, somewhere among 20 forged ones a millisecond
            bool through = false;
            for (int i = 0; i < 20; i++)
            {
                through |= i == its && Meet(opener, stranger, frame, at) == FrameVerdict.Opened;
                Forge(opener, (ulong)(1_000 + (at * 20) + i), at);
            }

            if (through)
                break;
        }

        Assert.InRange(at, 0, 9_999);
        Assert.Equal(FrameVerdict.Opened, Meet(opener, stranger, frame, at));
    }

    [Fact]
    public void ACounterThatNoSealerWritesIsForgedBeforeAnyKeyIsDerived()
    {
        using var opener = new FrameOpener(Key, 1, "test");
        for (int i = 0; i < 1_000; i++)
            Assert.Equal(FrameVerdict.Forged, Forge(opener, (ulong)i, 0, counter: 0));
    }

    private static FrameVerdict Meet(FrameOpener opener, FrameSealer sealer, byte[] frame, int milliseconds) =>
        opener.Open(frame.AsSpan(0, sealer.Seal("x"u8, frame)), Instant.FromMilliseconds(milliseconds), out _, out _);

    private static FrameVerdict Forge(FrameOpener opener, ulong sender, int milliseconds, ulong counter = 5)
    {
        Span<byte> frame = stackalloc byte[40];
        frame.Clear();
        (frame[0], frame[1]) = (0xB7, 1);
        BinaryPrimitives.WriteUInt64BigEndian(frame[2..], sender + 100);
        BinaryPrimitives.WriteUInt64BigEndian(frame[10..], counter);
        return opener.Open(frame, Instant.FromMilliseconds(milliseconds), out _, out _);
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
