using Baton.Crypto;
using CsCheck;

namespace Baton.Esp.Tests;

/// <summary>A batch does to each packet what the single calls do, whatever the library.</summary>
public sealed class EspBatchTests
{
    public static TheoryData<EspSuite, bool, CipherLibrary> Everything()
    {
        var data = new TheoryData<EspSuite, bool, CipherLibrary>();
        foreach (EspSuite suite in Enum.GetValues<EspSuite>())
        {
            foreach (CipherLibrary library in Enum.GetValues<CipherLibrary>())
            {
                data.Add(suite, true, library);
                data.Add(suite, false, library);
            }
        }

        return data;
    }

    /// <summary>In place and copied, contiguous and apart: the bytes are those of the single call by OpenSSL.</summary>
    [Theory, MemberData(nameof(Everything))]
    public void SealsAsTheSingleCallDoes(EspSuite suite, bool extended, CipherLibrary library)
    {
        Skip(library);
        using OutboundSa batch = Outbound(suite, extended, library), single = Outbound(suite, extended, CipherLibrary.OpenSsl);
        Gen.Select(Gen.Int[0, 300].Array[0, 12], Gen.UInt, Gen.Bool).Sample(
            (lengths, first, inPlace) =>
            {
                ulong number = extended ? first + (7UL << 30) : (first >> 1) + 1;
                var items = new EspSealItem[lengths.Length];
                for (int i = 0; i < items.Length; i++)
                    items[i] = new EspSealItem { PayloadLength = lengths[i], NextHeader = (byte)(i % 2 == 0 ? 4 : 41) };
                byte[] buffer = new byte[16_000];
                int end = EspBatch.LayOut(items, suite, start: 5);
                Assert.Equal(5 + lengths.Sum(length => suite.SealedLength(length)), end);
                int apart = 8_000;
                for (int i = 0; i < items.Length; i++)
                {
                    if (!inPlace)
                        items[i].PayloadAt = apart;
                    Payload(i, lengths[i]).CopyTo(buffer, items[i].PayloadAt);
                    apart += lengths[i];
                }

                Assert.Equal(items.Length, batch.Seal(buffer, items, number));
                for (int i = 0; i < items.Length; i++)
                {
                    byte[] expected = new byte[1_000];
                    expected = expected[..single.Seal(Payload(i, lengths[i]), items[i].NextHeader, number + (ulong)i, expected)];
                    Assert.Equal(EspVerdict.Delivered, items[i].Verdict);
                    Assert.Equal(expected, buffer[items[i].PacketAt..(items[i].PacketAt + items[i].PacketLength)]);
                }

                // Nothing behind the last packet was touched.
                Assert.True(buffer.AsSpan(end, 8_000 - end).IndexOfAnyExcept((byte)0) < 0);
            },
            iter: 40,
            threads: 1);  // an SA has one owner
    }

    /// <summary>Good, replayed, doubled in the batch, forged, cut, above the ceiling: each has its verdict, and only the good ones mark.</summary>
    [Theory, MemberData(nameof(Everything))]
    public void OpensEachToItsVerdict(EspSuite suite, bool extended, CipherLibrary library)
    {
        Skip(library);
        using OutboundSa seal = Outbound(suite, extended, library);
        using InboundSa open = Inbound(suite, extended, library);
        byte[] buffer = new byte[10_000];
        var items = new List<EspOpenItem>();
        int at = 0;
        Add(1, 4);
        Add(2, 41);
        Add(2, 41);
        Add(3, 59);
        Add(4, 4, forged: true);
        Add(4, 4);
        Add(5, 4, cut: 1);
        Add(101, 4);
        items.Add(new EspOpenItem { PacketAt = buffer.Length - 10, PacketLength = 20 });
        items.Add(new EspOpenItem { PacketAt = -1, PacketLength = 20 });
        items.Add(new EspOpenItem { PacketAt = int.MaxValue, PacketLength = int.MaxValue });
        byte[] held = buffer[items[7].PacketAt..(items[7].PacketAt + items[7].PacketLength)];

        EspOpenItem[] batch = [.. items];
        Assert.Equal(3, open.Open(buffer, batch, ceiling: 100));
        Assert.Equal(
            [EspVerdict.Delivered, EspVerdict.Delivered, EspVerdict.Replayed, EspVerdict.Dummy, EspVerdict.BadIcv, EspVerdict.Delivered,
             EspVerdict.Runt, EspVerdict.Held, EspVerdict.Runt, EspVerdict.Runt, EspVerdict.Runt],
            batch.Select(item => item.Verdict));
        foreach (int i in new[] { 0, 1, 5 })
        {
            Assert.Equal(Payload(0, 40), buffer[batch[i].PayloadAt..(batch[i].PayloadAt + batch[i].PayloadLength)]);
            Assert.Equal(i == 1 ? 41 : 4, batch[i].NextHeader);
        }

        Assert.Equal(held, buffer[batch[7].PacketAt..(batch[7].PacketAt + batch[7].PacketLength)]);
        Assert.Equal(101UL, batch[7].Sequence);
        Assert.Equal([false, false, false, false, true], Enumerable.Range(1, 5).Select(n => open.Window.IsFresh((ulong)n)));
        Assert.Equal(4UL, open.Window.Top);

        void Add(ulong number, byte nextHeader, bool forged = false, int cut = 0)
        {
            int length = seal.Seal(Payload(0, 40), nextHeader, number, buffer.AsSpan(at));
            if (forged)
                buffer[at + length - 20] ^= 4;
            items.Add(new EspOpenItem { PacketAt = at, PacketLength = length - cut });
            at += length;
        }
    }

    [Fact]
    public void WhatDoesNotFitIsTooLongAndTheRestIsSealed()
    {
        using OutboundSa seal = Outbound(EspSuite.AesGcm128, true, CipherLibrary.OpenSsl);
        byte[] buffer = new byte[200];
        EspSealItem[] items =
        [
            new() { PayloadAt = 0, PayloadLength = 20, PacketAt = 20 },
            new() { PayloadAt = 190, PayloadLength = 20, PacketAt = 20 },
            new() { PayloadAt = 0, PayloadLength = 20, PacketAt = 190 },
            new() { PayloadAt = -4, PayloadLength = 20, PacketAt = 100 },
            new() { PayloadAt = 0, PayloadLength = -3, PacketAt = 100 },
            new() { PayloadAt = 0, PayloadLength = 20, PacketAt = 100 },
        ];
        Assert.Equal(2, seal.Seal(buffer, items, 1));
        Assert.Equal([EspVerdict.Delivered, EspVerdict.TooLong, EspVerdict.TooLong, EspVerdict.TooLong, EspVerdict.TooLong, EspVerdict.Delivered], items.Select(item => item.Verdict));
        Assert.Equal(0, items[1].PacketLength);
        Assert.Equal(6, buffer[107]);  // the sixth has the sixth number
    }

    [Theory, MemberData(nameof(Everything))]
    public void NothingIsAllocatedABatch(EspSuite suite, bool extended, CipherLibrary library)
    {
        Skip(library);
        using OutboundSa seal = Outbound(suite, extended, library);
        using InboundSa open = Inbound(suite, extended, library);
        byte[] buffer = new byte[64 * 400];
        var sealing = new EspSealItem[64];
        var opening = new EspOpenItem[64];
        for (int i = 0; i < 64; i++)
            sealing[i] = new EspSealItem { PayloadLength = 200, NextHeader = 4 };
        EspBatch.LayOut(sealing, suite, 0);
        int delivered = 0;
        Run(1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(65);
        Run(129);
        Assert.Equal(0L, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(192, delivered);

        void Run(ulong first)
        {
            seal.Seal(buffer, sealing, first);
            for (int i = 0; i < 64; i++)
                opening[i] = new EspOpenItem { PacketAt = sealing[i].PacketAt, PacketLength = sealing[i].PacketLength };
            delivered += open.Open(buffer, opening, ulong.MaxValue);
        }
    }

    /// <summary>A flood of forgeries must not cost a second look each for ever; after an authentic packet an old one is told from a forgery again.</summary>
    [Theory] // with ESN: without it the window tells an old packet by its number
    [InlineData(EspSuite.AesGcm128, CipherLibrary.OpenSsl)]
    [InlineData(EspSuite.AesGcm256, CipherLibrary.IpsecMb)]
    [InlineData(EspSuite.ChaCha20Poly1305, CipherLibrary.OpenSsl)]
    [InlineData(EspSuite.ChaCha20Poly1305, CipherLibrary.IpsecMb)]
    [InlineData(EspSuite.AesCbc128Sha256, CipherLibrary.OpenSsl)]
    public void ForgeriesUseUpTheSecondLook(EspSuite suite, CipherLibrary library)
    {
        Skip(library);
        using OutboundSa seal = Outbound(suite, true, library);
        using InboundSa open = Inbound(suite, true, library);
        byte[] old = Sealed(7);
        open.Window.StartAbove(100_000);
        Assert.Equal(EspVerdict.Replayed, Judge(old));
        byte[] forged = [.. old];
        forged[^1] ^= 1;
        for (int i = 0; i < 64; i++)
            Assert.Equal(EspVerdict.BadIcv, Judge(forged));
        Assert.Equal(EspVerdict.BadIcv, Judge(old));  // refused all the same
        Assert.Equal(EspVerdict.Delivered, Judge(Sealed(100_001)));
        Assert.Equal(EspVerdict.Replayed, Judge(old));
        Assert.Equal(EspVerdict.Replayed, Judge(old));    // a proven one uses nothing up
        Assert.Equal(EspVerdict.BadIcv, Judge(forged));   // this one does: an authentic packet pays for one look, not for many
        Assert.Equal(EspVerdict.BadIcv, Judge(old));

        byte[] Sealed(ulong number)
        {
            byte[] packet = new byte[200];
            return packet[..seal.Seal(Payload(0, 40), 4, number, packet)];
        }

        EspVerdict Judge(byte[] packet)
        {
            EspOpenItem[] item = [new() { PacketLength = packet.Length }];
            open.Open([.. packet], item, ulong.MaxValue);
            return item[0].Verdict;
        }
    }

    private static void Skip(CipherLibrary library) => Assert.SkipUnless(CipherProvider.IsAvailable(library, out string reason), reason);

    private static byte[] Payload(int seed, int length) => [.. Enumerable.Range(seed, length).Select(i => (byte)(i * 3))];

    private static OutboundSa Outbound(EspSuite suite, bool extended, CipherLibrary library) =>
        new(0x8765_4321, suite, extended, Payload(1, suite.CipherKeyLength()), Payload(2, suite.TailLength()), library);

    private static InboundSa Inbound(EspSuite suite, bool extended, CipherLibrary library) =>
        new(0x8765_4321, suite, extended, 128, Payload(1, suite.CipherKeyLength()), Payload(2, suite.TailLength()), library);
}
