using System.Net;
using Baton.Cluster.Records;

namespace Baton.Cluster.Tests.Records;

public sealed class RecordSealerTests
{
    private static readonly byte[] One = [.. Enumerable.Repeat((byte)1, 32)];

    [Theory]
    [InlineData(SaSuite.AesGcm128, "192.0.2.1:4500", "10.1.0.0/16")]
    [InlineData(SaSuite.AesGcm256, null, "10.1.0.0/16")]
    [InlineData(SaSuite.ChaCha20Poly1305, "[2001:db8::1]:4500", "2001:db8:1::/48")]
    [InlineData(SaSuite.AesCbc128Sha256, null, "0.0.0.0/0")]
    [InlineData(SaSuite.AesCbc256Sha256, null, "::/0")]
    public void What_is_sealed_opens_again(SaSuite suite, string? peer, string network)
    {
        using var sealer = new RecordSealer(ClusterKeys.Of(1, One));
        SaDescription description = Description(suite, peer, network);
        Assert.Equal(RecordVerdict.Opened, sealer.Open(sealer.Seal(description), out SaDescription back));
        Assert.Equal(description with { Key = [] }, back with { Key = [] });
        Assert.Equal(description.Key, back.Key);
        Assert.Equal(SaDescription.KeyBytes(suite), back.CipherKey.Length + back.SaltOrIntegrityKey.Length);
        Assert.Equal(sealer.KeyTag(description), sealer.KeyTag(back));
    }

    [Fact]
    public void Two_seals_of_one_record_differ_and_every_changed_byte_is_seen()
    {
        using var sealer = new RecordSealer(ClusterKeys.Of(1, One));
        byte[] first = sealer.Seal(Description(SaSuite.AesGcm256, null, "10.1.0.0/16"));
        Assert.NotEqual(first, sealer.Seal(Description(SaSuite.AesGcm256, null, "10.1.0.0/16")));
        for (int i = 0; i < first.Length; i++)
        {
            byte[] changed = [.. first];
            changed[i] ^= 1;
            Assert.NotEqual(RecordVerdict.Opened, sealer.Open(changed, out _));
            Assert.NotEqual(RecordVerdict.Opened, sealer.Open(first.AsSpan(0, i), out _));
        }
    }

    [Fact]
    public void A_new_cluster_key_seals_and_the_old_one_still_opens()
    {
        string directory = Directory.CreateTempSubdirectory("baton-keys-").FullName;
        try
        {
            string file = Path.Combine(directory, "cluster.key");
            Write(file, $"1 {Convert.ToBase64String(One)}\n");
            Assert.True(ClusterKeys.TryLoad(file, out ClusterKeys old, out _));
            using var before = new RecordSealer(old);
            byte[] record = before.Seal(Description(SaSuite.AesGcm256, null, "10.1.0.0/16"));
            Write(file, $"1 {Convert.ToBase64String(One)}\n{ClusterKeys.NewLine(2)}\n");
            Assert.True(ClusterKeys.TryLoad(file, out ClusterKeys both, out string error), error);
            using var after = new RecordSealer(both);
            Assert.Equal(RecordVerdict.Opened, after.Open(record, out SaDescription opened));
            Assert.Equal(before.KeyTag(opened), after.KeyTag(opened));      // an old key stays an old key (G2)
            Assert.Equal(RecordVerdict.UnknownKey, before.Open(after.Seal(opened), out _));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void The_control_file_gives_heartbeats_and_no_records()
    {
        string directory = Directory.CreateTempSubdirectory("baton-keys-").FullName;
        try
        {
            using ClusterKeys members = ClusterKeys.Of(1, One);
            string file = Path.Combine(directory, "control.key");
            Write(file, members.ControlFile());
            Assert.True(ClusterKeys.TryLoad(file, out ClusterKeys control, out string error), error);
            Assert.True(control.IsControlOnly);
            Assert.Equal(members.NewestControl.ToArray(), control.NewestControl.ToArray());
            Assert.False(control.NewestControl.SequenceEqual(members.Newest));
            Assert.Empty(control.Ids);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("one AAAA\n")]
    [InlineData("1 AAAA\n")]
    [InlineData("256 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n")]
    [InlineData("1 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n1 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n")]
    public void A_file_that_is_no_key_file_is_refused_with_advice(string text)
    {
        string directory = Directory.CreateTempSubdirectory("baton-keys-").FullName;
        try
        {
            string file = Path.Combine(directory, "cluster.key");
            Write(file, text);
            Assert.False(ClusterKeys.TryLoad(file, out _, out string error));
            Assert.Contains("baton pki init", error, StringComparison.Ordinal);
            Write(file, ClusterKeys.NewLine(1));
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
            Assert.False(ClusterKeys.TryLoad(file, out _, out error));
            Assert.Contains("chmod 600", error, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void Nothing_prints_a_key()
    {
        SaDescription description = Description(SaSuite.AesGcm256, null, "10.1.0.0/16");
        using ClusterKeys keys = ClusterKeys.Of(1, One);
        foreach (string text in new[] { description.ToString(), keys.ToString() })
        {
            Assert.DoesNotContain("0909", text, StringComparison.Ordinal);
            Assert.DoesNotContain("0101", text, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToBase64String(One), text, StringComparison.Ordinal);
        }
    }

    private static SaDescription Description(SaSuite suite, string? peer, string network) => new("call", suite, SaMode.Tunnel, 4711, 4712, true, 1024,
        IPNetwork.Parse(network), IPNetwork.Parse(network), peer is null ? null : IPEndPoint.Parse(peer),
        [.. Enumerable.Repeat((byte)9, SaDescription.KeyBytes(suite))]);

    private static void Write(string file, string text)
    {
        File.WriteAllText(file, text);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
