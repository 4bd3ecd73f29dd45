using System.Net;
using Baton.Cluster.Certificates;

namespace Baton.Cluster.Tests.Certificates;

public sealed class PkiTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("baton-pki-").FullName;

    [Fact]
    public void An_issued_certificate_is_believed_in_its_role_only()
    {
        Pki pki = Pki.Init(_directory, "demo");
        pki.Issue("gateway", "a", ["a.example"], [IPAddress.Loopback]);
        pki.Issue("handler", "h");
        TlsMaterial a = Load("a");
        TlsMaterial h = Load("h");
        Assert.Equal(new NodeIdentity("demo", "gateway", "a"), a.Identity);
        Assert.True(h.Accepts(a.Own, ["gateway"], out NodeIdentity? who, out _));
        Assert.Equal(a.Identity, who);
        Assert.False(h.Accepts(a.Own, ["operator"], out _, out string refusal));
        Assert.Equal("baton://demo/gateway/a is a gateway; only operator may do this", refusal);
        Assert.False(h.Accepts(null, [], out _, out refusal));
        Assert.Equal("it showed no certificate", refusal);
    }

    [Fact]
    public void Another_ca_with_the_same_names_is_not_believed()
    {
        Pki.Init(_directory, "demo").Issue("gateway", "a");
        string other = Path.Combine(_directory, "other");
        Pki.Init(other, "demo").Issue("gateway", "a");
        TlsMaterial ours = Load("a");
        Assert.True(TlsMaterial.TryLoad(Path.Combine(other, "ca.crt"), Path.Combine(other, "a.crt"), Path.Combine(other, "a.key"), out TlsMaterial theirs, out _));
        Assert.False(ours.Accepts(theirs.Own, [], out _, out string refusal));
        Assert.Contains("not issued by this cluster's CA", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void Expired_and_early_certificates_are_refused_with_their_dates()
    {
        Pki pki = Pki.Init(_directory, "demo");
        pki.Issue("gateway", "a");
        pki.Issue("gateway", "old", notBefore: DateTimeOffset.UtcNow.AddMinutes(-4), validity: TimeSpan.FromMinutes(3));
        pki.Issue("gateway", "early", notBefore: DateTimeOffset.UtcNow.AddDays(1));
        TlsMaterial a = Load("a");
        foreach (string name in new[] { "old", "early" })
        {
            Assert.False(a.Accepts(Load(name).Own, [], out _, out string refusal));
            Assert.Contains("only; renew it with 'baton pki renew', or set the clock", refusal, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Secrets_are_for_their_owner_only()
    {
        Pki.Init(_directory, "demo").Issue("gateway", "a");
        foreach (string file in new[] { "ca.key", "cluster.key", "control.key", "a.key" })
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_directory, file)));
    }

    [Fact]
    public void Renewing_keeps_who_it_is_and_changes_the_key()
    {
        Pki pki = Pki.Init(_directory, "demo");
        pki.Issue("router", "r", ["r.example"], [IPAddress.Parse("192.0.2.7")]);
        TlsMaterial before = Load("r");
        pki.Renew("r");
        TlsMaterial after = Load("r");
        Assert.Equal(before.Identity, after.Identity);
        Assert.NotEqual(before.Own.GetPublicKeyString(), after.Own.GetPublicKeyString());
        PkiEntry entry = pki.Show().Single(e => e.File == "r.crt");
        Assert.Equal("r.example 192.0.2.7", entry.Names);
        Assert.Equal(["ca.crt", "r.crt"], pki.Show().Select(e => e.File));
    }

    [Fact]
    public void A_node_that_runs_takes_its_renewed_certificate_over_and_no_other()
    {
        Pki pki = Pki.Init(_directory, "demo");
        pki.Issue("gateway", "a");
        pki.Issue("gateway", "b");
        pki.Issue("gateway", "late", notBefore: DateTimeOffset.UtcNow.AddMinutes(-4), validity: TimeSpan.FromMinutes(3));
        TlsMaterial a = Load("a"), late = Load("late");
        string first = a.Own.Thumbprint;
        Assert.False(a.TryTakeOver(Load("b"), out string refusal));
        Assert.Equal("the certificate is of baton://demo/gateway/b, this node is baton://demo/gateway/a", refusal);
        Assert.False(late.TryTakeOver(Load("late"), out refusal));
        Assert.Contains("renew it with 'baton pki renew'", refusal, StringComparison.Ordinal);
        Assert.Equal(first, a.Own.Thumbprint);

        pki.Renew("a");
        Assert.True(a.TryTakeOver(Load("a"), out refusal), refusal);
        Assert.NotEqual(first, a.Own.Thumbprint);
        Assert.Equal(a.Own, a.ForServer([], _ => { }).ServerCertificateContext!.TargetCertificate);
        Assert.Equal(a.Own, a.ForClient([], _ => { }).ClientCertificateContext!.TargetCertificate);
    }

    [Fact]
    public void Nothing_is_overwritten_and_mistakes_are_told()
    {
        Pki pki = Pki.Init(_directory, "demo");
        Assert.Throws<PkiException>(() => Pki.Init(_directory, "demo"));
        Assert.Throws<PkiException>(() => Pki.Init(Path.Combine(_directory, "x"), "Demo"));
        Assert.Throws<PkiException>(() => pki.Issue("gatway", "a"));
        Assert.Throws<PkiException>(() => pki.Issue("gateway", "../a"));
        Assert.Throws<PkiException>(() => pki.Issue("gateway", "ca"));
        Assert.Throws<PkiException>(() => pki.Renew("nobody"));
        Assert.Throws<PkiException>(() => Pki.Open(Path.Combine(_directory, "nowhere")));
        Assert.Equal(2U, pki.AddClusterKey());
    }

    [Theory]
    [InlineData("baton://demo/gateway/a", true)]
    [InlineData("baton://demo/gateway", false)]
    [InlineData("baton://demo/gateway/a/b", false)]
    [InlineData("https://demo/gateway/a", false)]
    [InlineData("baton://demo//a", false)]
    [InlineData("baton://Demo/gateway/a", false)]
    public void Only_whole_names_name_a_node(string uri, bool good) => Assert.Equal(good, NodeIdentity.TryParse(uri, out _));

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private TlsMaterial Load(string name)
    {
        Assert.True(TlsMaterial.TryLoad(Path.Combine(_directory, "ca.crt"), Path.Combine(_directory, $"{name}.crt"), Path.Combine(_directory, $"{name}.key"),
            out TlsMaterial material, out string error), error);
        return material;
    }
}
