using Baton.Esp.Replay;
using CsCheck;

namespace Baton.Esp.Tests.Replay;

public sealed class ExtendedSequenceTests
{
    [Fact] // RFC 4303 A2.2: whatever the true number, within the window or ahead by less than 2^32 - W, it is inferred from its low half
    public void TheHighHalfIsInferred() =>
        Gen.Select(Gen.ULong[1, 1UL << 40], Gen.Long[-127, (1L << 32) - 129]).Sample((top, distance) =>
        {
            long sequence = (long)top + distance;
            if (sequence < 1)
                return;
            Assert.Equal((ulong)sequence, ExtendedSequence.Infer((uint)sequence, top, 128));
        });
}
