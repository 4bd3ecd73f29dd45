using Baton.Wire.Rtp;
using CsCheck;

namespace Baton.Srtp.Tests;

public sealed class RelayedSrtpTests
{
    private const uint Ssrc = 0xcafebabe;

    [Fact]
    public void AnIndexIsSealedOnceAndTheFarEndSeesTheTalkersSequence()
    {
        using RelayedSrtp relay = new(Ssrc, SealAndOpenTests.Master(SrtpSuite.AesCm128Tag80), 64);
        using InboundSrtp far = new(Ssrc, SealAndOpenTests.Master(SrtpSuite.AesCm128Tag80), 64);
        foreach (ushort sequence in new ushort[] { 65_533, 65_535, 65_534, 0, 2, 1 })
        {
            (byte[] buffer, byte[] plain) = From(sequence);
            Assert.Equal(SrtpVerdict.Passed, relay.Check(plain, out ulong number));
            Assert.Equal(SrtpVerdict.Passed, relay.Seal(buffer, plain.Length, number, out int length));
            Assert.Equal(sequence, RtpPacket.SequenceOf(buffer));
            Assert.Equal(SrtpVerdict.Passed, far.Check(buffer.AsSpan(0, length), out ulong told));
            Assert.Equal(SrtpVerdict.Passed, far.Open(buffer.AsSpan(0, length), told, out _));
            Assert.True(far.Accept(told));

            Assert.Equal(SrtpVerdict.Replayed, relay.Check(plain, out _));
            (byte[] again, _) = From(sequence);
            byte[] untouched = [.. again];
            Assert.Equal(SrtpVerdict.Replayed, relay.Seal(again, plain.Length, number, out _));
            Assert.Equal(untouched, again);
        }
    }

    /// <summary>Talkers that repeat, reorder and lose; takeovers whose floor is a number at or a little above all that was sealed. No
    /// index is sealed twice, and what is sealed opens at a far end that saw all of it.</summary>
    [Fact]
    public void NoIndexIsSealedTwiceAcrossTakeovers() =>
        Gen.Select(Gen.UShort, Gen.Int[-40, 60].Array[1, 300], Gen.Int[0, 200].Array[1, 300]).Sample((start, steps, leads) =>
        {
            using SrtpMasterKey master = SealAndOpenTests.Master(SrtpSuite.AesGcm128);
            RelayedSrtp relay = new(Ssrc, master, 64);
            using InboundSrtp far = new(Ssrc, master, 64);
            relay.Sealed.StartAbove(start);           // as the record says: a first packet that is lost must not hide a turn of the SEQ
            far.Window.StartAbove(start);
            var sealedNumbers = new HashSet<ulong>();
            long at = start + 1L;                     // the talker's true number
            for (int i = 0; i < steps.Length; i++)
            {
                at = Math.Max(start + 1L, at + steps[i]);
                if (leads[i % leads.Length] is var lead and > 180)
                {
                    RelayedSrtp successor = new(Ssrc, master, 64);
                    successor.Sealed.StartAbove(relay.Sealed.Top + (ulong)(lead - 180));
                    relay.Dispose();
                    relay = successor;
                }

                (byte[] buffer, byte[] plain) = From((ushort)(at - 1));
                if (relay.Check(plain, out ulong number) != SrtpVerdict.Passed)
                    continue;
                Assert.Equal((ulong)at, number);
                Assert.Equal(SrtpVerdict.Passed, relay.Seal(buffer, plain.Length, number, out int length));
                Assert.True(sealedNumbers.Add(number));
                Assert.Equal(SrtpVerdict.Passed, far.Check(buffer.AsSpan(0, length), out ulong told));
                Assert.Equal(SrtpVerdict.Passed, far.Open(buffer.AsSpan(0, length), told, out _));
                Assert.True(far.Accept(told));
            }

            relay.Dispose();
        }, iter: 300);

    private static (byte[] Buffer, byte[] Plain) From(ushort sequence)
    {
        (byte[] buffer, _) = SealAndOpenTests.Packet(SrtpSuites.MostOverhead, 20);
        RtpPacket.WriteHeader(buffer, false, RtpPacket.Pcmu, sequence, 0, Ssrc);
        return (buffer, buffer[..^SrtpSuites.MostOverhead]);
    }
}
