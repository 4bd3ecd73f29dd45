using Baton.Cli.Operators;
using Baton.Cluster.Protos;

namespace Baton.Cli.Tests.Operators;

public sealed class AmountsTests
{
    [Fact]
    public void ALifeSaysWhatComesFirstAndWhatIsLast()
    {
        Assert.Equal("", Amounts.Life(null));
        Assert.Equal("rekey in 52 min or 48 M bytes or 900 k packets, end in 1 h",
            Amounts.Life(new LifeLeft { RekeyMs = 3_120_000, RekeyBytes = 48_000_000, RekeyPackets = 900_000, RekeyNumbers = 1UL << 60, EndMs = 4_500_000, EndNumbers = 1UL << 60 }));
        Assert.Equal("rekey in 12 s or 4027 M numbers, end in 4295 M numbers", Amounts.Life(new LifeLeft { RekeyMs = 12_000, RekeyNumbers = 4_026_531_840, EndNumbers = uint.MaxValue }));
        Assert.Equal("replaced, end in 2 s", Amounts.Life(new LifeLeft { EndMs = 2_000 }));
    }
}
