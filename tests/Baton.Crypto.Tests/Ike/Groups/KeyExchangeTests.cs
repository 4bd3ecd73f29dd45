using Baton.Crypto.Ike;
using Baton.Crypto.Ike.Groups;

namespace Baton.Crypto.Tests.Ike.Groups;

public sealed class KeyExchangeTests
{
    public static TheoryData<KeyExchangeGroup> Groups => [.. Enum.GetValues<KeyExchangeGroup>()];

    [Theory, MemberData(nameof(Groups))]
    public void BothEndsAgreeAndSoDoesAnotherMember(KeyExchangeGroup group)
    {
        var factory = new KeyExchangeFactory(new SeededRandom((int)group));
        for (int round = 0; round < 20; round++)
        {
            using KeyExchange initiator = factory.Create(group), responder = factory.Create(group);
            Assert.Equal(KeyExchangeGroups.PublicValueLength(group), initiator.PublicValue.Length);
            Assert.True(responder.TryAgree(initiator.PublicValue.Span, out SecretBytes? expected));
            Assert.Equal(KeyExchangeGroups.SharedSecretLength(group), expected.Length);
            using SecretBytes exported = initiator.ExportPrivate();
            using KeyExchange successor = KeyExchangeFactory.System.Import(group, exported.Span);
            Assert.True(successor.TryAgree(responder.PublicValue.Span, out SecretBytes? got));
            Assert.True(expected.FixedTimeEquals(got.Span));
            Assert.True(initiator.PublicValue.Span.SequenceEqual(successor.PublicValue.Span));
        }
    }

    /// <summary>A leading zero is kept: one shared secret or public value in 256 has one.</summary>
    [Theory]
    [InlineData(KeyExchangeGroup.Ecp256)]
    [InlineData(KeyExchangeGroup.Curve25519)]
    public void LeadingZeroesStay(KeyExchangeGroup group)
    {
        var factory = new KeyExchangeFactory(new SeededRandom(7));
        int seen = 0;
        for (int round = 0; round < 3_000 && seen < 2; round++)
        {
            using KeyExchange one = factory.Create(group), other = factory.Create(group);
            Assert.True(one.TryAgree(other.PublicValue.Span, out SecretBytes? left));
            if (left.Span[0] != 0)
                continue;
            seen++;
            Assert.True(other.TryAgree(one.PublicValue.Span, out SecretBytes? right));
            Assert.Equal(32, left.Length);
            Assert.True(left.FixedTimeEquals(right.Span));
        }

        Assert.Equal(2, seen);
    }

    [Theory, MemberData(nameof(Groups))]
    public void AValueOfAnotherLengthIsRefused(KeyExchangeGroup group)
    {
        using KeyExchange exchange = KeyExchangeFactory.System.Create(group);
        byte[] good = exchange.PublicValue.ToArray();
        Assert.False(exchange.TryAgree([], out _));
        Assert.False(exchange.TryAgree(good.AsSpan(1), out _));
        Assert.False(exchange.TryAgree([.. good, 0], out _));
        Assert.False(exchange.TryAgree([0, .. good], out _));
    }

    /// <summary>RFC 6989 2.1: 1 &lt; r &lt; p-1.</summary>
    [Theory]
    [InlineData(KeyExchangeGroup.Modp2048)]
    [InlineData(KeyExchangeGroup.Modp3072)]
    public void ModpValuesOutOfRangeAreRefused(KeyExchangeGroup group)
    {
        using KeyExchange exchange = KeyExchangeFactory.System.Create(group);
        int length = KeyExchangeGroups.PublicValueLength(group);
        byte[] value = new byte[length];
        Assert.False(exchange.TryAgree(value, out _));      // 0
        value[^1] = 1;
        Assert.False(exchange.TryAgree(value, out _));      // 1
        value[^1] = 2;
        Assert.True(exchange.TryAgree(value, out _));
        byte[] prime = Prime(group);
        Assert.False(exchange.TryAgree(prime, out _));      // p
        prime[^1]--;
        Assert.False(exchange.TryAgree(prime, out _));      // p-1
        prime[^1]--;
        Assert.True(exchange.TryAgree(prime, out _));       // p-2
        Assert.False(exchange.TryAgree(Enumerable.Repeat((byte)0xFF, length).ToArray(), out _));
    }

    /// <summary>RFC 6989 2.3: coordinates below the prime, and on the curve.</summary>
    [Theory]
    [InlineData(KeyExchangeGroup.Ecp256)]
    [InlineData(KeyExchangeGroup.Ecp384)]
    [InlineData(KeyExchangeGroup.Ecp521)]
    public void PointsThatAreNotOnTheCurveAreRefused(KeyExchangeGroup group)
    {
        using KeyExchange exchange = KeyExchangeFactory.System.Create(group);
        byte[] good = exchange.PublicValue.ToArray();
        for (int at = 0; at < good.Length; at += 7)
        {
            byte[] bad = [.. good];
            bad[at] ^= 1;
            Assert.False(exchange.TryAgree(bad, out _));
        }

        Assert.False(exchange.TryAgree(new byte[good.Length], out _));
        Assert.False(exchange.TryAgree(Enumerable.Repeat((byte)0xFF, good.Length).ToArray(), out _));
        Assert.True(exchange.TryAgree(good, out _));
    }

    /// <summary>RFC 8031 4: a peer's value of small order gives zero, and the exchange fails.</summary>
    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")]
    [InlineData("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    public void Curve25519ValuesOfSmallOrderAreRefused(string value)
    {
        using KeyExchange exchange = KeyExchangeFactory.System.Create(KeyExchangeGroup.Curve25519);
        Assert.False(exchange.TryAgree(Convert.FromHexString(value), out SecretBytes? shared));
        Assert.Null(shared);
    }

    [Theory, MemberData(nameof(Groups))]
    public void ASeedRepeatsTheValue(KeyExchangeGroup group)
    {
        using KeyExchange one = new KeyExchangeFactory(new SeededRandom(5)).Create(group), same = new KeyExchangeFactory(new SeededRandom(5)).Create(group);
        using KeyExchange other = new KeyExchangeFactory(new SeededRandom(6)).Create(group);
        Assert.True(one.PublicValue.Span.SequenceEqual(same.PublicValue.Span));
        Assert.False(one.PublicValue.Span.SequenceEqual(other.PublicValue.Span));
    }

    [Fact]
    public void APrivateValueOutOfRangeIsRefused()
    {
        KeyExchangeFactory factory = KeyExchangeFactory.System;
        Assert.Throws<ArgumentException>(() => factory.Import(KeyExchangeGroup.Ecp256, new byte[32]));
        Assert.Throws<ArgumentException>(() => factory.Import(KeyExchangeGroup.Ecp256, Enumerable.Repeat((byte)0xFF, 32).ToArray()));
        Assert.Throws<ArgumentException>(() => factory.Import(KeyExchangeGroup.Ecp384, new byte[47]));
        Assert.Throws<ArgumentException>(() => factory.Import(KeyExchangeGroup.Modp2048, new byte[32]));
    }

    /// <summary>RFC 8247 2.4: the groups below 2048 bits, and those with small subgroups (22 to 24), are not here.</summary>
    [Fact]
    public void OnlyStrongGroupsAreSupported()
    {
        Assert.Equal([14, 15, 19, 20, 21, 31], Enumerable.Range(0, 65_536).Where(number => KeyExchangeGroups.IsSupported((ushort)number)));
        Assert.Throws<ArgumentOutOfRangeException>(() => KeyExchangeFactory.System.Create((KeyExchangeGroup)2));
    }

    private static byte[] Prime(KeyExchangeGroup group) =>
        Convert.FromHexString(group == KeyExchangeGroup.Modp2048 ? GroupVectorTests.Prime2048 : GroupVectorTests.Prime3072);
}
