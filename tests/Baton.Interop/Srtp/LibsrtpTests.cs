using System.Buffers.Binary;
using Baton.Srtp;
using Baton.Wire.Rtp;

namespace Baton.Interop.Srtp;

/// <summary>Our SRTP and SRTCP against libsrtp's, both ways, every suite, also where the rollover counter is above 0.</summary>
public sealed class LibsrtpTests
{
    private const uint Ssrc = 0x1234abcd;

    public static TheoryData<SrtpSuite, uint> Streams()
    {
        var data = new TheoryData<SrtpSuite, uint>();
        foreach (SrtpSuite suite in Enum.GetValues<SrtpSuite>())
        {
            foreach (uint rollover in new uint[] { 0, 3, 0x00ff_ffff })
                data.Add(suite, rollover);
        }

        return data;
    }

    public static TheoryData<SrtpSuite, bool> Reports()
    {
        var data = new TheoryData<SrtpSuite, bool>();
        foreach (SrtpSuite suite in Enum.GetValues<SrtpSuite>())
        {
            data.Add(suite, true);
            data.Add(suite, false);
        }

        return data;
    }

    [Theory, MemberData(nameof(Streams))] // RFC 3711 3.3, RFC 7714 8
    public void ItOpensWhatWeSealAcrossATurnAndATakeover(SrtpSuite suite, uint rollover)
    {
        SkipWithoutLibsrtp();
        using SrtpMasterKey master = Master(suite);
        using OutboundSrtp ours = new(Ssrc, master);
        using Libsrtp theirs = new(suite, master.KeyAndSalt, Ssrc, rollover);
        byte[] last = [];
        foreach (ulong number in Numbers(rollover))
        {
            byte[] plain = Packet(number);
            byte[] packet = [.. plain, .. new byte[SrtpSuites.MostOverhead]];
            Assert.Equal(SrtpVerdict.Passed, ours.Seal(packet, plain.Length, number, out int length));
            last = packet[..length];
            Assert.Equal(0, theirs.Open(last, SrtpHalf.Rtp, out byte[] opened));
            Assert.Equal(plain, opened);
        }

        Assert.Equal(Libsrtp.ReplayFailed, theirs.Open(last, SrtpHalf.Rtp, out _));
    }

    [Theory, MemberData(nameof(Streams))]
    public void WeOpenWhatItSealsAcrossATurn(SrtpSuite suite, uint rollover)
    {
        SkipWithoutLibsrtp();
        using SrtpMasterKey master = Master(suite);
        using Libsrtp theirs = new(suite, master.KeyAndSalt, Ssrc, rollover);
        using InboundSrtp ours = new(Ssrc, master, 128);
        if (rollover > 0)
            ours.Window.StartAbove(Numbers(rollover).First() - 1);
        foreach (ulong number in Numbers(rollover))
        {
            byte[] plain = Packet(number);
            byte[] packet = theirs.Seal(plain, SrtpHalf.Rtp);
            byte[] replay = [.. packet];
            Assert.Equal(SrtpVerdict.Passed, ours.Check(packet, out ulong told));
            Assert.Equal(number, told);
            Assert.Equal(SrtpVerdict.Passed, ours.Open(packet, told, out int length));
            Assert.Equal(plain, packet[..length]);
            Assert.True(ours.Accept(told));
            Assert.Equal(SrtpVerdict.Replayed, ours.Check(replay, out _));
        }
    }

    [Theory, MemberData(nameof(Reports))] // RFC 3711 3.4, RFC 7714 9; UNENCRYPTED_SRTCP: RFC 4568 6.3.2
    public void EachOpensTheReportsOfTheOther(SrtpSuite suite, bool encrypted)
    {
        SkipWithoutLibsrtp();
        using SrtpMasterKey master = Master(suite);
        using Libsrtp theirs = new(suite, master.KeyAndSalt, Ssrc, encryptedRtcp: encrypted);
        using Libsrtp theirsToo = new(suite, master.KeyAndSalt, Ssrc, encryptedRtcp: encrypted);
        using OutboundSrtcp seals = new(Ssrc, master, encrypted);
        using InboundSrtcp opens = new(Ssrc, master, encrypted, 64);
        byte[] plain = [0x80, 201, 0, 4, 0x12, 0x34, 0xab, 0xcd, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

        foreach (ulong number in new ulong[] { 2, 3, 90_000, SrtpIndex.LastRtcpNumber })
        {
            byte[] packet = [.. plain, .. new byte[SrtpSuites.MostOverhead]];
            Assert.Equal(SrtpVerdict.Passed, seals.Seal(packet, plain.Length, number, out int length));
            Assert.Equal(0, theirsToo.Open(packet.AsSpan(0, length), SrtpHalf.Rtcp, out byte[] opened));
            Assert.Equal(plain, opened);
            Assert.Equal(Libsrtp.ReplayFailed, theirsToo.Open(packet.AsSpan(0, length), SrtpHalf.Rtcp, out _));
        }

        for (int i = 0; i < 5; i++)
        {
            byte[] packet = theirs.Seal(plain, SrtpHalf.Rtcp);
            Assert.Equal(SrtpVerdict.Passed, opens.Check(packet, out ulong number));
            Assert.Equal(SrtpVerdict.Passed, opens.Open(packet, number, out int length));
            Assert.Equal(plain, packet[..length]);
            Assert.True(opens.Accept(number));
        }
    }

    [Theory, MemberData(nameof(Reports))]
    public void ItRefusesWhatWasChanged(SrtpSuite suite, bool rtcp)
    {
        SkipWithoutLibsrtp();
        using SrtpMasterKey master = Master(suite);
        using Libsrtp theirs = new(suite, master.KeyAndSalt, Ssrc);
        byte[] plain = rtcp ? [0x80, 201, 0, 1, 0x12, 0x34, 0xab, 0xcd] : Packet(8);
        byte[] packet = [.. plain, .. new byte[SrtpSuites.MostOverhead]];
        int length;
        if (rtcp)
        {
            using OutboundSrtcp ours = new(Ssrc, master, encrypted: true);
            ours.Seal(packet, plain.Length, 8, out length);
        }
        else
        {
            using OutboundSrtp ours = new(Ssrc, master);
            ours.Seal(packet, plain.Length, 8, out length);
        }

        packet[rtcp ? 3 : plain.Length - 1] ^= 1;
        Assert.Equal(Libsrtp.AuthenticationFailed, theirs.Open(packet.AsSpan(0, length), rtcp ? SrtpHalf.Rtcp : SrtpHalf.Rtp, out _));
    }

    /// <summary>From shortly before a turn of SEQ to after it; then what a takeover skips, where we are the source.</summary>
    private static IEnumerable<ulong> Numbers(uint rollover)
    {
        ulong first = ((ulong)rollover << 16) + 65_530;
        for (ulong i = 1; i <= 20; i++)
            yield return first + i;
        for (ulong i = 1; i <= 20; i++)
            yield return first + 20 + 2_047 + i;
    }

    private static byte[] Packet(ulong number)
    {
        byte[] packet = new byte[RtpPacket.HeaderBytes + 40 + (int)(number % 50)];
        RtpPacket.WriteHeader(packet, marker: false, RtpPacket.Pcmu, (ushort)(number - 1), (uint)number * 160, Ssrc);
        for (int i = RtpPacket.HeaderBytes; i + 8 <= packet.Length; i += 8)
            BinaryPrimitives.WriteUInt64BigEndian(packet.AsSpan(i), number * (ulong)i);
        return packet;
    }

    private static SrtpMasterKey Master(SrtpSuite suite) =>
        new(suite, [.. Enumerable.Range(40, SrtpMasterKey.LengthOf(suite)).Select(i => (byte)(i * 7))]);

    private static void SkipWithoutLibsrtp() => Assert.SkipUnless(Libsrtp.IsThere, "libsrtp is not installed (Debian: libsrtp2-1)");
}
