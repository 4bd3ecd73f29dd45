using Baton.Redundancy;
using Baton.Redundancy.Records;
using System.Buffers.Binary;

namespace Baton.Simulation.Nodes;

/// <summary>One IKE SA as the world knows it. Its state is a version and the IV of the message that is bound to it.</summary>
internal sealed class SimIke(int index)
{
    /// <summary>IVs that the maker may use before the counter's record exists.</summary>
    public const ulong OwnIvs = 4;

    public int Index => index;

    public IkeId Id => new(0x1CE_0000 + (ulong)index);

    public ulong KeyTag => 0x1_0000_0000 + (ulong)index;

    public ulong IvTag => 0x2_0000_0000 + (ulong)index;

    /// <summary>What every IV that left was for: the same one only ever with the same bytes.</summary>
    public Dictionary<ulong, ulong> UsedIvs { get; } = [];

    /// <summary>What the ledger has held: version and IV of its message. Never backwards.</summary>
    public Dictionary<ulong, ulong> Durable { get; } = [];

    public ulong DurableVersion { get; set; }

    /// <summary>The states that the peer may know of, with the term in which each left.</summary>
    public List<(ulong Version, ulong Term)> Left { get; } = [];

    /// <summary>The newest one that left in an earlier term than this.</summary>
    public ulong LeftBefore(ulong term)
    {
        ulong highest = 0;
        foreach ((ulong version, ulong left) in Left)
            highest = left < term ? Math.Max(highest, version) : highest;
        return highest;
    }

    /// <summary>The ledger has deleted it.</summary>
    public bool Gone { get; set; }

    public long LastDone { get; set; }

    public IkeRecord State(ulong version, ulong iv)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, iv);
        return new(Id, version, KeyTag, bytes);
    }

    public static ulong IvOf(IkeRecord record) => BinaryPrimitives.ReadUInt64BigEndian(record.Sealed.Span);

    public SaRecord IvCounter() => new(
        default, SaDirection.Outbound, 0, CounterSpace.IkeIv, IvTag, 64, 0, 0, 0, LastAuthenticated: OwnIvs + 1, ReadOnlyMemory<byte>.Empty);
}
