using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Gateway.Ike;
using Baton.Ike;
using Baton.Ike.Payloads;
using Baton.Wire;

namespace Baton.Gateway.DataPath;

/// <summary>Policies whose SA is made when a packet wants it (RFC 4301 4.4.1.1, RFC 7296 2.9), and the packets that wait for one. One owner thread.</summary>
/// <remarks>
/// <code>
///   no SA ──► a trap covers it? ──no──► NoPolicy
///                   │ yes: IKE is asked, once in <see cref="AskEvery"/>
///                   ▼
///        room in the queue? ──no──► TrapOverflow
///                   │ yes
///                   ▼
///   waits (Trapped) ──an SA covers it──► sent        ──Patience──► TrapExpired
/// </code>
/// The endpoint negotiates once at a time and backs off after a failure; being asked again costs it nothing. Found in the order of the file.
/// </remarks>
internal sealed class TrapTable
{
    /// <summary>Packets that wait, of all traps together.</summary>
    public const int MostWaiting = 64;

    private const int PacketBytes = 2_048;

    /// <summary>Longer than a negotiation takes that was lost once; who sends a packet has sent it again by then.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(500);

    private readonly Trap[] _traps;
    private readonly Queue<Waiting> _waiting = new();
    private readonly Stack<Waiting> _free;

    public TrapTable(IkeOptions options)
    {
        _traps = [.. options.Connections.Where(each => options.Starts[each.Name] == ConnectionStart.Trap).SelectMany(each => each.Children.Select(child => new Trap(each.Name, child)))];
        _free = new Stack<Waiting>(Enumerable.Range(0, _traps.Length > 0 ? MostWaiting : 0).Select(_ => new Waiting()));
    }

    public int Count => _waiting.Count;

    /// <summary>Null: no trap covers it, or IKE was asked for it just now.</summary>
    /// <param name="covered">A trap covers it.</param>
    public IkeInput.Acquire? Find(in IpPacket packet, Instant now, out bool covered)
    {
        foreach (Trap trap in _traps)
        {
            if (!Selectors.Admit(trap.Source, trap.Destination, packet))
                continue;
            covered = true;
            if (now < trap.AskAgain)
                return null;
            trap.AskAgain = now + AskEvery;
            return new IkeInput.Acquire(trap.Connection, Of(packet, ofSource: true), Of(packet, ofSource: false));
        }

        covered = false;
        return null;
    }

    /// <summary>False: no room.</summary>
    public bool Keep(ReadOnlySpan<byte> packet, Instant now)
    {
        if (packet.Length > PacketBytes || !_free.TryPop(out Waiting? slot))
            return false;
        packet.CopyTo(slot.Bytes);
        (slot.Length, slot.Until) = (packet.Length, now + Patience);
        _waiting.Enqueue(slot);
        return true;
    }

    /// <summary>The packet that waits longest; the caller judges it: <see cref="Free"/> or <see cref="PutBack"/>.</summary>
    public Waiting Take() => _waiting.Dequeue();

    /// <summary>It waits no more.</summary>
    public void Free(Waiting slot) => _free.Push(slot);

    /// <summary>It waits on, behind the others.</summary>
    public void PutBack(Waiting slot) => _waiting.Enqueue(slot);

    private static TrafficSelector Of(in IpPacket packet, bool ofSource)
    {
        IpAddress address = ofSource ? packet.Source : packet.Destination;
        bool seen = packet.TryUpper(out byte protocol, out ushort from, out ushort to);
        (ushort first, ushort last) = !seen ? ((ushort)0, ushort.MaxValue) : ofSource ? (from, from) : (to, to);
        return new TrafficSelector(protocol, first, last, address.ToIPAddress(), address.ToIPAddress());
    }

    internal sealed class Waiting
    {
        public readonly byte[] Bytes = new byte[PacketBytes];
        public int Length;
        public Instant Until;
    }

    private sealed class Trap(string connection, ChildPolicy child)
    {
        public readonly string Connection = connection;
        public readonly SaSelector[] Source = ChildRecords.Selectors(child.Local);
        public readonly SaSelector[] Destination = ChildRecords.Selectors(child.Remote);
        public Instant AskAgain;
    }
}
