using System.Globalization;
using Baton.Cluster.Configuration;
using Baton.Cluster.Protos;

namespace Baton.Cluster.Tests.Configuration;

public sealed class MediaReaderTests : IDisposable
{
    private const string Key = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNk";  // 30 bytes

    private readonly string _directory = Directory.CreateTempSubdirectory("baton-config-").FullName;

    public MediaReaderTests()
    {
        foreach (string file in new[] { "ca.crt", "a.crt", "a.key", "cluster.key" })
            File.WriteAllText(Path.Combine(_directory, file), "");
    }

    [Fact]
    public void A_call_of_the_file_is_as_a_controller_would_say_it()
    {
        ConfigResult result = Parse("[insecure]\nstatic-keying = true\n" + Call());
        Assert.Empty(result.Errors);
        Assert.Contains("INSECURE", Assert.Single(result.Warnings), StringComparison.Ordinal);
        MediaCall call = Assert.Single(result.Options!.Media!.Calls);
        Assert.Equal((7UL, 1UL, "192.0.2.1", 20_000u, "198.51.100.7", 4_000u), (call.Id, call.Version, call.A.LocalAddress, call.A.LocalRtpPort, call.A.PhoneAddress, call.A.PhoneRtpPort));
        Assert.Equal((MediaTransport.Plain, MediaTransport.Srtp, 30), (call.A.Transport, call.B.Transport, call.B.OurKey.KeyAndSalt.Length));
    }

    [Theory]
    [InlineData("addresses = []", "media.addresses")]
    [InlineData("addresses = [\"phone\"]", "media.addresses")]
    [InlineData("addresses = [\"192.0.2.1\"]\nfirst-port = 30000\nlast-port = 20000", "media.last-port")]
    [InlineData("addresses = [\"192.0.2.1\"]\nlast-prot = 20000", "media.last-prot")]
    public void What_is_wrong_is_told_by_its_key(string media, string key)
    {
        ConfigResult result = Parse("", media);
        Assert.Contains(result.Errors, error => error.Key == key);
    }

    [Fact]
    public void Keys_in_the_file_need_a_word_and_a_bad_one_is_not_shown()
    {
        Assert.Contains(Parse(Call()).Errors, error => error.Key == "insecure.static-keying");
        ConfigError error = Assert.Single(Parse("[insecure]\nstatic-keying = true\n" + Call(key: "c2VjcmV0")).Errors, error => error.Key.EndsWith("key-to-phone", StringComparison.Ordinal));
        Assert.DoesNotContain("c2VjcmV0", error.ToString(), StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static string Call(string key = Key) => string.Create(CultureInfo.InvariantCulture, $"""
        [[call]]
        id = 7
        [call.a]
        local = "192.0.2.1:20000"
        phone = "198.51.100.7:4000"
        [call.b]
        local = "192.0.2.1:20002"
        suite = "AES_CM_128_HMAC_SHA1_80"
        key-of-phone = "{Key}"
        key-to-phone = "{key}"
        """);

    private ConfigResult Parse(string more, string media = "addresses = [\"192.0.2.1\"]") => ConfigFile.Parse($"""
        [node]
        name = "a"
        role = "media"
        [cluster]
        id = "voice"
        key-file = "cluster.key"
        [[cluster.member]]
        name = "a"
        sync = "192.0.2.11:7100"
        heartbeat = "192.0.2.11:7200"
        [[cluster.handler]]
        session = "192.0.2.9:7443"
        heartbeat = "192.0.2.9:7200"
        [tls]
        ca = "ca.crt"
        certificate = "a.crt"
        key = "a.key"
        [media]
        {media}
        {more}
        """, Path.Combine(_directory, "a.toml"));
}
