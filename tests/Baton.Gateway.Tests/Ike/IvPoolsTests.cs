using Baton.Gateway.Ike;
using Baton.Ike;
using Baton.Ike.Messages;
using Baton.Redundancy.Records;

namespace Baton.Gateway.Tests.Ike;

public sealed class IvPoolsTests
{
    private readonly List<IkeId> _wanted = [];

    private static readonly IkeSaId Sa = new(7);

    private IvPools Pools() => new(_wanted.Add);

    [Fact]
    public void A_new_ike_sa_has_the_first_ones_for_itself_and_asks_for_more_in_time()
    {
        IIvSource source = Pools().Open(Sa, isRestored: false);
        for (ulong i = 1; i <= IvPools.Own; i++)
        {
            Assert.True(source.TryTake(out ulong number));
            Assert.Equal(i, number);
        }

        Assert.False(source.TryTake(out _));
        Assert.Equal([new IkeId(7)], _wanted);  // once, until it is answered
    }

    [Fact]
    public void What_the_lease_gives_comes_behind_and_each_once()
    {
        IvPools pools = Pools();
        IIvSource source = pools.Open(Sa, isRestored: false);
        for (ulong i = 1; i <= IvPools.Own; i++)
            Assert.True(source.TryTake(out _));
        pools.Give(new IkeId(7), [65, 66]);
        Assert.True(source.TryTake(out ulong first));
        Assert.True(source.TryTake(out ulong second));
        Assert.False(source.TryTake(out _));
        Assert.Equal((65UL, 66UL), (first, second));
        Assert.Equal(2, _wanted.Count);
    }

    [Fact]
    public void After_a_takeover_nothing_is_its_own()
    {
        IvPools pools = Pools();
        IIvSource source = pools.Open(Sa, isRestored: true);
        Assert.False(source.TryTake(out _));
        pools.Give(new IkeId(7), [1_048_641]);
        Assert.True(source.TryTake(out ulong number));
        Assert.Equal(1_048_641UL, number);
    }

    [Fact]
    public void An_empty_answer_lets_it_ask_again()
    {
        IvPools pools = Pools();
        IIvSource source = pools.Open(Sa, isRestored: true);
        Assert.False(source.TryTake(out _));
        pools.Give(new IkeId(7), []);
        Assert.False(source.TryTake(out _));
        Assert.Equal(2, _wanted.Count);
    }
}
