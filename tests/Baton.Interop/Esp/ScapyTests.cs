using System.Diagnostics;
using System.Text.Json;
using Baton.Esp;
using Baton.Esp.Modes;
using Baton.Wire;

namespace Baton.Interop.Esp;

/// <summary>Our ESP against scapy's, both ways. scapy signs ESN wrongly for CBC with HMAC: there, without ESN only
/// (with it, the unit tests hold the ICV against a plain HMAC).</summary>
public sealed class ScapyTests
{
    private const string Python = "/usr/bin/python3";

    public static TheoryData<EspSuite, bool, int> Tunnels()
    {
        var data = new TheoryData<EspSuite, bool, int>();
        foreach (int version in new[] { 4, 6 })
        {
            foreach (EspSuite suite in Enum.GetValues<EspSuite>())
                data.Add(suite, suite.IsAead(), version);
            data.Add(EspSuite.AesGcm256, false, version);
        }

        return data;
    }

    [Theory, MemberData(nameof(Tunnels))] // RFC 4303 3.1.2
    public void InTunnelModeEachOpensWhatTheOtherSealed(EspSuite suite, bool extended, int version)
    {
        Assert.SkipUnless(HasScapy(), "scapy is not installed (Debian: python3-scapy)");
        var peer = new Scapy("tunnel", suite, extended, version);
        byte[][] inner = [.. Enumerable.Range(0, 6).Select(i => TestPackets.Udp(version, 20 + (i * 31)))];
        using OutboundSa seal = peer.Outbound();
        using InboundSa open = peer.Inbound();

        string[] opened = peer.Open(inner.Select((packet, i) =>
        {
            byte[] esp = new byte[1_000];
            Assert.True(IpPacket.TryParse(packet, out IpPacket ip));
            return esp[..seal.Seal(packet, TunnelMode.NextHeader(ip), peer.Number(i), esp)];
        }));
        Assert.Equal(inner.Select(Convert.ToHexStringLower), opened);

        byte[][] theirs = peer.Seal(inner);
        for (int i = 0; i < theirs.Length; i++)
        {
            byte[] esp = theirs[i];
            Assert.Equal(EspVerdict.Delivered, open.Check(esp, out ulong sequence));
            Assert.Equal(peer.Number(i), sequence);
            Assert.Equal(EspVerdict.Delivered, open.Open(esp, sequence, out Range range, out byte next));
            Assert.Equal(EspVerdict.Delivered, TunnelMode.TryOpen(esp.AsSpan()[range], next, out IpPacket ip));
            Assert.Equal(inner[i], ip.Bytes.ToArray());
            Assert.True(open.Accept(sequence));
        }
    }

    [Theory] // RFC 4303 3.1.1
    [InlineData(EspSuite.AesGcm128, true, 4)]
    [InlineData(EspSuite.AesGcm128, true, 6)]
    [InlineData(EspSuite.AesCbc256Sha256, false, 4)]
    [InlineData(EspSuite.ChaCha20Poly1305, true, 6)]
    public void InTransportModeEachOpensWhatTheOtherSealed(EspSuite suite, bool extended, int version)
    {
        Assert.SkipUnless(HasScapy(), "scapy is not installed (Debian: python3-scapy)");
        var peer = new Scapy("transport", suite, extended, version);
        byte[][] inner = [.. Enumerable.Range(0, 4).Select(i => TestPackets.Udp(version, 20 + (i * 31)))];
        using OutboundSa seal = peer.Outbound();
        using InboundSa open = peer.Inbound();

        string[] opened = peer.Open(inner.Select((packet, i) =>
        {
            byte[] whole = new byte[1_000];
            Assert.True(IpPacket.TryParse(packet, out IpPacket ip));
            return whole[..TransportMode.Seal(seal, ip, peer.Number(i), whole)];
        }));
        Assert.Equal(inner.Select(Convert.ToHexStringLower), opened);

        byte[][] theirs = peer.Seal(inner);
        for (int i = 0; i < theirs.Length; i++)
        {
            Assert.True(IpPacket.TryParse(theirs[i], out IpPacket outer));
            Assert.True(TransportMode.TrySplit(outer, out int headerLength, out int protocolAt));
            Assert.Equal(TransportMode.Esp, theirs[i][protocolAt]);
            Span<byte> esp = theirs[i].AsSpan(headerLength);
            Assert.Equal(EspVerdict.Delivered, open.Check(esp, out ulong sequence));
            Assert.Equal(EspVerdict.Delivered, open.Open(esp, sequence, out Range payload, out byte next));
            Assert.Equal(inner[i], TransportMode.Join(theirs[i], headerLength, protocolAt, payload, next).ToArray());
            Assert.True(open.Accept(sequence));
        }
    }

    private static bool HasScapy()
    {
        if (!File.Exists(Python))
            return false;
        using var probe = Process.Start(new ProcessStartInfo(Python, ["-c", "import scapy.layers.ipsec, cryptography"]) { RedirectStandardError = true })!;
        probe.StandardError.ReadToEnd();
        probe.WaitForExit();
        return probe.ExitCode == 0;
    }

    /// <summary>One SA, as scapy and as we know it.</summary>
    private sealed class Scapy(string mode, EspSuite suite, bool extended, int version)
    {
        private const uint Spi = 0x1234;
        private const uint High = 6;

        private readonly byte[] _key = TestPackets.Bytes(3, suite.CipherKeyLength());
        private readonly byte[] _tail = TestPackets.Bytes(90, suite.TailLength());

        public ulong Number(int i) => (extended ? (ulong)High << 32 : 0) + (ulong)i + 1;

        public OutboundSa Outbound() => new(Spi, suite, extended, _key, _tail);

        public InboundSa Inbound()
        {
            var sa = new InboundSa(Spi, suite, extended, 128, _key, _tail);
            sa.Window.StartAbove(Number(0) - 1);
            return sa;
        }

        public string[] Open(IEnumerable<byte[]> sealedPackets) =>
            Ask("open", sealedPackets.Select(esp => new { esp = Convert.ToHexStringLower(esp) }));

        public byte[][] Seal(IEnumerable<byte[]> packets) =>
            [.. Ask("seal", packets.Select((packet, i) => new
            {
                inner = Convert.ToHexStringLower(packet),
                low = i + 1,
                iv = suite.IsAead() ? Number(i).ToString("x16", System.Globalization.CultureInfo.InvariantCulture) : "",
            })).Select(Convert.FromHexString)];

        private string[] Ask(string action, IEnumerable<object> packets)
        {
            string script = Path.Combine(AppContext.BaseDirectory, "Esp", "scapy_esp.py");
            using var process = Process.Start(new ProcessStartInfo(Python, [script]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
            process.StandardInput.Write(JsonSerializer.Serialize(new
            {
                action,
                mode,
                version,
                spi = Spi,
                algorithm = suite switch
                {
                    EspSuite.AesGcm128 or EspSuite.AesGcm256 => "AES-GCM",
                    EspSuite.ChaCha20Poly1305 => "CHACHA20-POLY1305",
                    _ => "AES-CBC",
                },
                key = Convert.ToHexStringLower(suite.IsAead() ? [.. _key, .. _tail] : _key),
                auth = suite.IsAead() ? "" : Convert.ToHexStringLower(_tail),
                esn = extended,
                high = High,
                packets,
            }));
            process.StandardInput.Close();
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string answer = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, errors.Result);
            return JsonSerializer.Deserialize<string[]>(answer)!;
        }
    }
}
