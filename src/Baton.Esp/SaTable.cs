using Baton.Wire;

namespace Baton.Esp;

/// <summary>Inbound SAs by SPI: open addressing, no allocation on lookup. One owner.</summary>
/// <typeparam name="T">What the owner keeps of an SA.</typeparam>
public sealed class SaTable<T>
    where T : class
{
    private uint[] _spis = new uint[64];
    private T?[] _values = new T?[64];
    private int _used;

    public int Count { get; private set; }

    /// <summary>Zero is no SPI (RFC 4303 2.1): it marks a free place here.</summary>
    public T? Find(uint spi)
    {
        if (spi == 0)
            return null;
        uint mask = (uint)_spis.Length - 1;
        for (uint at = Hash(spi) & mask; _spis[at] != 0; at = (at + 1) & mask)
        {
            if (_spis[at] == spi)
                return _values[at];
        }

        return null;
    }

    /// <summary>Where <see cref="Find"/> will look first is on its way.</summary>
    public void Fetch(uint spi)
    {
        uint at = Hash(spi) & ((uint)_spis.Length - 1);
        CacheLines.Fetch(ref System.Runtime.CompilerServices.Unsafe.As<uint, byte>(ref _spis[at]), 1);
        CacheLines.Fetch(ref System.Runtime.CompilerServices.Unsafe.As<T?, byte>(ref _values[at]), 1);
    }

    /// <summary>Adds, or replaces what stood under the SPI.</summary>
    public void Set(uint spi, T value)
    {
        ArgumentOutOfRangeException.ThrowIfZero(spi);
        if ((_used + 1) * 2 > _spis.Length)
            Grow();
        uint mask = (uint)_spis.Length - 1;
        uint at = Hash(spi) & mask;
        while (_spis[at] != 0 && _spis[at] != spi)
            at = (at + 1) & mask;
        if (_spis[at] == 0)
            _used++;
        if (_values[at] is null)
            Count++;
        (_spis[at], _values[at]) = (spi, value);
    }

    public bool Remove(uint spi)
    {
        if (spi == 0)
            return false;
        uint mask = (uint)_spis.Length - 1;
        for (uint at = Hash(spi) & mask; _spis[at] != 0; at = (at + 1) & mask)
        {
            if (_spis[at] != spi || _values[at] is null)
                continue;
            _values[at] = null;  // the SPI stays as a tombstone until the table grows
            Count--;
            return true;
        }

        return false;
    }

    private void Grow()
    {
        (uint[] spis, T?[] values) = (_spis, _values);
        int size = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(64, (Count + 1) * 4));
        (_spis, _values, _used, Count) = (new uint[size], new T?[size], 0, 0);
        for (int i = 0; i < spis.Length; i++)
        {
            if (values[i] is { } value)
                Set(spis[i], value);
        }
    }

    private static uint Hash(uint spi) => (uint)((spi * 0x9E3779B97F4A7C15UL) >> 32);
}
