using CsCheck;

namespace Baton.Voice.Tests;

public class NumberSetTests
{
    [Fact]
    public void Equals_a_hash_set_whatever_comes()
    {
        // Few numbers, so that ranges meet, join and repeat.
        Gen.ULong[0, 60].Array[0, 120].Sample(numbers =>
        {
            var set = new NumberSet();
            var model = new HashSet<ulong>();
            foreach (ulong number in numbers)
                Assert.Equal(model.Add(number), set.Add(number));
            Assert.Equal(model.Count, set.Count);
            for (ulong number = 0; number <= 61; number++)
                Assert.Equal(model.Contains(number), set.Contains(number));
            Assert.Equal(model.Count == 0 ? 0 : model.Max(), set.Highest);
            // Never two ranges where one would do.
            Assert.Equal(model.Count(number => number == 0 || !model.Contains(number - 1)), set.Ranges);
        });
    }

    [Fact]
    public void Takes_the_ends_of_the_number_space()
    {
        var set = new NumberSet();
        Assert.True(set.Add(ulong.MaxValue));
        Assert.True(set.Add(0));
        Assert.True(set.Add(ulong.MaxValue - 1));
        Assert.False(set.Add(ulong.MaxValue));
        Assert.False(set.Add(0));
        Assert.Equal(2, set.Ranges);
    }

    [Fact]
    public void A_stream_with_jumps_costs_a_range_a_jump()
    {
        var set = new NumberSet();
        for (ulong slice = 0; slice < 8; slice++)
        {
            for (ulong i = 1; i <= 10_000; i++)
                set.Add((slice << 24) + i);
        }

        Assert.Equal(8, set.Ranges);
        Assert.Equal(80_000, set.Count);
    }
}
