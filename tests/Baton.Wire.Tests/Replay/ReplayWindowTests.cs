using Baton.Wire.Replay;
using CsCheck;

namespace Baton.Wire.Tests.Replay;

/// <summary>The window against the obvious model: the set of every number ever accepted.</summary>
public sealed class ReplayWindowTests
{
    [Fact]
    public void AcceptsExactlyWhatTheModelAccepts() =>
        Gen.Select(Gen.Int[1, 8], Gen.Int[0, 400].Array[0, 200], Gen.Int[0, 300]).Sample((blocks, steps, floor) =>
        {
            var window = new ReplayWindow(blocks * 64);
            var model = new Model((ulong)blocks * 64);
            if (floor > 100)
            {
                window.StartAbove((ulong)floor);
                model.StartAbove((ulong)floor);
            }

            ulong at = window.Top;
            foreach (int step in steps)
            {
                // Mostly near the top, sometimes far ahead.
                ulong sequence = step > 390 ? at + (ulong)step * 7 : (ulong)Math.Max(0, (long)at + step - 300);
                Assert.Equal(model.IsFresh(sequence), window.IsFresh(sequence));
                Assert.Equal(model.Accept(sequence), window.TryAccept(sequence));
                at = window.Top;
                Assert.Equal(model.Top, at);
            }
        });

    /// <summary>A member that works again, after another had the SA: what it had marked before is not in the window that it is given.</summary>
    [Theory]
    [InlineData(64)]
    [InlineData(192)]
    [InlineData(256)]
    public void OfAWindowThatWasInUseNothingIsLeftWhenAnotherIsImported(int size)
    {
        var window = new ReplayWindow(size);
        for (ulong number = 1; number <= 60; number++)
            window.TryAccept(number);
        window.Import(60, [1]);
        Assert.Equal((false, true, true), (window.IsFresh(60), window.IsFresh(59), window.IsFresh(1)));
    }

    [Fact]
    public void AnImportedWindowAnswersAsTheExportedOne() =>
        Gen.Select(Gen.Int[1, 5], Gen.Int[0, 500].Array[1, 100], Gen.Bool).Sample((blocks, numbers, floored) =>
        {
            var old = new ReplayWindow(blocks * 64);
            if (floored)
                old.StartAbove(90);
            foreach (int n in numbers)
                old.TryAccept((ulong)n);
            ulong[] bitmap = new ulong[blocks];
            old.Export(bitmap, out ulong top);
            var next = new ReplayWindow(blocks * 64);
            next.Import(top, bitmap);
            for (ulong s = 0; s < 1_000; s++)
                Assert.Equal(old.IsFresh(s), next.IsFresh(s));
        });

    [Fact]
    public void ZeroIsNeverFresh() => Assert.False(new ReplayWindow(64).IsFresh(0)); // RFC 4303 3.3.3: the first packet is 1

    [Fact]
    public void AskingDoesNotMark()
    {
        var window = new ReplayWindow(64);
        Assert.True(window.IsFresh(5));
        Assert.True(window.IsFresh(5));
        Assert.True(window.TryAccept(5));
        Assert.False(window.IsFresh(5));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(63)]
    [InlineData(100)]
    [InlineData(32_832)]
    public void SizesOutsideTheRangeAreRefused(int size) => Assert.Throws<ArgumentOutOfRangeException>(() => new ReplayWindow(size));

    private sealed class Model(ulong size)
    {
        private readonly HashSet<ulong> _seen = [];
        private ulong _floor;

        public ulong Top { get; private set; }

        public void StartAbove(ulong floor) => (_floor, Top) = (floor, floor);

        public bool IsFresh(ulong sequence) =>
            sequence > _floor && sequence != 0 && !_seen.Contains(sequence) && (sequence > Top || Top - sequence < size);

        public bool Accept(ulong sequence)
        {
            if (!IsFresh(sequence))
                return false;
            _seen.Add(sequence);
            Top = Math.Max(Top, sequence);
            return true;
        }
    }
}
