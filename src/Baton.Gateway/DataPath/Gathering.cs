using Baton.Wire;

namespace Baton.Gateway.DataPath;

/// <summary>Where packets come in masses, lets them gather before the next turn: a wake-up, a poll and a system call cost the same for one as for hundreds.</summary>
/// <remarks>
/// A real-time thread is woken by each packet, takes it alone, and pushes aside whoever makes the next one. So while more than <see cref="Mass"/> packets a
/// millisecond pass, a turn begins no sooner than <see cref="Span"/> after the one before. Below that rate nothing waits, nor after a turn that could not take all that
/// was there: a batch each <see cref="Span"/> would be all that gets through. docs/performance-history.md has the figures.
/// </remarks>
internal sealed class Gathering
{
    /// <summary>Packets a millisecond, of both directions: full ones are above a gigabit a second.</summary>
    public const int Mass = 100;

    /// <summary>Some super-packets of 64 KiB at five gigabits a second: with half or twice of it fewer get through.</summary>
    public static readonly TimeSpan Span = TimeSpan.FromMicroseconds(200);

    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(1);

    private Instant _windowEnds;
    private int _inWindow;
    private Instant _last;
    private bool _inMasses;
    private bool _enough;

    /// <summary>The next turn begins no sooner; in the past where nothing needs to gather.</summary>
    public Instant Until => _inMasses && !_enough ? _last + Span : _last;

    /// <summary>A turn began at <paramref name="began"/> and took so many packets.</summary>
    /// <param name="moreWaits">As many as a turn can take: it has gathered enough already.</param>
    public void Took(int packets, Instant began, bool moreWaits)
    {
        (_last, _enough) = (began, moreWaits);
        _inWindow += packets;
        if (began < _windowEnds)
            return;

        // A window that ended long ago says nothing of now.
        _inMasses = _inWindow >= Mass && began < _windowEnds + Window;
        (_windowEnds, _inWindow) = (began + Window, 0);
    }
}
