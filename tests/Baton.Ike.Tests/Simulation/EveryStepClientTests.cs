using System.Net;
using Baton.Ike.Negotiation;
using Baton.Ike.Tests.Harness;

namespace Baton.Ike.Tests.Simulation;

/// <summary>The same where a cluster asks its peer for inner addresses (RFC 7296 section 2.19): whoever goes on has the one that the peer gave, and tells its shell.</summary>
public sealed class EveryStepClientTests
{
    private static readonly IPAddress First = IPAddress.Parse("10.9.0.1"), Last = IPAddress.Parse("10.9.0.9");

    [Fact]
    public void OfASetUp() => new EveryStep { Name = "a client's set up", IsSetUp = true, Make = Client, Begin = lab => lab.Start(), Check = AssertSame }.Walk();

    [Theory]
    [InlineData(Operation.RekeyIke, "left"), InlineData(Operation.RekeyIke, "right"), InlineData(Operation.RekeyIke, "both")]
    [InlineData(Operation.RekeyChild, "left"), InlineData(Operation.RekeyChild, "right"), InlineData(Operation.RekeyChild, "both")]
    public void OfARekey(Operation operation, string side)
    {
        IPAddress before = IPAddress.None;
        new EveryStep
        {
            Name = $"a client's {operation} by {side}", Make = Client,
            Begin = lab =>
            {
                before = AddressOf(lab.Left.Active)!;
                EveryStepTests.Ask(lab, operation, side);
            },
            Check = (lab, what) =>
            {
                Assert.True(before.Equals(AddressOf(lab.Left.Active)), $"{what}: it was {before}\n{lab.Tail()}");
                AssertSame(lab, what);
            },
        }.Walk();
    }

    /// <summary>Both ends name the same address, the shell of the one that works has it, and traffic is from it.</summary>
    private static void AssertSame(Lab lab, string what)
    {
        IkeSaFacts client = lab.Left.Active.Endpoint.Established.Last(), giver = lab.Right.Active.Endpoint.Established.Last(each => each.RemoteSpi == client.LocalSpi);
        what = $"{what}: {string.Join(' ', client.Assigned)} here, {string.Join(' ', giver.GivenToPeer)} there, {AddressOf(lab.Left.Active)} at the shell\n{lab.Tail()}";
        Assert.True(client.Assigned is [var address] && giver.GivenToPeer.SequenceEqual([address]) && address.Equals(AddressOf(lab.Left.Active)), what);
        Assert.True(lab.Left.Active.Data.Children.Values.All(each => each.Local.All(one => one.Start.Equals(client.Assigned[0]))), what);
    }

    /// <summary>What its shell was told last.</summary>
    private static IPAddress? AddressOf(IkeHost host) => host.Outputs.Select(each => each switch
    {
        IkeOutput.AddressAssigned assigned => assigned.Addresses,
        IkeOutput.IkeSaRestored restored => restored.Sa.Assigned,
        _ => null,
    }).LastOrDefault(each => each is { Count: > 0 })?[0];

    private static Lab Client(ulong seed)
    {
        Lab lab = Setups.Standard(
            seed, each => each with { AsksForIPv4 = true, Children = [each.Children[0] with { Local = [] }] },
            each => each with { GivesAddressesFrom = ["four"], Children = [each.Children[0] with { Remote = [] }] }, leftReplicated: true, rightReplicated: true);
        lab.Right.Pools = () => new() { ["four"] = new AddressPool(First, Last) };
        return lab;
    }
}
