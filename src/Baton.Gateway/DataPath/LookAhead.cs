using System.Buffers.Binary;
using Baton.Esp;
using Baton.Wire;

namespace Baton.Gateway.DataPath;

/// <summary>Brings what the packets of a batch need of their SAs towards the caches before the first of them is judged.</summary>
/// <remarks>
/// With very many SAs each packet finds its own in memory, a dozen steps one behind the other, each a tenth of a microsecond. In a batch they do not wait for each
/// other: every step is asked for of all packets before the next.
/// <code>
///   SPI -> place in the table -> entry -> SA, window, partner -> cipher, ceiling -> key
/// </code>
/// Nothing is decided here: what is fetched for nothing costs a little time. With few SAs, which stay in the caches, nothing is done.
/// </remarks>
internal sealed class LookAhead(SaTable<InboundEntry> table)
{
    /// <summary>Packets whose SAs fit into the first caches side by side.</summary>
    public const int Most = 32;

    /// <summary>Fewer SAs stay in the caches by themselves.</summary>
    private const int Many = 500;

    private readonly InboundEntry?[] _inbound = new InboundEntry?[Most];
    private readonly uint[] _spis = new uint[Most];
    private readonly int[] _lengths = new int[Most];
    private readonly (IpAddress Source, IpAddress Destination)[] _addresses = new (IpAddress, IpAddress)[Most];
    private int _count, _inner;

    public bool Pays => table.Count >= Many;

    /// <summary>One more ESP packet, as it is on the wire.</summary>
    public void Add(ReadOnlySpan<byte> esp)
    {
        if (esp.Length >= EspSuites.HeaderLength)
            (_spis[_count], _lengths[_count++]) = (BinaryPrimitives.ReadUInt32BigEndian(esp), esp.Length);
    }

    /// <summary>Fetches for those that were added.</summary>
    public void Fetch()
    {
        for (int i = 0; i < _count; i++)
            table.Fetch(_spis[i]);
        for (int i = 0; i < _count; i++)
            (_inbound[i] = table.Find(_spis[i]))?.Fetch();
        for (int i = 0; i < _count; i++)
            _inbound[i]?.FetchParts();
        for (int i = 0; i < _count; i++)
        {
            _inbound[i]?.FetchCeiling();
            _inbound[i]?.Sa.FetchCipher();
        }

        for (int i = 0; i < _count; i++)
        {
            _inbound[i]?.Sa.FetchKey(_lengths[i]);
            _inbound[i] = null;
        }

        _count = 0;
    }

    /// <summary>One more packet on its way out.</summary>
    public void AddInner(ReadOnlySpan<byte> packet)
    {
        if (IpPacket.TryParse(packet, out IpPacket ip))
            _addresses[_inner++] = (ip.Source, ip.Destination);
    }

    /// <summary>Fetches where the SAs of those are found.</summary>
    public void Fetch(SelectorTable selectors)
    {
        selectors.Fetch(_addresses.AsSpan(0, _inner));
        _inner = 0;
    }

    /// <summary>For packets whose SAs are known.</summary>
    public static void Fetch(ReadOnlySpan<OutboundEntry?> found, int textLength)
    {
        foreach (OutboundEntry? one in found)
            one?.Fetch();
        foreach (OutboundEntry? one in found)
            one?.FetchParts();
        foreach (OutboundEntry? one in found)
            one?.Sa.FetchCipher();
        foreach (OutboundEntry? one in found)
            one?.Sa.FetchKey(textLength);
    }
}
