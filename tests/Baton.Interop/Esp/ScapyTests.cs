using System.Buffers.Binary;
using System.Diagnostics;
using System.Text.Json;
using Baton.Esp;

namespace Baton.Interop.Esp;

/// <summary>Our ESP against scapy's, both ways. scapy signs ESN wrongly for CBC with HMAC: there, without ESN only.</summary>
public sealed class ScapyTests
{
    private const string Python = "/usr/bin/python3";

    [Theory]
    [InlineData(EspSuite.AesGcm128, true)]
    [InlineData(EspSuite.AesGcm256, true)]
    [InlineData(EspSuite.ChaCha20Poly1305, true)]
    [InlineData(EspSuite.AesGcm256, false)]
    [InlineData(EspSuite.AesCbc128Sha256, false)]
    [InlineData(EspSuite.AesCbc256Sha256, false)]
    public void EachOpensWhatTheOtherSealed(EspSuite suite, bool extended)
    {
        Assert.SkipUnless(HasScapy(), "scapy is not installed (Debian: python3-scapy)");
        byte[] key = [.. Enumerable.Range(3, suite.CipherKeyLength()).Select(i => (byte)i)];
        byte[] tail = [.. Enumerable.Range(90, suite.TailLength()).Select(i => (byte)i)];
        const uint high = 6;
        ulong baseNumber = extended ? (ulong)high << 32 : 0;
        byte[][] inner = [.. Enumerable.Range(0, 6).Select(i => Inner(20 + (i * 31)))];

        using var seal = new OutboundSa(0x1234, suite, extended, key, tail);
        using var open = new InboundSa(0x1234, suite, extended, 128, key, tail);
        open.Window.StartAbove(baseNumber);

        string[] ours = [.. inner.Select((packet, i) =>
        {
            byte[] esp = new byte[1_000];
            return Convert.ToHexStringLower(esp.AsSpan(0, seal.Seal(packet, 4, baseNumber + (ulong)i + 1, esp)));
        })];
        string[] opened = Scapy("open", suite, extended, high, key, tail, ours.Select(esp => new { esp }));
        Assert.Equal(inner.Select(Convert.ToHexStringLower), opened);

        string[] theirs = Scapy("seal", suite, extended, high, key, tail, inner.Select((packet, i) => new
        {
            inner = Convert.ToHexStringLower(packet),
            low = i + 1,
            iv = suite.IsAead() ? Convert.ToHexStringLower(BitConverter.GetBytes(BinaryPrimitives.ReverseEndianness(baseNumber + (ulong)i + 1))) : "",
        }));
        for (int i = 0; i < theirs.Length; i++)
        {
            byte[] esp = Convert.FromHexString(theirs[i]);
            Assert.Equal(EspVerdict.Delivered, open.Check(esp, out ulong sequence));
            Assert.Equal(baseNumber + (ulong)i + 1, sequence);
            Assert.Equal(EspVerdict.Delivered, open.Open(esp, sequence, out Range range, out byte next));
            Assert.Equal(4, next);
            Assert.Equal(inner[i], esp[range]);
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

    private static string[] Scapy(string action, EspSuite suite, bool extended, uint high, byte[] key, byte[] tail, IEnumerable<object> packets)
    {
        string script = Path.Combine(AppContext.BaseDirectory, "Esp", "scapy_esp.py");
        using var process = Process.Start(new ProcessStartInfo(Python, [script]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.StandardInput.Write(JsonSerializer.Serialize(new
        {
            action,
            spi = 0x1234,
            algorithm = suite switch
            {
                EspSuite.AesGcm128 or EspSuite.AesGcm256 => "AES-GCM",
                EspSuite.ChaCha20Poly1305 => "CHACHA20-POLY1305",
                _ => "AES-CBC",
            },
            key = Convert.ToHexStringLower(suite.IsAead() ? [.. key, .. tail] : key),
            auth = suite.IsAead() ? "" : Convert.ToHexStringLower(tail),
            esn = extended,
            high,
            packets,
        }));
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string answer = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors.Result);
        return JsonSerializer.Deserialize<string[]>(answer)!;
    }

    /// <summary>An IPv4 and UDP packet with right checksums, so that scapy leaves its bytes alone.</summary>
    private static byte[] Inner(int payload)
    {
        byte[] packet = new byte[28 + payload];
        packet[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
        packet[8] = 64;
        packet[9] = 17;
        packet[12] = 10;
        packet[15] = 1;
        packet[16] = 10;
        packet[19] = 2;
        uint sum = 0;
        for (int i = 0; i < 20; i += 2)
            sum += BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(i));
        while (sum > 0xFFFF)
            sum = (sum & 0xFFFF) + (sum >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(10), (ushort)~sum);
        packet[21] = 9;
        packet[23] = 9;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(24), (ushort)(8 + payload));
        for (int i = 28; i < packet.Length; i++)
            packet[i] = (byte)i;
        return packet;
    }
}
