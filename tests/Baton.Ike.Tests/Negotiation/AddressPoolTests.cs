using System.Net;
using Baton.Ike.Negotiation;
using Baton.Ike.Tests.Harness;

namespace Baton.Ike.Tests.Negotiation;

public sealed class AddressPoolTests
{
    [Theory, InlineData("10.0.0.250", "10.0.1.5", 12), InlineData("2001:db8::fffe", "2001:db8::1:3", 6)]
    public void NoAddressHasTwoOwnersAndNoneIsLost(string first, string last, int size)
    {
        for (ulong seed = 0; seed < 50; seed++)
        {
            var random = new SeededRandom(seed);
            var pool = new AddressPool(IPAddress.Parse(first), IPAddress.Parse(last));
            var owned = new Dictionary<IPAddress, IkeSaId>();
            for (int i = 0; i < 300; i++)
            {
                if (random.Chance(0.6))
                {
                    var owner = new IkeSaId((ulong)i + 1);
                    IPAddress? given = pool.Take(owner, $"peer{random.Below(20)}");
                    Assert.Equal(owned.Count == size, given is null);
                    if (given is not null) owned.Add(given, owner);
                }
                else if (owned.Count > 0)
                {
                    (IPAddress address, IkeSaId owner) = owned.ElementAt(random.Below(owned.Count));
                    pool.Release(address, new IkeSaId(99_999));         // not its own
                    pool.Release(address, owner);
                    owned.Remove(address);
                }

                Assert.Equal(owned.Count, pool.InUse);
            }
        }
    }

    [Fact]
    public void ASuccessorClaimsWhatIsTakenAndANameGetsItsAddressAgain()
    {
        var pool = new AddressPool(IPAddress.Parse("10.0.0.1"), IPAddress.Parse("10.0.0.9"));
        Assert.True(pool.TryClaim(IPAddress.Parse("10.0.0.1"), new IkeSaId(1), "a"));
        Assert.True(pool.TryClaim(IPAddress.Parse("10.0.0.1"), new IkeSaId(1), "a"));
        Assert.False(pool.TryClaim(IPAddress.Parse("10.0.0.1"), new IkeSaId(9), "z"));
        Assert.True(pool.TryClaim(IPAddress.Parse("10.0.0.10"), new IkeSaId(1), "a"));     // not of this pool
        Assert.True(pool.TryClaim(IPAddress.Parse("2001:db8::1"), new IkeSaId(1), "a"));
        Assert.Equal(1, pool.InUse);
        IPAddress second = pool.Take(new IkeSaId(2), "b")!;
        Assert.Equal(IPAddress.Parse("10.0.0.2"), second);
        pool.Take(new IkeSaId(3), "c");
        pool.Release(second, new IkeSaId(2));
        Assert.Equal(second, pool.Take(new IkeSaId(4), "b"));
        pool.Release(IPAddress.Parse("10.0.0.1"), new IkeSaId(1));
        Assert.Equal(IPAddress.Parse("10.0.0.1"), pool.Take(new IkeSaId(5), "a"));        // also who was claimed
    }

    [Fact]
    public void WhoComesAndGoesTakesNoRoom()
    {
        var pool = new AddressPool(IPAddress.Parse("10.0.0.1"), IPAddress.Parse("10.0.0.2"));
        Assert.NotNull(pool.Take(new IkeSaId(1), "stays"));
        for (ulong i = 2; i < 1_000; i++)
        {
            IPAddress address = pool.Take(new IkeSaId(i), "flaps")!;
            pool.Release(address, new IkeSaId(i));
        }

        Assert.Equal(1, pool.Waiting);
        Assert.NotNull(pool.Take(new IkeSaId(5_000), "new"));
        Assert.Null(pool.Take(new IkeSaId(5_001), "newer"));
    }
}
