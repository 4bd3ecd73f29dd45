using Baton.Crypto.Ike;
using Baton.Ike.Messages;
using Baton.Ike.Payloads;
using Baton.Ike.Tests.Harness;

namespace Baton.Ike.Tests.Simulation;

/// <summary>The same with a key exchange of each child's own (forward secrecy), and where the peer wants another group than the one tried first (RFC 7296 section 1.3).</summary>
public sealed class EveryStepGroupTests
{
    [Theory]
    [InlineData(Operation.RekeyChild, "left"), InlineData(Operation.RekeyChild, "right"), InlineData(Operation.RekeyChild, "both")]
    [InlineData(Operation.NewChild, "left"), InlineData(Operation.NewChild, "both")]
    public void OfAChildWithForwardSecrecy(Operation operation, string side) => Walk(
        $"{operation} with forward secrecy by {side}", each => Secret(each, KeyExchangeGroup.Curve25519), each => Secret(each, KeyExchangeGroup.Curve25519),
        lab => EveryStepTests.Ask(lab, operation, side), lab => Asked(lab).Any() && IsMade(lab));

    /// <summary>CREATE_CHILD_SA with Curve25519 ---> &lt;--- N(INVALID_KE_PAYLOAD: ECP-256), and once more with that.</summary>
    [Theory, InlineData(Operation.RekeyChild, "left"), InlineData(Operation.RekeyChild, "both"), InlineData(Operation.NewChild, "left")]
    public void OfAChildWhoseGroupIsRefused(Operation operation, string side) => Walk(
        $"{operation} with another group by {side}", each => Secret(each, KeyExchangeGroup.Curve25519, KeyExchangeGroup.Ecp256), each => Secret(each, KeyExchangeGroup.Ecp256),
        lab => EveryStepTests.Ask(lab, operation, side), lab => WasRefused(lab) && IsMade(lab));

    /// <summary>The peer's operator took the group away that the IKE SA was made with.</summary>
    [Theory, InlineData("left"), InlineData("both")]
    public void OfAnIkeRekeyWhoseGroupIsRefused(string side) => Walk(
        $"IKE rekey with another group by {side}", each => Public(each, KeyExchangeGroup.Curve25519, KeyExchangeGroup.Ecp256), each => Public(each, KeyExchangeGroup.Curve25519),
        lab =>
        {
            Connection[] without = [.. lab.Right.Policy.Connections.Select(each => Public(each, KeyExchangeGroup.Ecp256))];
            lab.Right.Policy = lab.Right.Policy with { Connections = without };
            lab.Right.Active.Step(new IkeInput.SetConnections(without));
            EveryStepTests.Ask(lab, Operation.RekeyIke, side);
        },
        lab => WasRefused(lab) && lab.Left.Active.Endpoint.Established.Last().Group == KeyExchangeGroup.Ecp256);

    /// <param name="isIt">Was it what the scenario is for? Not where what was asked died with the member that was asked; but nearly everywhere.</param>
    private static void Walk(string name, Func<Connection, Connection> left, Func<Connection, Connection> right, Action<Lab> begin, Func<Lab, bool> isIt)
    {
        (int runs, int such) = (0, 0);
        new EveryStep
        {
            Name = name, Begin = begin,
            Make = seed => Setups.Standard(seed, each => Setups.WithOther(left(each)), each => Setups.WithOther(right(each)), leftReplicated: true, rightReplicated: true),
            Check = (lab, _) => (runs, such) = (runs + 1, such + (isIt(lab) ? 1 : 0)),
        }.Walk();
        Assert.True(such > runs * 3 / 4, $"{name}: {such} of {runs}");
    }

    private static bool IsMade(Lab lab) => lab.Left.Active.Data.Children.Values.Any(each => each.Replaces is not null || each.Child == Setups.Other);

    private static bool WasRefused(Lab lab) => lab.Observer.Messages.Any(each => each.Header is { Exchange: ExchangeType.CreateChildSa, IsResponse: true }
        && each.Payloads.OfType<NotifyPayload>().Any(one => one.NotifyType == NotifyType.InvalidKePayload));

    private static IEnumerable<(string From, IkeHeader Header, IReadOnlyList<Payload> Payloads)> Asked(Lab lab) => lab.Observer.Messages
        .Where(each => each.Header is { Exchange: ExchangeType.CreateChildSa, IsResponse: false } && each.Payloads.OfType<KePayload>().Any());

    private static Connection Secret(Connection connection, params KeyExchangeGroup[] groups) =>
        connection with { Children = [.. connection.Children.Select(each => each with { Proposals = [each.Proposals[0] with { Groups = groups }] })] };

    private static Connection Public(Connection connection, params KeyExchangeGroup[] groups) =>
        connection with { IkeProposals = [connection.IkeProposals[0] with { Groups = groups }] };
}
