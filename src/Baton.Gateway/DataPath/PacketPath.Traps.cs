using Baton.Cluster.Configuration;
using Baton.Esp;
using Baton.Ike;
using Baton.Wire;

namespace Baton.Gateway.DataPath;

/// <summary>Packets that no SA protects, where a policy says that one is to be made for them.</summary>
internal sealed partial class PacketPath
{
    private TrapTable _traps;

    /// <summary>Other policies from now on; what waits under the old ones is dropped.</summary>
    public void SetTraps(IkeOptions options)
    {
        Counters.Count(EspVerdict.TrapExpired, _traps.Count);
        _traps = new TrapTable(options);
    }

    public int TrappedCount => _traps.Count;

    private EspVerdict Trap(ReadOnlySpan<byte> packet, in IpPacket ip)
    {
        if (Ike is not { } ike)
            return EspVerdict.NoPolicy;
        IkeInput.Acquire? wanted = _traps.Find(ip, _now, out bool covered);
        if (wanted is not null)
            ike.Acquire(wanted);
        return !covered ? EspVerdict.NoPolicy : _traps.Keep(packet, _now) ? EspVerdict.Trapped : EspVerdict.TrapOverflow;
    }

    /// <summary>Once a turn: what waits for an SA goes when there is one, and is asked for again while there is none.</summary>
    public void TendTraps(Instant now)
    {
        _now = now;
        for (int left = _traps.Count; left > 0; left--)
        {
            TrapTable.Waiting one = _traps.Take();
            EspVerdict verdict = HandingOver is null ? Try(one, now) : Send(one.Bytes.AsSpan(0, one.Length));
            if (verdict == EspVerdict.Trapped)
            {
                _traps.PutBack(one);
                continue;
            }

            _traps.Free(one);
            Counters.Count(verdict);
        }
    }

    private EspVerdict Try(TrapTable.Waiting one, Instant now)
    {
        Span<byte> packet = one.Bytes.AsSpan(0, one.Length);
        if (now >= one.Until || !IpPacket.TryParse(packet, out IpPacket ip))
            return EspVerdict.TrapExpired;

        // Made here, but its first numbers or its peer's address are still on their way: no packet is lost for that.
        if (_selectors.Find(ip) is { } entry)
            return Send(packet) is var verdict and not (EspVerdict.NoLease or EspVerdict.NoEndpoint) ? verdict : EspVerdict.Trapped;
        if (_traps.Find(ip, now, out _) is { } wanted)
            Ike!.Acquire(wanted);
        return EspVerdict.Trapped;
    }
}
