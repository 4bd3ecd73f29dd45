using System.Globalization;
using Baton.Redundancy.Tracking;
using Baton.Wire;

namespace Baton.Redundancy.Tests.Tracking;

/// <summary>Transcripts: milliseconds, what happens, what the tracker says.</summary>
public sealed class PathTrackerTests
{
    [Fact]
    public void TheActiveWhoseLinkDiesHandsOverAtOnce() => Play("""
        0     link outer up
        0     link inner up
        10    active
        10    successor good
        500   link outer dead      -> dead: outer has no link; hand over
        505   standby
        9000  tick
        """);

    [Fact]
    public void BetweenTwoDeadOnesNothingMoves() => Play("""
        0     link outer up
        10    active
        10    successor dead
        500   link outer dead      -> dead: outer has no link
        900   tick
        1000  successor gone
        1100  successor settling   -> hand over
        """);

    [Fact]
    public void FromADeadPathToOneThatHasJustComeBackButNotFromOneToAnotherOfThose() => Play("""
        0     link outer up
        0     active
        0     successor settling
        100   link outer dead      -> dead: outer has no link; hand over
        200   link outer up        -> settling: outer has just come back
        1000  tick
        1500  successor good       -> hand over
        2200  tick                 -> good
        """);

    [Fact]
    public void WhoSettlesIsNotStoppedWhenNoHandoverComesAbout() => Play("""
        0     link outer up
        0     active
        0     link outer dead      -> dead: outer has no link
        100   link outer up        -> settling: outer has just come back
        100   link outer dead      -> dead: outer has no link
        200   link outer up        -> settling: outer has just come back
        200   link inner dead      -> dead: inner has no link, outer has just come back
        300   link inner up        -> settling: inner has just come back, outer has just come back
        300   successor good       -> hand over
        800   tick                 -> hand over
        2000  tick                 -> hand over
        2199  tick
        2250  tick
        2299  tick
        2300  tick                 -> good
        """);

    [Fact]
    public void AWishIsANewOneAfterNobodyWasThere() => Play("""
        0     link outer up
        0     active
        0     successor good
        100   link outer dead      -> dead: outer has no link; hand over
        200   successor gone
        9000  successor good       -> hand over
        """);

    [Fact]
    public void AWishThatCameToNothingIsMadeAgainAndInTheEndTheAddressIsGivenUp() => Play("""
        0     link outer up
        0     active
        0     successor good
        100   link outer dead      -> dead: outer has no link; hand over
        599   tick
        600   tick                 -> hand over
        1100  tick                 -> hand over
        3099  tick                 -> hand over
        3100  tick                 -> give up
        9000  tick
        """);

    [Fact]
    public void AStandbyTellsItsHealthAndNoMore() => Play("""
        0     link inner up
        0     successor good
        100   link inner dead      -> dead: inner has no link
        """);

    [Fact]
    public void ALinkThatIsDeadFromTheStartIsDead() => Play("""
        0     link outer dead      -> dead: outer has no link
        """);

    [Fact]
    public void APathThatComesBackSettlesFirst() => Play("""
        0     link outer up
        100   link outer dead      -> dead: outer has no link
        200   link outer up        -> settling: outer has just come back
        2199  tick
        2200  tick                 -> good
        """);

    [Fact]
    public void EachDeathDoublesTheTimeToSettleAndTheLimitHolds() => Play("""
        0       link outer up
        0       link outer dead    -> dead: outer has no link
        0       link outer up      -> settling: outer has just come back
        2000    tick               -> good
        2000    link outer dead    -> dead: outer has no link
        2000    link outer up      -> settling: outer has just come back
        5999    tick
        6000    tick               -> good
        6000    link outer dead    -> dead: outer has no link
        6000    link outer up      -> settling: outer has just come back
        14000   tick               -> good
        14000   link outer dead    -> dead: outer has no link
        14000   link outer up      -> settling: outer has just come back
        30000   tick               -> good
        30000   link outer dead    -> dead: outer has no link
        30000   link outer up      -> settling: outer has just come back
        62000   tick               -> good
        62000   link outer dead    -> dead: outer has no link
        62000   link outer up      -> settling: outer has just come back
        121999  tick
        122000  tick               -> good
        722000  tick
        722000  link outer dead    -> dead: outer has no link
        722000  link outer up      -> settling: outer has just come back
        724000  tick               -> good
        """);

    [Fact]
    public void AFlapWhileSettlingBeginsAnewWithoutCountingTwice() => Play("""
        0     link outer up
        0     link outer dead      -> dead: outer has no link
        100   link outer up        -> settling: outer has just come back
        1000  link outer dead      -> dead: outer has no link
        1500  link outer up        -> settling: outer has just come back
        3499  tick
        3500  tick                 -> good
        """);

    [Fact]
    public void ThreeMissesInARowAreDeathAndAnAnswerBetweenIsNone() => Play("""
        0     probe hop answered
        100   probe hop missed
        200   probe hop missed
        300   probe hop answered
        400   probe hop missed
        500   probe hop missed
        600   probe hop missed     -> dead: hop does not answer
        700   probe hop missed
        800   probe hop answered   -> settling: hop has just come back
        2800  probe hop answered   -> good
        """);

    [Fact]
    public void AllPathsMustBeGood() => Play("""
        0     link inner up
        0     link outer up
        0     active
        0     successor good
        100   link inner dead      -> dead: inner has no link; hand over
        200   link outer dead
        300   link inner up
        2300  tick                 -> hand over
        2400  link outer up        -> settling: outer has just come back
        4400  tick                 -> good
        """);

    [Fact]
    public void ItSaysWhenToTickAgain()
    {
        var tracker = new PathTracker(new TrackPolicy());
        var outputs = new List<PathOutput>();
        Assert.Equal(Instant.Never, tracker.Step(new PathInput.Link("outer", true), true, PathHealth.Good, default, outputs));
        Assert.Equal(Instant.FromMilliseconds(500), tracker.Step(new PathInput.Link("outer", false), true, PathHealth.Good, default, outputs));
        Assert.Equal(Instant.Never, tracker.Step(new PathInput.Tick(), false, PathHealth.Good, default, outputs));
        Assert.Equal(Instant.FromMilliseconds(2_000), tracker.Step(new PathInput.Link("outer", true), false, PathHealth.Good, default, outputs));
    }

    private static void Play(string transcript)
    {
        var tracker = new PathTracker(new TrackPolicy());
        (bool active, PathHealth? successor) = (false, null);
        var heard = new List<string>();
        foreach (string line in transcript.Split('\n'))
        {
            string[] sides = line.Split("->");
            string[] words = sides[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            PathInput input = new PathInput.Tick();
            switch (words[1])
            {
                case "link":
                    input = new PathInput.Link(words[2], words[3] == "up");
                    break;
                case "probe":
                    input = new PathInput.Probe(words[2], words[3] == "answered");
                    break;
                case "active":
                    active = true;
                    break;
                case "standby":
                    active = false;
                    break;
                case "successor":
                    successor = words[2] == "gone" ? null : Enum.Parse<PathHealth>(words[2], ignoreCase: true);
                    break;
            }

            var outputs = new List<PathOutput>();
            tracker.Step(input, active, successor, Instant.FromMilliseconds(double.Parse(words[0], CultureInfo.InvariantCulture)), outputs);
            string said = string.Join("; ", outputs.Select(o => o switch
            {
                PathOutput.Health { Now: PathHealth.Good } => "good",
                PathOutput.Health health => $"{health.Now.ToString().ToLowerInvariant()}: {health.Why}",
                PathOutput.HandOver => "hand over",
                _ => "give up",
            }));
            heard.Add(sides[0].TrimEnd() + (said.Length > 0 ? " -> " + said : ""));
        }

        Assert.Equal(transcript.Split('\n').Select(l => string.Join(" -> ", l.Split("->").Select(s => s.Trim()))), heard);
    }
}
