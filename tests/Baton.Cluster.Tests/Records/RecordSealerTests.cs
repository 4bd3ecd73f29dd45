using System.Net;
using Baton.Cluster.Records;
using Baton.Redundancy;
using Baton.Redundancy.Records;
using Baton.Wire;

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
        Assert.Equal(Gens.Show(description), Gens.Show(back));
        Assert.Equal(description.Key, back.Key);
        Assert.Equal(SaDescription.KeyBytes(suite), back.CipherKey.Length + back.SaltOrIntegrityKey.Length);
        Assert.Equal(sealer.KeyTag(description), sealer.KeyTag(back));
    }

    [Fact]
    public void Selectors_endpoints_and_rekeying_travel_with_the_keys()
    {
        using var sealer = new RecordSealer(ClusterKeys.Of(1, One));
        SaDescription description = Description(SaSuite.AesGcm256, "192.0.2.1:0", "10.1.0.0/16") with
        {
            Local = [SaSelector.Of(IPNetwork.Parse("10.1.0.0/16")), new(17, 5060, 5061, IpAddress.From(IPAddress.Parse("10.9.0.1")), IpAddress.From(IPAddress.Parse("10.9.0.7")))],
            Remote = [new(6, 0, 65535, IpAddress.From(IPAddress.Parse("2001:db8::1")), IpAddress.From(IPAddress.Parse("2001:db8::ffff")))],
            Own = IPEndPoint.Parse("[2001:db8::9]:4500"),
            MadeBy = new IkeId(ulong.MaxValue),
            Replaces = 0xC0FFEE,
            Child = 0x1234567890ABCDEF,
            OutboundLater = true,
        };
        Assert.Equal(RecordVerdict.Opened, sealer.Open(sealer.Seal(description), out SaDescription back));
        Assert.Equal(Gens.Show(description), Gens.Show(back));
    }

    [Fact]
    public void What_a_member_of_version_1_sealed_is_still_read()
    {
        byte[] key = [.. Enumerable.Range(0, 20).Select(i => (byte)i)];
        byte[] old =
        [
            1, (byte)SaSuite.AesGcm128, (byte)SaMode.Tunnel, 1, 0, 0, 1, 44, 0, 0, 1, 45, 0, 0, 4, 0, 4, .. "call"u8,
            4, 10, 1, 0, 0, 16, 4, 10, 2, 0, 0, 24, 4, 192, 0, 2, 1, 0, 0, 0x11, 0x94, 20, .. key,
        ];
        Assert.True(SaDescription.TryDecode(old, out SaDescription description));
        Assert.Equal("call spi 0000012c AesGcm128 esn 10.1.0.0/16 - 10.2.0.0/24 peer 192.0.2.1:4500", description.ToString());
        Assert.Equal((301u, 1024, null, 0u), (description.Partner, description.WindowSize, description.MadeBy, description.Replaces));
        Assert.Equal(key, description.Key);
        for (int i = 0; i < old.Length; i++)
            Assert.False(SaDescription.TryDecode(old.AsSpan(0, i), out _));
    }

    [Fact]
    public void The_state_of_an_ike_sa_opens_as_that_one_in_that_version_only()
    {
        using var sealer = new RecordSealer(ClusterKeys.Of(1, One));
        byte[] state = [.. Enumerable.Range(0, 5_000).Select(i => (byte)i)];
        var record = new IkeRecord(new IkeId(7), 3, 9, sealer.SealIke(new IkeId(7), 3, state));
        Assert.Equal(RecordVerdict.Opened, sealer.OpenIke(record, out byte[] back));
        Assert.Equal(state, back);
        Assert.Equal(RecordVerdict.BadSeal, sealer.OpenIke(record with { Id = new IkeId(8) }, out _));
        Assert.Equal(RecordVerdict.BadSeal, sealer.OpenIke(record with { Version = 4 }, out _));
        Assert.NotEqual(RecordVerdict.Opened, sealer.Open(record.Sealed.Span, out _));
        Assert.Equal(-1, record.Sealed.Span.IndexOf(state.AsSpan(100, 16)));
        Assert.Equal(IkeRecord.MaximumSealedBytes, sealer.SealIke(new IkeId(7), 4, new byte[RecordSealer.MaximumSnapshotBytes]).Length);
    }

    [Fact]
    public void The_counter_of_ivs_belongs_to_its_ike_sa()
    {
        using var sealer = new RecordSealer(ClusterKeys.Of(1, One));
        var iv = new SaRecord(default, SaDirection.Outbound, 0, CounterSpace.IkeIv, sealer.KeyTag(new IkeId(7), iv: true), 0, 0, 0, 0, 65, sealer.SealIv(new IkeId(7)));
        Assert.Equal(RecordVerdict.Opened, sealer.OpenIv(iv, out IkeId id));
        Assert.Equal(new IkeId(7), id);
        Assert.Equal(RecordVerdict.Malformed, sealer.Open(iv.Sealed.Span, out _));
        Assert.Equal(RecordVerdict.Malformed, sealer.OpenIv(iv with { Sealed = sealer.Seal(Description(SaSuite.AesGcm256, null, "10.1.0.0/16")) }, out _));
        Assert.NotEqual(sealer.KeyTag(new IkeId(7), iv: true), sealer.KeyTag(new IkeId(7), iv: false));
        Assert.NotEqual(sealer.KeyTag(new IkeId(7), iv: true), sealer.KeyTag(new IkeId(8), iv: true));
    }

    [Fact]
    public void An_SA_of_a_call_opens_as_that_only_and_its_tag_is_of_its_key_source_and_half()
    {
        using var sealer = new RecordSealer(ClusterKeys.Of(1, One));
        var sa = new MediaSaDescription(7, 1, 1, 0, 0xABCD, 5, [.. Enumerable.Range(0, 28).Select(i => (byte)i)]);
        byte[] whole = sealer.SealMedia(sa);
        Assert.Equal(RecordVerdict.Opened, sealer.OpenMedia(whole, out MediaSaDescription back));
        Assert.Equal(sa with { Key = back.Key }, back);
        Assert.Equal(sa.Key, back.Key);
        Assert.Equal(-1, whole.AsSpan().IndexOf(sa.Key.AsSpan(0, 8)));
        Assert.Equal(RecordVerdict.Malformed, sealer.Open(whole, out _));
        Assert.Equal(RecordVerdict.Malformed, sealer.OpenMedia(sealer.Seal(Description(SaSuite.AesGcm256, null, "10.1.0.0/16")), out _));

        MediaSaDescription[] others = [sa with { Ssrc = 1 }, sa with { Half = 1 }, sa with { Key = new byte[28] }];
        Assert.Equal(4, others.Append(sa).Select(sealer.KeyTag).Distinct().Count());
        Assert.Equal(sealer.KeyTag(sa), sealer.KeyTag(sa with { Call = 9, Leg = 0, Role = 0 }));
    }

    [Theory]
    [InlineData("10.1.0.0/16", "10.1.0.0-10.1.255.255", 16)]
    [InlineData("10.1.2.3/32", "10.1.2.3-10.1.2.3", 32)]
    [InlineData("0.0.0.0/0", "0.0.0.0-255.255.255.255", 0)]
    [InlineData("2001:db8::/33", "2001:db8::-2001:db8:7fff:ffff:ffff:ffff:ffff:ffff", 33)]
    [InlineData("::/0", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0)]
    [InlineData("2001:db8::8/125", "2001:db8::8-2001:db8::f", 125)]
    public void A_selector_of_a_network_is_its_range(string network, string range, int bits)
    {
        SaSelector selector = SaSelector.Of(IPNetwork.Parse(network));
        Assert.Equal(range, $"{selector.First}-{selector.Last}");
        Assert.Equal(bits, selector.FixedBits);
        Assert.Equal(network, selector.ToString());
        Assert.True(selector.Contains(selector.First) && selector.Contains(selector.Last));
        if (bits > 0)
            Assert.False(selector.Contains(new IpAddress(selector.Last.High + (selector.Last.Low == ulong.MaxValue ? 1u : 0), selector.Last.Low + 1)));
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
        [SaSelector.Of(IPNetwork.Parse(network))], [SaSelector.Of(IPNetwork.Parse(network))], peer is null ? null : IPEndPoint.Parse(peer),
        [.. Enumerable.Repeat((byte)9, SaDescription.KeyBytes(suite))]);

    private static void Write(string file, string text)
    {
        File.WriteAllText(file, text);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
