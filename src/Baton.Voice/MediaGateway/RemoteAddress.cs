using Baton.Linux;
using Baton.Wire;

namespace Baton.Voice.MediaGateway;

/// <summary>Where a phone is: as signalled, until its packets come from elsewhere (symmetric RTP, RFC 4961).</summary>
/// <remarks>
/// A plain phone is believed once; again only when it has been silent, and not for ever: whoever knows the port could lead the call away. What is authentic
/// is believed at once, when it is the newest.
/// </remarks>
internal sealed class RemoteAddress(UdpEndpoint signalled)
{
    private Instant _lastAt;
    private bool _isLearned;

    public UdpEndpoint Current { get; private set; } = signalled;

    /// <summary>A packet of the phone has shown it.</summary>
    public bool IsLearned => _isLearned;

    public int Moves { get; private set; }

    /// <summary>May a packet that nothing authenticates come from there?</summary>
    public bool Believes(in UdpEndpoint source, Instant now, MediaPolicy policy) =>
        !_isLearned || source == Current || (now - _lastAt >= policy.RelearnAfter && Moves < policy.MostMoves);

    /// <summary>A packet was accepted that is believed or authentic. True: the address is another one now.</summary>
    public bool Learn(in UdpEndpoint source, Instant now, bool newest)
    {
        if (!newest)
            return false;
        _lastAt = now;
        bool moved = source != Current;
        if (moved && _isLearned)
            Moves++;
        (Current, _isLearned) = (source, true);
        return moved;
    }

    /// <summary>What the active learned, told to a standby.</summary>
    public void Take(in UdpEndpoint learned, Instant now) => (Current, _isLearned, _lastAt) = (learned, true, now);
}
