using System.Buffers.Binary;
using System.Net;
using System.Text;
using Baton.Ike.Payloads;
using Baton.Wire;

namespace Baton.Ike.Sas;

/// <summary>Reads what <see cref="SnapshotWriter"/> wrote. After the first field that does not fit everything is zero and <see cref="IsWhole"/> is false.</summary>
/// <param name="base">The instant of our clock at which the snapshot was committed.</param>
internal ref struct SnapshotReader(ReadOnlySpan<byte> bytes, Instant @base)
{
    private readonly Instant _base = @base;
    private ReadOnlySpan<byte> _rest = bytes;
    private bool _broken;

    /// <summary>Everything fitted and nothing is left over.</summary>
    public readonly bool IsWhole => !_broken && _rest.IsEmpty;

    public readonly bool IsBroken => _broken;

    public byte Byte() => Take(1) is [var value] ? value : (byte)0;

    public bool Bool()
    {
        byte value = Byte();
        if (value > 1) _broken = true;
        return value == 1;
    }

    public ushort Short() => Take(2) is { Length: 2 } two ? BinaryPrimitives.ReadUInt16BigEndian(two) : (ushort)0;

    public uint Int() => Take(4) is { Length: 4 } four ? BinaryPrimitives.ReadUInt32BigEndian(four) : 0;

    public ulong Long() => Take(8) is { Length: 8 } eight ? BinaryPrimitives.ReadUInt64BigEndian(eight) : 0;

    public Instant Time()
    {
        ulong remaining = Long();
        return remaining >= long.MaxValue ? Instant.Never : new Instant(_base.Nanoseconds + (long)Math.Min(remaining, long.MaxValue / 4));
    }

    public byte[] Bytes()
    {
        uint length = Int();
        if (length > _rest.Length) _broken = true;
        return _broken ? [] : Take((int)length).ToArray();
    }

    public string Text() => Encoding.UTF8.GetString(Bytes());

    public IPAddress Address()
    {
        byte[] bytes = Bytes();
        if (bytes.Length is 4 or 16) return new IPAddress(bytes);
        _broken = true;
        return IPAddress.None;
    }

    public IPEndPoint EndPoint() => new(Address(), Short());

    public int Count()
    {
        int count = Short();
        if (count > _rest.Length) _broken = true;       // each item has a byte at least
        return _broken ? 0 : count;
    }

    public TrafficSelector Selector() => new(Byte(), Short(), Short(), Address(), Address());

    public List<TrafficSelector> Selectors()
    {
        var list = new List<TrafficSelector>();
        for (int left = Count(); left > 0 && !_broken; left--) list.Add(Selector());
        return list;
    }

    public List<Proposal> Proposals()
    {
        var list = new List<Proposal>();
        for (int left = Count(); left > 0 && !_broken; left--)
        {
            (byte number, byte protocol, byte[] spi) = (Byte(), Byte(), Bytes());
            var transforms = new List<Transform>();
            for (int more = Count(); more > 0 && !_broken; more--) transforms.Add(new Transform((TransformType)Byte(), Short(), Short()));
            list.Add(new Proposal(number, (ProtocolId)protocol, spi, transforms));
        }

        return list;
    }

    public List<ReadOnlyMemory<byte>> Datagrams()
    {
        var list = new List<ReadOnlyMemory<byte>>();
        for (int left = Count(); left > 0 && !_broken; left--) list.Add(Bytes());
        return list;
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (_broken || length > _rest.Length)
        {
            _broken = true;
            return default;
        }

        ReadOnlySpan<byte> taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}
