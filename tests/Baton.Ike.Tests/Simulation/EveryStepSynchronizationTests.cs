using Baton.Ike.Sas;
using Baton.Ike.Tests.Harness;
using Baton.Ike.Tests.Ladders;

namespace Baton.Ike.Tests.Simulation;

/// <summary>
/// The same while a cluster that failed over agrees with its peer on message IDs (RFC 6311): it fails over once more in the middle, or its peer, a cluster too, does.
/// </summary>
public sealed class EveryStepSynchronizationTests
{
    private const ulong By = 1000;

    [Theory, InlineData("left"), InlineData("right"), InlineData("both")]
    public void OfIds(string side) => new EveryStep { Name = $"IDs asked by {side}", Begin = lab => Synchronize(lab, side, counters: false), Shows = HaveAgreed }.Walk();

    [Theory, InlineData("left"), InlineData("right")]
    public void OfIdsAndCounters(string side) => new EveryStep
    {
        Name = $"IDs and counters asked by {side}",
        Begin = lab => Synchronize(lab, side, counters: true), Shows = HaveAgreed,
        Check = (lab, what) =>
        {
            // Packets of a peer that did not jump tell that it is behind, again.
            (Site asks, Site jumps) = side == "left" ? (lab.Left, lab.Right) : (lab.Right, lab.Left);
            if (!HasJumped(jumps)) asks.Active.Step(new IkeInput.InboundBehind(asks.Active.Data.Children.Keys.Single(), By));
            lab.Run(5_000);
            Assert.True(HasJumped(jumps), $"{what}\n{lab.Tail()}");
        },
    }.Walk();

    /// <summary>As it really comes to one: what may be a recording comes from elsewhere, after a takeover (<see cref="IkeEndpoint.Doubt"/>).</summary>
    [Fact]
    public void OfIdsBecauseThePeerIsElsewhere() => new EveryStep
    {
        Name = "IDs asked because the peer is elsewhere",
        Shows = HaveAgreed,
        Make = seed => PathTests.BehindNat(seed, each => each with { Mobike = false }, leftReplicated: true),
        Begin = lab =>
        {
            lab.Right.TakeOver(applyOfPending: 9);
            PathTests.AnotherPort(lab);
            Operations.Ask(lab.Left, Operation.Probe);
        },
    }.Walk();

    /// <summary>What was asked for meanwhile is given up with its message ID, and asked for again.</summary>
    [Theory, InlineData(Operation.RekeyChild), InlineData(Operation.RekeyIke), InlineData(Operation.DeleteChild)]
    public void OfIdsWhileThePeerAsksForSomething(Operation operation) => new EveryStep
    {
        Name = $"IDs asked by right during {operation} by left", EndsTheChild = operation == Operation.DeleteChild, Shows = HaveAgreed,
        Begin = lab =>
        {
            Operations.Ask(lab.Left, operation);
            Synchronize(lab, "right", counters: false);
        },
    }.Walk();

    /// <summary>Each successor asks, whatever was answered before: the peer may not have got the answer, and gives up what it asked for.</summary>
    [Theory, MemberData(nameof(EveryStepTests.Asked), MemberType = typeof(EveryStepTests))]
    public void OfWhatIsAskedWhereEachSuccessorAsksForIds(Operation operation, string side) => WalkAndAgree(new EveryStep
    {
        Name = $"{operation} by {side}, IDs asked by each successor", Check = CountAgreed,
        EndsTheChild = operation == Operation.DeleteChild, EndsTheIkeSa = operation == Operation.DeleteIke,
        Begin = lab =>
        {
            foreach (Site site in new[] { lab.Left, lab.Right })
            {
                site.Restored = () => CounterSynchronizationTests.AskIds(site);
                if (side == site.Name || side == "both") Operations.Ask(site, operation);
            }
        },
    });

    /// <summary>A new child whose answer the peer gave up would stand at one side alone: it does not for long.</summary>
    [Theory, InlineData("left"), InlineData("right"), InlineData("both")]
    public void OfANewChildWhereEachSuccessorAsksForIds(string side) => WalkAndAgree(new EveryStep
    {
        Name = $"a new child by {side}, IDs asked by each successor", Check = CountAgreed,
        Begin = lab =>
        {
            foreach (Site site in new[] { lab.Left, lab.Right }) site.Restored = () => CounterSynchronizationTests.AskIds(site);
            EveryStepTests.Ask(lab, Operation.NewChild, side);
        },
    });

    private int _agreed;

    private void CountAgreed(Lab lab, string what) => _agreed += HasAgreed(lab.Left) || HasAgreed(lab.Right) ? 1 : 0;

    private void WalkAndAgree(EveryStep steps)
    {
        steps.Walk();
        Assert.True(_agreed > 20, $"{steps.Name}: of all successors only {_agreed} agreed on message IDs");
    }

    private static bool HaveAgreed(Lab lab) => HasAgreed(lab.Left) && HasAgreed(lab.Right);

    private static bool HasAgreed(Site site) => site.Active.Events.Any(each => each.Kind == IkeEventKind.MessageIdsSynchronized);

    private static void Synchronize(Lab lab, string side, bool counters)
    {
        if (side is "left" or "both") CounterSynchronizationTests.Synchronize(lab, lab.Left, counters ? By : 0);
        if (side is "right" or "both") CounterSynchronizationTests.Synchronize(lab, lab.Right, counters ? By : 0);
    }

    /// <summary>Its numbers lie above what shut them out, or start anew where nothing does.</summary>
    private static bool HasJumped(Site site) => site.Active.Endpoint.All.SelectMany(each => each.Children).All(each => each.Jumped >= By || each.Replaces is not null);
}
