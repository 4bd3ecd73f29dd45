using Baton.Cluster.Heartbeats;
using Baton.Redundancy.Handlers;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Cluster.Tests.Heartbeats;

public sealed class FailureDetectorTests
{
    private static readonly Incarnation A = new("a", 1);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);
    private readonly FailureDetector _detector = new(Interval, 3);
    private readonly List<(Incarnation Of, WitnessView View)> _changes = [];
    private ulong _sequence;

    [Fact]
    public void SilenceOfThreeIntervalsIsASuspicion()
    {
        Tick(-1);
        Hear(0, HeartbeatKind.Alive);
        for (int t = 1; t < 30; t += 5)
            Tick(t);
        Assert.Equal([(A, WitnessView.Alive)], _changes);
        Tick(30);
        Assert.Equal(WitnessView.Suspected, _detector.View(A));
    }

    [Fact]
    public void AWitnessThatWasLateItselfWaitsADetectionTimeAnew()
    {
        Hear(0, HeartbeatKind.Alive);
        Tick(5);
        Tick(100);  // we slept: what came meanwhile is unread, and says nothing yet
        Assert.Equal(WitnessView.Alive, _detector.View(A));
        Tick(110);
        Tick(120);
        Tick(129);
        Assert.Equal(WitnessView.Alive, _detector.View(A));
        Tick(130);
        Assert.Equal(WitnessView.Suspected, _detector.View(A));
        Assert.Equal(2, _detector.TimesLate);  // the very first tick counts: it just started
    }

    [Fact]
    public void AHungOneIsSuspectedAtOnceAndForgivenWhenItGoesOn()
    {
        Hear(0, HeartbeatKind.Alive);
        Hear(1, HeartbeatKind.Hung);
        Assert.Equal(WitnessView.Suspected, _detector.View(A));
        Hear(2, HeartbeatKind.Alive);
        Assert.Equal(WitnessView.Alive, _detector.View(A));
        Assert.Equal(1, _detector.FalseSuspicions);
    }

    [Theory]
    [InlineData(HeartbeatKind.Dead)]
    [InlineData(HeartbeatKind.Stopped)]
    public void DeathIsFinalForAnIncarnation(HeartbeatKind kind)
    {
        Hear(0, HeartbeatKind.Alive);
        Hear(1, kind);
        Hear(2, HeartbeatKind.Alive);
        Assert.Equal(WitnessView.Dead, _detector.View(A));
    }

    [Fact]
    public void ANewLifeMeansTheOldOneIsDeadAndItsLateFramesCountForNothing() // G1
    {
        var reborn = new Incarnation("a", 2);
        Hear(0, HeartbeatKind.Alive);
        Hear(1, HeartbeatKind.Alive, reborn);
        Assert.Equal((A, WitnessView.Dead), _changes[1]);
        Assert.Equal((reborn, WitnessView.Alive), _changes[2]);
        Hear(2, HeartbeatKind.Dead);
        Assert.Equal(WitnessView.Alive, _detector.View(reborn));
        Assert.Equal(WitnessView.Unknown, _detector.View(A));
    }

    [Fact]
    public void AFrameOfAnEarlierLifeDoesNotSpeakForTheLivingNorAgainstIt() // replayed to a witness that never heard that life
    {
        var earlier = new Incarnation("a", 9);
        _sequence = 1_000;
        Tick(-1);
        Hear(0, HeartbeatKind.Alive);
        foreach (HeartbeatKind kind in Enum.GetValues<HeartbeatKind>())
            _detector.Heard(new HeartbeatFrame(kind, earlier, 1, 500, Interval), Instant.FromMilliseconds(1), _changes);
        Assert.Equal([(A, WitnessView.Alive)], _changes);
        Assert.Equal(4, _detector.EarlierLives);

        // Nor after it fell silent: it is heard itself again when it goes on.
        for (int t = 1; t <= 35; t += 5)
            Tick(t);
        _detector.Heard(new HeartbeatFrame(HeartbeatKind.Alive, earlier, 1, 501, Interval), Instant.FromMilliseconds(36), _changes);
        Assert.DoesNotContain((A, WitnessView.Dead), _changes);
        Hear(37, HeartbeatKind.Alive);
        Assert.Equal(WitnessView.Alive, _detector.View(A));
    }

    [Fact]
    public void AMachineWhoseClockWentBackIsHeardOnceItsEarlierLifeIsSilent()
    {
        var reborn = new Incarnation("a", 2);
        _sequence = 1_000;
        Tick(-1);
        Hear(0, HeartbeatKind.Alive);
        Hear(1, HeartbeatKind.Dead);
        _detector.Heard(new HeartbeatFrame(HeartbeatKind.Alive, reborn, 1, 5, Interval), Instant.FromMilliseconds(2), _changes);
        Hear(3, HeartbeatKind.Dead);  // the last words of the earlier one still come
        _detector.Heard(new HeartbeatFrame(HeartbeatKind.Alive, reborn, 1, 6, Interval), Instant.FromMilliseconds(3), _changes);
        Assert.Equal(WitnessView.Alive, _detector.View(reborn));
    }

    [Fact]
    public void AnOldFrameDoesNotProlongALife()
    {
        Tick(-1);
        Hear(0, HeartbeatKind.Alive);
        Hear(10, HeartbeatKind.Alive);
        Tick(15);
        _sequence = 0;
        Hear(25, HeartbeatKind.Alive);  // repeated on the wire
        Tick(30);
        Tick(40);
        Assert.Equal(WitnessView.Suspected, _detector.View(A));
    }

    [Fact]
    public void FramesSurviveTheWireAndNothingElseDoes()
    {
        var frame = new HeartbeatFrame(HeartbeatKind.Hung, A, 77, 5, Interval);
        byte[] text = new byte[HeartbeatFrame.MaximumLength];
        int length = frame.Write(text);
        Assert.True(HeartbeatFrame.TryParse(text.AsSpan(0, length), ["b", "a"], out HeartbeatFrame got));
        Assert.Equal(frame, got);
        Assert.False(HeartbeatFrame.TryParse(text.AsSpan(0, length), ["b"], out _));
        for (int i = 0; i < length; i++)
            Assert.False(HeartbeatFrame.TryParse(text.AsSpan(0, i), ["a"], out _));
    }

    private void Hear(int at, HeartbeatKind kind, Incarnation? from = null) =>
        _detector.Heard(new HeartbeatFrame(kind, from ?? A, 1, ++_sequence, Interval), Instant.FromMilliseconds(at), _changes);

    private void Tick(int at) => _detector.Tick(Instant.FromMilliseconds(at), _changes);
}
