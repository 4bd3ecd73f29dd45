using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Baton.Srtp;
using Baton.Wire.Rtp;

namespace Baton.Interop.Srtp;

/// <summary>Our SRTP and SRTCP against ffmpeg's own (libavformat/srtp.c), both ways, across a turn of SEQ. It has AES-CM alone.</summary>
public sealed class FfmpegTests
{
    private const string Ffmpeg = "/usr/bin/ffmpeg";
    private const uint Ssrc = 0x1234abcd;
    private const ulong First = 65_501;
    private const int Payload = 160;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly byte[] Voice = [.. Enumerable.Range(0, 60 * Payload).Select(i => (byte)(i * 31 / 7))];

    /// <remarks>By its name of RFC 4568, ffmpeg cuts the tag of SRTCP to 32 bits too, which 6.2.2 of it does not; by that of RFC 5764 it leaves 80.</remarks>
    public static TheoryData<SrtpSuite, string> Suites() => new()
    {
        { SrtpSuite.AesCm128Tag80, "AES_CM_128_HMAC_SHA1_80" },
        { SrtpSuite.AesCm128Tag32, "SRTP_AES128_CM_HMAC_SHA1_32" },
    };

    [Theory, MemberData(nameof(Suites))]
    public void WeOpenAllThatItSeals(SrtpSuite suite, string name)
    {
        SkipWithoutFfmpeg();
        using SrtpMasterKey master = Master(suite);
        (Socket rtp, Socket rtcp, int port) = BindPair();
        using Socket own = rtp, ownToo = rtcp;
        using Process ffmpeg = Start("-f", "mulaw", "-ar", "8000", "-i", "pipe:0", "-c:a", "copy", "-f", "rtp", "-rtpflags", "send_bye",
            "-seq", $"{First - 1}", "-ssrc", $"{Ssrc}", "-srtp_out_suite", name, "-srtp_out_params", Convert.ToBase64String(master.KeyAndSalt), $"srtp://127.0.0.1:{port}?pkt_size=200");
        ffmpeg.StandardInput.BaseStream.Write(Voice);
        ffmpeg.StandardInput.Close();

        using InboundSrtp opens = new(Ssrc, master, 128);
        List<byte> heard = [];
        byte[] buffer = new byte[2_048];
        ulong expected = First;
        while (heard.Count < Voice.Length)
        {
            Span<byte> packet = buffer.AsSpan(0, rtp.Receive(buffer));
            Assert.Equal(SrtpVerdict.Passed, opens.Check(packet, out ulong number));
            Assert.Equal(expected++, number);
            Assert.Equal(SrtpVerdict.Passed, opens.Open(packet, number, out int length));
            Assert.True(opens.Accept(number));
            heard.AddRange(packet[RtpPacket.MeasureHeader(packet)..length]);
        }

        Assert.Equal(Voice, heard);
        Assert.True(expected > (1 << 16) + 1, "the rollover counter stayed 0");

        using InboundSrtcp opensReports = new(Ssrc, master, encrypted: true, 64);
        for (bool isBye = false; !isBye;)
        {
            Span<byte> packet = buffer.AsSpan(0, rtcp.Receive(buffer));
            Assert.Equal(SrtpVerdict.Passed, opensReports.Check(packet, out ulong number));
            Assert.Equal(SrtpVerdict.Passed, opensReports.Open(packet, number, out int length));
            Assert.True(opensReports.Accept(number));
            isBye = Kinds(packet[..length].ToArray()).Contains(203);
        }

        Expect(ffmpeg);
    }

    [Theory, MemberData(nameof(Suites))]
    public void ItHearsAllThatWeSeal(SrtpSuite suite, string name)
    {
        SkipWithoutFfmpeg();
        using SrtpMasterKey master = Master(suite);
        (Socket rtp, Socket rtcp, int port) = BindPair();
        rtp.Dispose();
        rtcp.Dispose();
        string directory = Directory.CreateTempSubdirectory("baton-ffmpeg-").FullName;
        try
        {
            string sdp = Path.Combine(directory, "phone.sdp");
            File.WriteAllLines(sdp, ["v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0", $"m=audio {port} RTP/SAVP 0",
                $"a=crypto:1 {name} inline:{Convert.ToBase64String(master.KeyAndSalt)}"]);
            using Process ffmpeg = Start("-protocol_whitelist", "file,udp,rtp,srtp", "-i", sdp, "-c:a", "copy", "-f", "mulaw", "-flush_packets", "1", "pipe:1");
            Assert.True(SpinWait.SpinUntil(() => Listens(port) && Listens(port + 1), Patience), "ffmpeg does not listen");
            using Socket phone = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            Say(phone, master, port);
            byte[] heard = new byte[Voice.Length];
            using (new Timer(_ => ffmpeg.Kill(), null, Patience, Timeout.InfiniteTimeSpan))
                ffmpeg.StandardOutput.BaseStream.ReadAtLeast(heard, heard.Length, throwOnEndOfStream: false);
            Assert.Equal(Voice, heard);
            SayGoodbye(phone, master, port);
            Expect(ffmpeg);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static void Say(Socket phone, SrtpMasterKey master, int port)
    {
        using OutboundSrtp seals = new(Ssrc, master);
        byte[] buffer = new byte[RtpPacket.HeaderBytes + Payload + SrtpSuites.MostOverhead];
        ulong number = First;
        foreach (byte[] frame in Voice.Chunk(Payload))
        {
            RtpPacket.WriteHeader(buffer, marker: false, RtpPacket.Pcmu, 0, (uint)((number - First) * Payload), Ssrc);
            frame.CopyTo(buffer, RtpPacket.HeaderBytes);
            Assert.Equal(SrtpVerdict.Passed, seals.Seal(buffer, RtpPacket.HeaderBytes + Payload, number++, out int length));
            phone.SendTo(buffer.AsSpan(0, length), new IPEndPoint(IPAddress.Loopback, port));
        }
    }

    /// <summary>An empty receiver report and BYE (RFC 3550 6.4.2, 6.6): ffmpeg ends at once if it can open it.</summary>
    private static void SayGoodbye(Socket phone, SrtpMasterKey master, int port)
    {
        using OutboundSrtcp seals = new(Ssrc, master, encrypted: true);
        byte[] bye = [0x80, 201, 0, 1, 0x12, 0x34, 0xab, 0xcd, 0x81, 203, 0, 1, 0x12, 0x34, 0xab, 0xcd];
        byte[] report = [.. bye, .. new byte[SrtpSuites.MostOverhead]];
        Assert.Equal(SrtpVerdict.Passed, seals.Seal(report, bye.Length, 1, out int sealedLength));
        phone.SendTo(report.AsSpan(0, sealedLength), new IPEndPoint(IPAddress.Loopback, port + 1));
    }

    /// <summary>The packet types of a compound packet (RFC 3550 6.1).</summary>
    private static List<byte> Kinds(byte[] compound)
    {
        List<byte> kinds = [];
        for (int at = 0; at + 4 <= compound.Length; at += 4 + (4 * ((compound[at + 2] << 8) | compound[at + 3])))
            kinds.Add(compound[at + 1]);
        return kinds;
    }

    private static (Socket Rtp, Socket Rtcp, int Port) BindPair()
    {
        while (true)
        {
            Socket rtp = Bound(0);
            int port = ((IPEndPoint)rtp.LocalEndPoint!).Port;
            if (port % 2 == 0)
            {
                try
                {
                    return (rtp, Bound(port + 1), port);
                }
                catch (SocketException)
                {
                    // Somebody has the odd one.
                }
            }

            rtp.Dispose();
        }

        static Socket Bound(int port)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = (int)Patience.TotalMilliseconds };
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return socket;
        }
    }

    private static bool Listens(int port) =>
        File.ReadLines("/proc/net/udp").Any(line => line.Contains($":{port.ToString("X4", CultureInfo.InvariantCulture)} 00000000:0000", StringComparison.Ordinal));

    private static Process Start(params string[] arguments) =>
        Process.Start(new ProcessStartInfo(Ffmpeg, ["-hide_banner", "-loglevel", "error", .. arguments]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;

    private static void Expect(Process ffmpeg)
    {
        Task<string> said = ffmpeg.StandardError.ReadToEndAsync();
        if (!ffmpeg.WaitForExit(Patience))
            ffmpeg.Kill();
        ffmpeg.WaitForExit();
        Assert.True(ffmpeg.ExitCode == 0 && said.Result.Length == 0, said.Result);  // the words alone say that it gave up waiting
    }

    private static SrtpMasterKey Master(SrtpSuite suite) =>
        new(suite, [.. Enumerable.Range(40, SrtpMasterKey.LengthOf(suite)).Select(i => (byte)(i * 7))]);

    private static void SkipWithoutFfmpeg() => Assert.SkipUnless(File.Exists(Ffmpeg), "ffmpeg is not installed (Debian: ffmpeg)");
}
