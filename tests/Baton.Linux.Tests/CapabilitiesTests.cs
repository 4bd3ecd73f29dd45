namespace Baton.Linux.Tests;

public sealed class CapabilitiesTests
{
    [Theory]
    [InlineData("CapEff:\t0000000000001000", Capability.NetAdmin, true)]
    [InlineData("CapEff:\t0000000000001000", Capability.NetRaw, false)]
    [InlineData("CapEff:\t0000000000802400", Capability.SysNice, true)]
    [InlineData("CapEff:\t0000000000802400", Capability.NetBindService, true)]
    [InlineData("CapEff:\t0000000000802400", Capability.IpcLock, false)]
    [InlineData("CapPrm:\t000001ffffffffff", Capability.IpcLock, false)]
    [InlineData("CapEff:\tnonsense", Capability.IpcLock, false)]
    public void TheBitsAreTheKernels(string line, Capability capability, bool has) =>
        Assert.Equal(has, (Capabilities.Parse(["Name:\tbaton", line], "CapEff:") >> (int)capability & 1) != 0);

    [Fact]
    public void ThisProcessKnowsItsOwn()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: another user's rights depend on the machine");
        Assert.True(Capabilities.Has(Capability.NetAdmin));
    }

    [Fact]
    public void LimitsAreReadAndAnUnknownOneIsNone()
    {
        Assert.True(Capabilities.Limit("Max open files") > 0);
        Assert.Null(Capabilities.Limit("Max dreams"));
    }
}
