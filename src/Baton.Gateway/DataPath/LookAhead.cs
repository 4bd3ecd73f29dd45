using System.Buffers.Binary;
using Baton.Esp;
using Baton.Wire;

namespace Baton.Gateway.DataPath;

/// <summary>Brings what the next packets of a batch need of their SAs towards the caches while the one before them is judged.</summary>
/// <remarks>
/// With very many SAs each packet finds its own in memory, some steps one behind the other, each a tenth of a microsecond. So a packet's steps are asked for long
/// before it is its turn, each a few packets after the one before: memory works while the cipher does.
/// <code>
///   in the turn of     n - 12     n - 9      n - 6                                n - 3      n
///   for packet n       table  ->  entry  ->  cipher, window, ceiling, partner ->  key    ->  judged
/// </code>
/// Nothing is decided here: what is fetched for nothing costs a little time. With few SAs, which stay in the caches, nothing is done.
/// </remarks>
internal sealed class LookAhead(SaTable<InboundEntry> table, SelectorTable selectors)
{
    /// <summary>Between two steps of one packet.</summary>
    private const int Stride = 3;

    /// <summary>So many packets before its turn one on its way in is begun.</summary>
    public const int LeadOuter = 4 * Stride;

    /// <summary>And one on its way out.</summary>
    public const int LeadInner = 6 * Stride;

    /// <summary>Those under way, a power of two.</summary>
    private const int Ring = 32;

    /// <summary>Fewer SAs stay in the caches by themselves.</summary>
    private const int Many = 500;

    private readonly InboundEntry?[] _inbound = new InboundEntry?[Ring];
    private uint[] _spis = new uint[Ring];
    private int[] _lengths = new int[Ring];
    private int _count;
    private readonly OutboundEntry?[] _outbound = new OutboundEntry?[Ring];
    private readonly SelectorQuestion[] _questions = new SelectorQuestion[Ring];
    private readonly int[] _innerLengths = new int[Ring];
    private int _next;

    public bool Pays => table.Count >= Many;

    /// <summary>A batch begins.</summary>
    public void Begin()
    {
        (_next, _count) = (0, 0);
        Array.Clear(_inbound);
        Array.Clear(_outbound);
        Array.Clear(_questions);
    }

    /// <summary>One more ESP packet, as it is on the wire. All of a batch come before the first <see cref="Advance"/>.</summary>
    public void Add(ReadOnlySpan<byte> esp)
    {
        if (_count == _spis.Length)
        {
            Array.Resize(ref _spis, _count * 2);
            Array.Resize(ref _lengths, _count * 2);
        }

        (_spis[_count], _lengths[_count++]) = (esp.Length >= EspSuites.HeaderLength ? BinaryPrimitives.ReadUInt32BigEndian(esp) : 0, esp.Length);
    }

    /// <summary>The next packet begins, and those before it go on.</summary>
    public void Advance()
    {
        int at = _next++;
        if (at < _count)
            table.Fetch(_spis[at]);
        if ((at -= Stride) < 0)
            return;
        (_inbound[at % Ring] = at < _count ? table.Find(_spis[at]) : null)?.Fetch();
        if ((at -= Stride) < 0)
            return;
        _inbound[at % Ring]?.FetchParts();
        if ((at -= Stride) >= 0 && at < _count)
            _inbound[at % Ring]?.Sa.FetchKey(_lengths[at]);
    }

    /// <summary>One more packet on its way out; empty when there is none, so that those before it go on.</summary>
    public void AddInner(ReadOnlySpan<byte> packet)
    {
        int at = _next++;
        _outbound[at % Ring] = null;
        _innerLengths[at % Ring] = packet.Length;
        ref SelectorQuestion question = ref _questions[at % Ring];
        if (IpPacket.TryParse(packet, out IpPacket ip))
            selectors.Ask(ref question, ip);
        else
            question = default;
        if ((at -= Stride) < 0)
            return;
        selectors.FetchSecond(_questions[at % Ring]);
        if ((at -= Stride) < 0)
            return;
        selectors.FetchThird(_questions[at % Ring]);
        if ((at -= Stride) < 0)
            return;
        (_outbound[at % Ring] = selectors.Find(_questions[at % Ring]))?.Fetch();
        if ((at -= Stride) < 0)
            return;
        _outbound[at % Ring]?.FetchParts();
        if ((at -= Stride) >= 0)
            _outbound[at % Ring]?.Sa.FetchKey(_innerLengths[at % Ring]);
    }

    /// <summary>The SA of the i-th packet out of the batch, which was found on the way; <see cref="LeadInner"/> more than it must have been added.</summary>
    public OutboundEntry? Found(int i) => _outbound[i % Ring];
}
