using System.Buffers.Binary;
using System.Diagnostics;
using Baton.Esp;
using Baton.Esp.Modes;
using Baton.Wire;

namespace Baton.Interop.Esp;

/// <summary>What tshark makes of our packets when it has the keys. Its check of the ICV is wrong with ESN: here, without ESN only.</summary>
public sealed class TsharkTests
{
    private const uint Spi = 0x1234;

    [Theory]
    [InlineData(EspSuite.AesGcm128, 4, "AES-GCM with 16 octet ICV [RFC4106]", "NULL")]
    [InlineData(EspSuite.AesGcm256, 6, "AES-GCM with 16 octet ICV [RFC4106]", "NULL")]
    [InlineData(EspSuite.AesCbc128Sha256, 4, "AES-CBC [RFC3602]", "HMAC-SHA-256-128 [RFC4868]")]
    [InlineData(EspSuite.AesCbc256Sha256, 6, "AES-CBC [RFC3602]", "HMAC-SHA-256-128 [RFC4868]")]
    public void ReadsTheInnerPacketsAndFindsTheIcvGood(EspSuite suite, int version, string encryption, string authentication)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/tshark"), "tshark is not installed (Debian: tshark)");
        byte[] key = TestPackets.Bytes(3, suite.CipherKeyLength()), tail = TestPackets.Bytes(90, suite.TailLength());
        using var seal = new OutboundSa(Spi, suite, extended: false, key, tail);
        byte[][] inner = [.. Enumerable.Range(0, 5).Select(i => TestPackets.Udp(version, 10 + (i * 41)))];
        string file = Path.GetTempFileName();
        try
        {
            WriteCapture(file, inner.Select((packet, i) => Wrap(seal, packet, version, (ulong)i + 1)));
            string secret = $"0x{Convert.ToHexStringLower(suite.IsAead() ? [.. key, .. tail] : key)}";
            string signing = suite.IsAead() ? "" : $"0x{Convert.ToHexStringLower(tail)}";
            string[] lines = Run(
                "-n", "-r", file, "-o", "esp.enable_encryption_decode:TRUE", "-o", "esp.enable_authentication_check:TRUE",
                "-o", $"uat:esp_sa:\"IPv4\",\"*\",\"*\",\"0x{Spi:x8}\",\"{encryption}\",\"{secret}\",\"{authentication}\",\"{signing}\",\"32-bit\",\"\"",
                "-T", "fields", "-e", "esp.sequence", "-e", "esp.icv_good", "-e", "udp.payload");
            int header = version == 4 ? 28 : 48;
            Assert.Equal(inner.Select((packet, i) => $"{i + 1}\t1\t{Convert.ToHexStringLower(packet[header..])}"), lines);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>An IPv4 header of protocol 50 in front, as on the wire.</summary>
    private static byte[] Wrap(OutboundSa sa, byte[] inner, int version, ulong number)
    {
        byte[] packet = new byte[1_000];
        int length = sa.Seal(inner, (byte)(version == 4 ? TunnelMode.Ipv4 : TunnelMode.Ipv6), number, packet.AsSpan(20));
        TransportMode.WriteHeader(packet, length, TransportMode.Esp, IpAddress.V4(0xC0000201), IpAddress.V4(0xC0000202), 64);
        return packet[..(20 + length)];
    }

    /// <summary>The classic capture format with raw IP packets (link type 101).</summary>
    private static void WriteCapture(string file, IEnumerable<byte[]> packets)
    {
        using var stream = new FileStream(file, FileMode.Create);
        Span<byte> head = stackalloc byte[24];
        head.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(head, 0xA1B2C3D4);
        BinaryPrimitives.WriteUInt16LittleEndian(head[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(head[6..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(head[16..], 65_535);
        BinaryPrimitives.WriteUInt32LittleEndian(head[20..], 101);
        stream.Write(head);
        foreach (byte[] packet in packets)
        {
            head.Clear();
            BinaryPrimitives.WriteInt32LittleEndian(head[8..], packet.Length);
            BinaryPrimitives.WriteInt32LittleEndian(head[12..], packet.Length);
            stream.Write(head[..16]);
            stream.Write(packet);
        }
    }

    private static string[] Run(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/tshark", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string answer = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors.Result);
        return answer.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
