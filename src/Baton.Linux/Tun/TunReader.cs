using Baton.Wire.Offload;

namespace Baton.Linux.Tun;

/// <summary>Takes what waits at a TUN device as single IP packets: reads until it would block, splits super-packets in place. One owner thread.</summary>
/// <remarks>
/// One read may be forty packets, so a batch is bounded in packets, not in reads: after <see cref="Budget"/> the rest waits for the next turn.
/// Nothing is allocated once it runs.
/// </remarks>
public sealed class TunReader
{
    /// <summary>No more reads are begun once a batch has so many packets.</summary>
    public const int Budget = 256;

    private const int MaximumReads = 64;
    private readonly TunDevice _device;
    private readonly byte[][] _buffers;
    private readonly SuperPacket[] _reads;
    private readonly long[] _refused = new long[Enum.GetValues<OffloadVerdict>().Length];
    private int _taken;
    private int _current;
    private int _currentFirst;
    private int _count;

    public TunReader(TunDevice device)
    {
        _device = device;
        _buffers = new byte[MaximumReads][];
        _reads = new SuperPacket[MaximumReads];
        for (int i = 0; i < MaximumReads; i++)
        {
            _buffers[i] = GC.AllocateUninitializedArray<byte>(TunDevice.ReadBytes, pinned: true);
            _reads[i] = new SuperPacket();
        }
    }

    public long Refused(OffloadVerdict verdict) => _refused[(int)verdict];

    /// <summary>Super-packets that were split.</summary>
    public long Splits { get; private set; }

    /// <summary>Reads of the last <see cref="Take"/>, each a packet or a super-packet.</summary>
    public int Reads => _taken;

    /// <summary>The last <see cref="Take"/> ended because its batch was full: more may wait.</summary>
    public bool MayHaveMore { get; private set; }

    /// <summary>Reads; the packets of the batch. 0: nothing waits.</summary>
    public int Take()
    {
        (_taken, _current, _currentFirst) = (0, 0, 0);
        int count = 0;
        MayHaveMore = true;
        for (int read = 0; read < MaximumReads && count < Budget; read++)
        {
            int length = _device.Read(_buffers[_taken]);
            if (length == 0)
            {
                MayHaveMore = false;
                break;
            }

            OffloadVerdict verdict = _reads[_taken].Take(_buffers[_taken].AsMemory(0, length));
            if (verdict != OffloadVerdict.Whole)
            {
                _refused[(int)verdict]++;
                continue;
            }

            count += _reads[_taken].Count;
            if (_reads[_taken].Count > 1)
                Splits++;
            _taken++;
        }

        return _count = count;
    }

    /// <summary>No read of the batch was a super-packet: each packet lies by itself, and may be asked for in any order and again.</summary>
    public bool CanAskAgain => _count == _taken;

    /// <summary>The i-th packet of the batch, ascending unless <see cref="CanAskAgain"/>: asking for one ends the one before.</summary>
    public Span<byte> Packet(int i)
    {
        if (CanAskAgain)
            return _reads[i].Segment(0);
        while (i - _currentFirst >= _reads[_current].Count)
            _currentFirst += _reads[_current++].Count;
        return _reads[_current].Segment(i - _currentFirst);
    }
}
