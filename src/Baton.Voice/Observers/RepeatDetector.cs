using Baton.Wire;

namespace Baton.Voice.Observers;

/// <summary>One packet of a watched SPI.</summary>
internal readonly record struct WireSample(Instant At, ulong Number);

/// <summary>Was this (SPI, number) on the wire before? Exact, for every SPI in both directions. Sans-IO; the caller serialises.</summary>
/// <remarks>
/// The number of an AEAD packet is its explicit IV, all 64 bits: a repeat of it is a repeated nonce, the worst that
/// can happen. A CBC packet shows only the low half of its number. Which suite an SPI has is told
/// (<see cref="TellAead"/>) or found out from its first packet: an IV whose low half is the sequence number is a counter
/// (a random one looks so once in four billion), and stays one.
/// </remarks>
internal sealed class RepeatDetector
{
    private readonly Dictionary<ulong, SpiTrack> _tracks = [];
    private readonly HashSet<uint> _aead = [];
    private readonly HashSet<uint> _watched = [];

    /// <summary>Packets whose (SPI, number) had been seen.</summary>
    public long Repeats { get; private set; }

    /// <summary>AEAD packets whose IV is not their sequence number.</summary>
    public long IvMismatches { get; private set; }

    public int Spis => _tracks.Count;

    public IEnumerable<SpiTrack> Watched => _tracks.Values.Where(track => track.Samples is not null);

    public SpiTrack? Find(uint spi, WireDirection direction) => _tracks.GetValueOrDefault(Key(spi, direction));

    public void TellAead(uint spi)
    {
        _aead.Add(spi);
        foreach (SpiTrack track in _tracks.Values.Where(track => track.Spi == spi))
            track.IsAead = true;
    }

    /// <summary>Keeps each packet of this SPI from now on.</summary>
    public void Watch(uint spi)
    {
        _watched.Add(spi);
        foreach (SpiTrack track in _tracks.Values.Where(track => track.Spi == spi))
            track.Samples ??= [];
    }

    /// <summary>True when it is a repeat.</summary>
    public bool Observe(ReadOnlySpan<byte> esp, WireDirection direction, Instant now)
    {
        uint spi = WirePacket.Spi(esp);
        ulong key = Key(spi, direction);
        if (!_tracks.TryGetValue(key, out SpiTrack? track))
            _tracks[key] = track = Begin(spi, direction, esp);

        ulong number = WirePacket.SequenceLow(esp);
        if (track.IsAead)
        {
            ulong iv = WirePacket.ExplicitIv(esp);
            if ((uint)iv != (uint)number)
                IvMismatches++;
            number = iv;
        }

        track.Packets++;
        track.Last = number;
        track.LastAt = now;
        track.Samples?.Add(new WireSample(now, number));
        if (track.Numbers.Add(number))
            return false;
        Repeats++;
        return true;
    }

    /// <summary>Either direction may use the same SPI: it is its receiver's choice (RFC 4301 4.1).</summary>
    private static ulong Key(uint spi, WireDirection direction) => ((ulong)direction << 32) | spi;

    private SpiTrack Begin(uint spi, WireDirection direction, ReadOnlySpan<byte> esp) => new(spi, direction)
    {
        IsAead = _aead.Contains(spi) || (uint)WirePacket.ExplicitIv(esp) == WirePacket.SequenceLow(esp),
        Samples = _watched.Contains(spi) ? [] : null,
    };
}

/// <summary>What was seen of one SPI in one direction.</summary>
internal sealed class SpiTrack(uint spi, WireDirection direction)
{
    public uint Spi => spi;

    public WireDirection Direction => direction;

    public NumberSet Numbers { get; } = new();

    public bool IsAead { get; set; }

    public long Packets { get; set; }

    public ulong Last { get; set; }

    public Instant LastAt { get; set; }

    /// <summary>Each packet in the order of the wire, when watched.</summary>
    public List<WireSample>? Samples { get; set; }
}
