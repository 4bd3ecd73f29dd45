using System.Net;
using Baton.Ike.Negotiation;
using Baton.Ike.Payloads;
using Baton.Ike.Tests.Harness;

namespace Baton.Ike.Tests.Negotiation;

public sealed class TrafficSelectorNarrowingTests
{
    /// <summary>Against the obvious model: a packet is inside the answer exactly when it is inside the offer and inside the policy.</summary>
    [Fact]
    public void TheAnswerIsTheIntersection()
    {
        for (ulong seed = 0; seed < 3_000; seed++)
        {
            var random = new SeededRandom(seed);
            List<TrafficSelector> offer = Some(random), policy = Some(random);
            List<TrafficSelector> answer = TrafficSelectorNarrowing.Narrow(offer, policy);
            Assert.True(answer.Count == 0 || TrafficSelectorNarrowing.IsSubset(answer, offer) && TrafficSelectorNarrowing.IsSubset(answer, policy));
            for (int i = 0; i < 50; i++)
            {
                (byte protocol, int port, int address) packet = ((byte)(1 + random.Below(3)), random.Below(8), random.Below(16));
                Assert.True(Has(answer, packet) == (Has(offer, packet) && Has(policy, packet)), $"seed {seed}, packet {packet}");
            }
        }
    }

    [Fact]
    public void ThePacketThatAskedIsInTheAnswer()
    {
        // TSi = (packet, net): the answer contains the packet whenever the policy has it (section 2.9).
        var packet = new TrafficSelector(17, 5060, 5060, IPAddress.Parse("10.1.0.5"), IPAddress.Parse("10.1.0.5"));
        List<TrafficSelector> answer = TrafficSelectorNarrowing.Narrow([packet, Setups.LeftNet], [Setups.Net("10.1.0.0", "10.1.0.255")]);
        Assert.Contains(answer, each => TrafficSelectorNarrowing.Contains(each, packet));
    }

    [Fact]
    public void FamiliesDoNotMeetAndOpaqueIsInsideAll()
    {
        var opaque = new TrafficSelector(17, 65535, 0, IPAddress.Parse("10.1.0.1"), IPAddress.Parse("10.1.0.1"));
        Assert.Empty(TrafficSelectorNarrowing.Narrow([TrafficSelectorNarrowing.All[0]], [TrafficSelectorNarrowing.All[1]]));
        Assert.Equal([opaque], TrafficSelectorNarrowing.Narrow([opaque], [Setups.LeftNet]));
        Assert.Empty(TrafficSelectorNarrowing.Narrow([opaque], [Setups.LeftNet with { StartPort = 5, EndPort = 6 }]));
    }

    [Fact]
    public void AnAnswerIsBounded()
    {
        List<TrafficSelector> many = [.. Enumerable.Range(0, 200).Select(i => new TrafficSelector(0, (ushort)(2 * i), (ushort)(2 * i), IPAddress.Any, IPAddress.Broadcast))];
        Assert.Equal(TrafficSelectorNarrowing.MostSelectors, TrafficSelectorNarrowing.Narrow(many, TrafficSelectorNarrowing.All).Count);
    }

    private static List<TrafficSelector> Some(SeededRandom random)
    {
        var list = new List<TrafficSelector>();
        for (int i = 1 + random.Below(4); i > 0; i--)
        {
            int a = random.Below(16), b = random.Below(16), p = random.Below(8), q = random.Below(8);
            list.Add(new TrafficSelector(
                (byte)random.Below(4), (ushort)(random.Chance(0.5) ? 0 : Math.Min(p, q)), (ushort)(random.Chance(0.5) ? 65535 : Math.Max(p, q)),
                new IPAddress([10, 0, 0, (byte)Math.Min(a, b)]), new IPAddress([10, 0, 0, (byte)Math.Max(a, b)])));
        }

        return list;
    }

    private static bool Has(List<TrafficSelector> selectors, (byte Protocol, int Port, int Address) packet) => selectors.Exists(each =>
        (each.Protocol == 0 || each.Protocol == packet.Protocol) && each.StartPort <= packet.Port && packet.Port <= each.EndPort
        && each.Start.GetAddressBytes()[3] <= packet.Address && packet.Address <= each.End.GetAddressBytes()[3]);
}
