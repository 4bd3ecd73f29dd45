using Baton.Wire;

namespace Baton.Esp.Mtu;

/// <summary>What the path to each peer takes (RFC 1191, RFC 8201, RFC 4301 8.2): learned from ICMP and from the kernel, forgotten with age. Sans-IO.</summary>
/// <remarks>
/// <code>
///   usual --news: less--> learned --news: less still--> learned (its age begins anew)
///     ^                      |
///     '---- ten minutes -----'     then a longer packet tries the path again, and learns anew what is true
/// </code>
/// ICMP proves nothing: news never go below what every path must carry, never raise, and the table is bounded.
/// </remarks>
/// <param name="usual">Where nothing is known: the MTU of the device towards the peers.</param>
public sealed class PathMtuTable(int usual)
{
    /// <summary>RFC 1191 6.3, RFC 8201 4: ten minutes.</summary>
    public static readonly TimeSpan Age = TimeSpan.FromMinutes(10);

    private const int MaximumPaths = 65_536;

    private readonly Dictionary<IpAddress, (int Mtu, Instant Until)> _learned = [];
    private Instant _nextSweep = Instant.Never;

    /// <summary>Grows with every change: a cached answer of an older generation is asked for anew.</summary>
    public int Generation { get; private set; }

    public int Usual => usual;

    public int Count => _learned.Count;

    public int Of(in IpAddress peer) => _learned.TryGetValue(peer, out (int Mtu, Instant Until) path) ? path.Mtu : usual;

    /// <summary>False: it changes nothing (not less than what is known, or the table is full).</summary>
    public bool Learn(in IpAddress peer, int mtu, Instant now)
    {
        mtu = Math.Max(mtu, peer.IsV4 ? TunnelSize.LeastV4 : TunnelSize.LeastV6);
        if (mtu >= Of(peer) || (_learned.Count >= MaximumPaths && !_learned.ContainsKey(peer)))
            return false;
        Instant until = now + Age;
        _learned[peer] = (mtu, until);
        _nextSweep = Instant.Min(_nextSweep, until);
        Generation++;
        return true;
    }

    /// <summary>Forgets what is too old. Cheap while nothing is.</summary>
    public void Tick(Instant now)
    {
        if (now < _nextSweep)
            return;
        _nextSweep = Instant.Never;
        foreach ((IpAddress peer, (int _, Instant until)) in _learned)
        {
            if (until <= now)
                _learned.Remove(peer);
            else
                _nextSweep = Instant.Min(_nextSweep, until);
        }

        Generation++;
    }
}
