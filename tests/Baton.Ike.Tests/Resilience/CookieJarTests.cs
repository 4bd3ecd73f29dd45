using System.Net;
using Baton.Ike.Resilience;
using Baton.Ike.Tests.Harness;
using Baton.Wire;

namespace Baton.Ike.Tests.Resilience;

/// <summary>RFC 7296 section 2.6.</summary>
public sealed class CookieJarTests
{
    private static readonly byte[] Nonce = [1, 2, 3, 4];
    private static readonly IPAddress From = IPAddress.Parse("192.0.2.7");

    [Fact]
    public void OnlyTheSameStrangerFindsItGood()
    {
        var jar = new CookieJar(new SeededRandom(1), TimeSpan.FromSeconds(60));
        byte[] cookie = jar.Make(Nonce, From, 7, default);
        Assert.True(jar.IsGood(cookie, Nonce, From, 7, default));
        Assert.False(jar.IsGood(cookie, new byte[] { 1, 2, 3, 5 }, From, 7, default));
        Assert.False(jar.IsGood(cookie, Nonce, IPAddress.Parse("192.0.2.8"), 7, default));
        Assert.False(jar.IsGood(cookie, Nonce, From, 8, default));
        Assert.False(jar.IsGood(cookie.AsSpan(1), Nonce, From, 7, default));
        cookie[^1] ^= 1;
        Assert.False(jar.IsGood(cookie, Nonce, From, 7, default));
    }

    /// <summary>Who chooses its own IPv6 address must not get a cookie that is good for another's IPv4 address.</summary>
    [Fact]
    public void ACookieForOneFamilyIsNotGoodForTheOther()
    {
        var jar = new CookieJar(new SeededRandom(1), TimeSpan.FromSeconds(60));
        byte[] ours = IPAddress.Parse("2001:db8::c000:207").GetAddressBytes();
        byte[] cookie = jar.Make(Nonce, new IPAddress(ours), 7, default);
        Assert.False(jar.IsGood(cookie, [.. Nonce, .. ours[..12]], From, 7, default));
        Assert.True(jar.IsGood(jar.Make(Nonce, From, 7, default), Nonce, From, 7, default));
    }

    [Fact]
    public void TheSecretBeforeIsStillGoodAndTheOneBeforeThatIsNot()
    {
        var jar = new CookieJar(new SeededRandom(1), TimeSpan.FromSeconds(60));
        byte[] cookie = jar.Make(Nonce, From, 7, Instant.FromMilliseconds(0));
        Assert.True(jar.IsGood(cookie, Nonce, From, 7, Instant.FromMilliseconds(59_000)));
        Assert.True(jar.IsGood(cookie, Nonce, From, 7, Instant.FromMilliseconds(61_000)));
        Assert.False(jar.IsGood(cookie, Nonce, From, 7, Instant.FromMilliseconds(122_000)));
    }
}
