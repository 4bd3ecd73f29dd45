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
        Name = $"{operation} by {side}", EndsTheChild = operation == Operation.DeleteChild,
        Begin = lab =>
        {
            if (side is "left" or "both") Operations.Ask(lab.Left, operation);
            if (side is "right" or "both") Operations.Ask(lab.Right, operation);
        },
    }.Walk();
}
