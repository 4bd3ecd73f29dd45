using Baton.Ike.Tests.Harness;

namespace Baton.Ike.Tests.Simulation;

/// <summary>A takeover at every step of every exchange that can be asked for, of either side, in either role, with the ledger ahead of or behind what left.</summary>
public sealed class EveryStepTests
{
    public static TheoryData<Operation, string> Asked
    {
        get
        {
            var data = new TheoryData<Operation, string>();
            foreach (Operation operation in Enum.GetValues<Operation>())
            {
                if (operation is Operation.NewChild or Operation.Initiate) continue;           // what these end with is told below
                foreach (string side in new[] { "left", "right", "both" }) data.Add(operation, side);
            }

            return data;
        }
    }

    [Fact]
    public void OfASetUp() => new EveryStep { Name = "set up", IsSetUp = true, Begin = lab => lab.Start() }.Walk();

    [Theory, MemberData(nameof(Asked))]
    public void OfWhatIsAsked(Operation operation, string side) => new EveryStep
    {
        Name = $"{operation} by {side}", EndsTheChild = operation == Operation.DeleteChild, Begin = lab => Ask(lab, operation, side),
    }.Walk();

    /// <summary>RFC 7296 section 1.3.1: a child that packets ask for, beside the one that carries on.</summary>
    [Theory, InlineData("left"), InlineData("right"), InlineData("both")]
    public void OfANewChild(string side) => new EveryStep
    {
        Name = $"a new child by {side}", Begin = lab => Ask(lab, Operation.NewChild, side),
        Check = (lab, what) =>
        {
            // Whatever was lost with the one that died, the next packet asks again: once both know the same ones.
            if (!HasOther(lab.Left)) Operations.Ask(lab.Left, Operation.NewChild);
            lab.Run(1_000);
            Assert.True(HasOther(lab.Left) && HasOther(lab.Right) && Agreement.WhyNot(lab) is null, $"{what}: {Agreement.WhyNot(lab)}\n{lab.Tail()}");
        },
    }.Walk();

    /// <summary>The connection's only child was deleted, and the whole connection is wanted again.</summary>
    [Theory, InlineData("left"), InlineData("right"), InlineData("both")]
    public void OfALostChildThatIsBroughtBack(string side) => new EveryStep
    {
        Name = $"a lost child brought back by {side}", EndsTheChild = true,
        Begin = lab =>
        {
            Operations.Ask(lab.Left, Operation.DeleteChild);
            lab.Await(() => lab.Left.Active.Data.Children.Count == 0 && lab.Right.Active.Data.Children.Count == 0, 1_000, "it is lost");
            Ask(lab, Operation.Initiate, side);
        },
    }.Walk();

    internal static void Ask(Lab lab, Operation operation, string side)
    {
        if (side is "left" or "both") Operations.Ask(lab.Left, operation);
        if (side is "right" or "both") Operations.Ask(lab.Right, operation);
    }

    private static bool HasOther(Site site) => site.Active.Data.Children.Values.Any(each => each.Child == Setups.Other);
}
