using System.Net;
using System.Net.Sockets;

namespace Baton.Ike.Negotiation;

/// <summary>Inner addresses that a responder gives away (RFC 7296 section 2.19). One owner an address; constant cost whatever the size.</summary>
/// <remarks>
/// Who owns what is in the snapshots of the IKE SAs: after a takeover each is claimed again, so the pool itself needs no record. A name that comes
/// back gets its last address while nobody else has it.
/// </remarks>
public sealed class AddressPool
{
    private readonly byte[] _first;
    private readonly ulong _size;
    private readonly Dictionary<ulong, IkeSaId> _owners = [];
    private readonly Dictionary<string, ulong> _lastOf = [];
    private readonly Queue<ulong> _released = new();
    private readonly HashSet<ulong> _queued = [];
    private ulong _next;

    /// <param name="first">First address that is given.</param>
    /// <param name="last">Last address that is given; the same family.</param>
    public AddressPool(IPAddress first, IPAddress last)
    {
        Family = first.AddressFamily;
        if (last.AddressFamily != Family) throw new ArgumentException("a pool has addresses of one family", nameof(last));
        _first = first.GetAddressBytes();
        byte[] end = last.GetAddressBytes();
        UInt128 span = Value(end) - Value(_first);
        if (Value(end) < Value(_first)) throw new ArgumentException("the last address of a pool lies before its first", nameof(last));
        _size = span >= MostAddresses ? MostAddresses : (ulong)span + 1;
    }

    /// <summary>An IPv6 pool may be wider than any gateway; this many are used of it.</summary>
    public const ulong MostAddresses = 1UL << 24;

    public AddressFamily Family { get; }

    public int InUse => _owners.Count;

    /// <summary>Given back, and not yet given again.</summary>
    internal int Waiting => _released.Count;

    /// <summary>Null: exhausted (INTERNAL_ADDRESS_FAILURE).</summary>
    /// <param name="name">The peer's identity.</param>
    public IPAddress? Take(IkeSaId owner, string name)
    {
        if (_lastOf.TryGetValue(name, out ulong last) && _owners.TryAdd(last, owner)) return Address(last);
        while (_next < _size)
        {
            ulong index = _next++;
            if (_owners.TryAdd(index, owner)) return Remember(index, name);
        }

        while (_released.TryDequeue(out ulong index))
        {
            _queued.Remove(index);
            if (_owners.TryAdd(index, owner)) return Remember(index, name);
        }

        return null;
    }

    /// <summary>After a takeover: the address is that IKE SA's, as its record says.</summary>
    /// <param name="name">The peer's identity.</param>
    /// <returns>False: another has it. An address that is not of this pool is nobody's here: true.</returns>
    public bool TryClaim(IPAddress address, IkeSaId owner, string name)
    {
        if (!TryIndex(address, out ulong index)) return true;
        if (!_owners.TryAdd(index, owner) && _owners[index] != owner) return false;
        Remember(index, name);
        return true;
    }

    /// <summary>A rekey: the address goes to the new IKE SA, if it is the old one's.</summary>
    public void Pass(IPAddress address, IkeSaId from, IkeSaId to)
    {
        if (TryIndex(address, out ulong index) && _owners.TryGetValue(index, out IkeSaId holder) && holder == from) _owners[index] = to;
    }

    /// <summary>Only the owner's release counts: after an IKE rekey the old SA's end frees nothing.</summary>
    public void Release(IPAddress address, IkeSaId owner)
    {
        if (!TryIndex(address, out ulong index) || !_owners.TryGetValue(index, out IkeSaId holder) || holder != owner) return;
        _owners.Remove(index);
        if (_queued.Add(index)) _released.Enqueue(index);      // once, however often a peer comes and goes
    }

    public void Clear()
    {
        _owners.Clear();
        _released.Clear();
        _queued.Clear();
        _next = 0;
    }

    private IPAddress Remember(ulong index, string name)
    {
        if (_lastOf.Count >= 1 << 16) _lastOf.Clear();      // a convenience, so it may forget
        _lastOf[name] = index;
        return Address(index);
    }

    private IPAddress Address(ulong index)
    {
        Span<byte> bytes = stackalloc byte[16];
        UInt128 value = Value(_first) + index;
        for (int at = _first.Length - 1; at >= 0; at--, value >>= 8) bytes[at] = (byte)value;
        return new IPAddress(bytes[.._first.Length]);
    }

    private bool TryIndex(IPAddress address, out ulong index)
    {
        index = 0;
        if (address.AddressFamily != Family) return false;
        UInt128 value = Value(address.GetAddressBytes()), first = Value(_first);
        if (value < first || value - first >= _size) return false;
        index = (ulong)(value - first);
        return true;
    }

    private static UInt128 Value(ReadOnlySpan<byte> bytes)
    {
        UInt128 value = 0;
        foreach (byte each in bytes) value = (value << 8) | each;
        return value;
    }
}
