using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Baton.Crypto.Ike;
using Baton.Crypto.Ike.Certificates;
using Baton.Crypto.Ike.Signatures;

namespace Baton.Crypto.Tests.Ike.Certificates;

public sealed class CertificateTests : IDisposable
{
    private static readonly SignatureHash[] Hashes = [SignatureHash.Sha256, SignatureHash.Sha384, SignatureHash.Sha512];
    private static readonly byte[] Octets = [1, 2, 3];
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly TestAuthority _root = TestAuthority.Root("CN=root");

    public void Dispose() => _root.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void APeerWithAGoodCertificateIsTrusted(bool isRsa)
    {
        Peer peer = _root.Issue(isRsa);
        Assert.Equal(CertificateVerdict.Trusted, Authenticate(peer, [peer.Certificate]));
    }

    [Fact]
    public void AnIntermediateComesFromThePeer()
    {
        using TestAuthority middle = _root.Intermediate("CN=middle");
        Peer peer = middle.Issue();
        Assert.Equal(CertificateVerdict.Trusted, Authenticate(peer, [peer.Certificate, middle.Certificate]));
        Assert.Equal(CertificateVerdict.Untrusted, Authenticate(peer, [peer.Certificate]));
        Assert.Equal(CertificateVerdict.Trusted, Authenticate(peer, [peer.Certificate], authorities: [middle.Certificate]));
    }

    [Fact]
    public void AStrangersCertificateIsNot()
    {
        using TestAuthority stranger = TestAuthority.Root("CN=root");       // the same name, another key
        Peer peer = stranger.Issue();
        Assert.Equal(CertificateVerdict.Untrusted, Authenticate(peer, [peer.Certificate]));
        Assert.Equal(CertificateVerdict.Untrusted, Authenticate(peer, [peer.Certificate, stranger.Certificate]));
    }

    [Fact]
    public void APeerCannotIssue()
    {
        Peer peer = _root.Issue();
        using var pretender = new TestAuthority(peer.Certificate, peer.Key);
        Peer second = pretender.Issue();
        Assert.Equal(CertificateVerdict.Untrusted, Authenticate(second, [second.Certificate, peer.Certificate]));
    }

    [Fact]
    public void DatesCount()
    {
        Peer peer = _root.Issue();
        Assert.Equal(CertificateVerdict.OutOfDate, Authenticate(peer, [peer.Certificate], now: TestAuthority.NotAfter.AddDays(1)));
        Assert.Equal(CertificateVerdict.OutOfDate, Authenticate(peer, [peer.Certificate], now: TestAuthority.NotBefore.AddDays(-1)));
    }

    [Fact]
    public void TheSignatureMustBeTheCertificatesKeys()
    {
        Peer peer = _root.Issue(), other = _root.Issue();
        Assert.Equal(CertificateVerdict.BadSignature, Authenticate(other, [peer.Certificate]));
        Assert.Equal(CertificateVerdict.BadSignature, Authenticate(peer, [peer.Certificate], octets: [1, 2, 4]));
    }

    [Theory]
    [InlineData(IdentityType.Fqdn, "gw.example", CertificateVerdict.Trusted)]
    [InlineData(IdentityType.Fqdn, "GW.Example", CertificateVerdict.Trusted)]
    [InlineData(IdentityType.Fqdn, "example", CertificateVerdict.IdentityMismatch)]
    [InlineData(IdentityType.Fqdn, "gw.example.", CertificateVerdict.IdentityMismatch)]
    [InlineData(IdentityType.Fqdn, "peer", CertificateVerdict.IdentityMismatch)]     // the common name
    [InlineData(IdentityType.Fqdn, "any.wild.example", CertificateVerdict.IdentityMismatch)]
    [InlineData(IdentityType.Fqdn, "", CertificateVerdict.IdentityMismatch)]
    [InlineData(IdentityType.Rfc822Address, "gw@example.org", CertificateVerdict.Trusted)]
    [InlineData(IdentityType.Rfc822Address, "gw.example", CertificateVerdict.IdentityMismatch)]
    [InlineData(IdentityType.KeyId, "gw.example", CertificateVerdict.IdentityMismatch)]
    public void NamesAreThoseOfTheCertificate(IdentityType type, string name, CertificateVerdict expected)
    {
        Peer peer = _root.Issue();
        Assert.Equal(expected, Authenticate(peer, [peer.Certificate], type, Encoding.ASCII.GetBytes(name)));
    }

    [Theory]
    [InlineData(IdentityType.Ipv4Address, "192.0.2.7", CertificateVerdict.Trusted)]
    [InlineData(IdentityType.Ipv4Address, "192.0.2.8", CertificateVerdict.IdentityMismatch)]
    [InlineData(IdentityType.Ipv6Address, "2001:db8::7", CertificateVerdict.Trusted)]
    [InlineData(IdentityType.Ipv6Address, "2001:db8::8", CertificateVerdict.IdentityMismatch)]
    public void AddressesAreThoseOfTheCertificate(IdentityType type, string address, CertificateVerdict expected)
    {
        Peer peer = _root.Issue();
        Assert.Equal(expected, Authenticate(peer, [peer.Certificate], type, IPAddress.Parse(address).GetAddressBytes()));
    }

    [Fact]
    public void ADistinguishedNameIsTheSubject()
    {
        Peer peer = _root.Issue();
        Assert.Equal(CertificateVerdict.Trusted, Authenticate(peer, [peer.Certificate], IdentityType.DerAsn1Dn, peer.Certificate.SubjectName.RawData));
        Assert.Equal(CertificateVerdict.IdentityMismatch, Authenticate(peer, [peer.Certificate], IdentityType.DerAsn1Dn, _root.Certificate.SubjectName.RawData));
    }

    [Fact]
    public void ARevokedCertificateIsRefused()
    {
        Peer revoked = _root.Issue(), good = _root.Issue();
        RevocationList list = _root.Revoke(revoked);
        Assert.Equal(CertificateVerdict.Revoked, Authenticate(revoked, [revoked.Certificate], lists: [list]));
        Assert.Equal(CertificateVerdict.Trusted, Authenticate(good, [good.Certificate], lists: [list]));
        Assert.Equal(CertificateVerdict.Trusted, Authenticate(good, [good.Certificate], lists: [list], revocation: RevocationMode.Required));
    }

    [Fact]
    public void AListOfAnotherKeyRevokesNothing()
    {
        using TestAuthority stranger = TestAuthority.Root("CN=root");
        Peer peer = _root.Issue();
        RevocationList forged = stranger.Revoke(peer);
        Assert.Equal(CertificateVerdict.Trusted, Authenticate(peer, [peer.Certificate], lists: [forged]));
        Assert.Equal(CertificateVerdict.RevocationUnknown, Authenticate(peer, [peer.Certificate], lists: [forged], revocation: RevocationMode.Required));
    }

    [Fact]
    public void WhereListsAreRequiredAnOldOneIsNone()
    {
        Peer peer = _root.Issue(), revoked = _root.Issue();
        RevocationList old = _root.Revoke(revoked, nextUpdate: Now.AddDays(-1));
        Assert.Equal(CertificateVerdict.RevocationUnknown, Authenticate(peer, [peer.Certificate], lists: [old], revocation: RevocationMode.Required));
        Assert.Equal(CertificateVerdict.RevocationUnknown, Authenticate(peer, [peer.Certificate], revocation: RevocationMode.Required));
        Assert.Equal(CertificateVerdict.Trusted, Authenticate(peer, [peer.Certificate], lists: [old]));
        Assert.Equal(CertificateVerdict.Revoked, Authenticate(revoked, [revoked.Certificate], lists: [old]));
    }

    [Fact]
    public void AnIntermediateCanBeRevoked()
    {
        using TestAuthority middle = _root.Intermediate("CN=middle");
        Peer peer = middle.Issue();
        RevocationList list = _root.Revoke(new Peer(middle.Certificate, peer.Key));
        Assert.Equal(CertificateVerdict.Revoked, Authenticate(peer, [peer.Certificate, middle.Certificate], lists: [list]));
    }

    [Fact]
    public void WeakCertificatesAreRefused()
    {
        Peer small = _root.Issue(key: RSA.Create(1024));
        Assert.Equal(CertificateVerdict.Weak, Authenticate(small, [small.Certificate], sign: false));
        using TestAuthority rsaRoot = TestAuthority.Root("CN=rsa", isRsa: true);
        Peer sha1 = rsaRoot.Issue(sha1: true);
        CertificateVerdict verdict = Authenticate(sha1, [sha1.Certificate], authorities: [rsaRoot.Certificate]);
        Assert.Contains(verdict, (CertificateVerdict[])[CertificateVerdict.Weak, CertificateVerdict.Untrusted]);    // newer libraries refuse it themselves
    }

    [Fact]
    public void ACertificateForOtherUsesDoesNotSign()
    {
        Peer peer = _root.Issue(usage: X509KeyUsageFlags.KeyEncipherment);
        Assert.Equal(CertificateVerdict.WrongUsage, Authenticate(peer, [peer.Certificate]));
    }

    [Fact]
    public void BadBytesAreAVerdict()
    {
        Peer peer = _root.Issue();
        var authenticator = new CertificateAuthenticator([_root.Certificate], []);
        Assert.Equal(CertificateVerdict.Missing, Run(authenticator, []));
        byte[] bytes = peer.Certificate.RawData;
        for (int at = 0; at < bytes.Length; at += 5)
        {
            byte[] bad = [.. bytes];
            bad[at] ^= 0x11;
            Assert.NotEqual(CertificateVerdict.Trusted, Run(authenticator, [bad]));
            Assert.NotEqual(CertificateVerdict.Trusted, Run(authenticator, [bytes.AsMemory(0, at)]));
        }

        Assert.Equal(CertificateVerdict.TooMany, Run(authenticator, [.. Enumerable.Repeat((ReadOnlyMemory<byte>)bytes, 9)]));
        Assert.Equal(CertificateVerdict.TooMany, Run(authenticator, [new byte[20_000]]));

        CertificateVerdict Run(CertificateAuthenticator with, IReadOnlyList<ReadOnlyMemory<byte>> certificates) =>
            with.Authenticate(certificates, IdentityType.Fqdn, "gw.example"u8, AuthenticationMethod.DigitalSignature, new byte[80], Octets, Now);
    }

    [Fact]
    public void ARequestNamesTheAuthoritiesKeys()
    {
        byte[] spki = _root.Certificate.PublicKey.ExportSubjectPublicKeyInfo();
#pragma warning disable CA5350 // RFC 7296 3.7 names authorities by SHA-1
        Assert.Equal(SHA1.HashData(spki), new CertificateAuthenticator([_root.Certificate], []).AuthorityKeyHashes);
#pragma warning restore CA5350
    }

    [Theory]
    [InlineData("")]
    [InlineData("30")]
    [InlineData("3003020101")]
    public void WhatIsNoListIsRefusedWhenItIsRead(string hex) =>
        Assert.Throws<CryptographicException>(() => RevocationList.Parse(Convert.FromHexString(hex)));

    private CertificateVerdict Authenticate(
        Peer peer,
        X509Certificate2[] certificates,
        IdentityType type = IdentityType.Fqdn,
        byte[]? identity = null,
        X509Certificate2[]? authorities = null,
        RevocationList[]? lists = null,
        RevocationMode revocation = RevocationMode.WhereListed,
        DateTimeOffset? now = null,
        byte[]? octets = null,
        bool sign = true)
    {
        var authenticator = new CertificateAuthenticator(authorities ?? [_root.Certificate], lists ?? [], revocation);
        AuthenticationMethod method = AuthenticationMethod.DigitalSignature;
        byte[]? data = [0];
        if (sign)
            Assert.True(SigningKey.From(peer.Key).TrySign(Hashes, Octets, out method, out data));
        CertificateVerdict verdict = CertificateVerdict.Missing;
        for (int round = 0; round < 2; round++)            // the second time nothing of the first is in the way
        {
            verdict = authenticator.Authenticate(
                [.. certificates.Select(certificate => (ReadOnlyMemory<byte>)certificate.RawData)],
                type, identity ?? "gw.example"u8.ToArray(), method, data, octets ?? Octets, now ?? Now);
        }

        return verdict;
    }
}
