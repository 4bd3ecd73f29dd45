using System.Buffers.Binary;
using Baton.Srtp;

namespace Baton.Voice.MediaGateway.Member;

internal enum MediaWordKind : byte
{
    /// <summary>A phone is where the word is about.</summary>
    Learned,

    /// <summary>A packet from there, that reached the old active of a planned switchover.</summary>
    Packet,
}

/// <summary>What media gateways tell each other of a call. The phone's address stands beside it.</summary>
/// <remarks>
/// <code>
///   0      1       9      17    18     19
///   | kind | call | term | leg | half | packet ...
/// </code>
/// </remarks>
internal readonly ref struct MediaWord(MediaWordKind kind, ulong call, ulong term, byte leg, SrtpHalf half, ReadOnlySpan<byte> packet)
{
    public const int Front = 19;

    public MediaWordKind Kind { get; } = kind;

    public ulong Call { get; } = call;

    public ulong Term { get; } = term;

    public byte Leg { get; } = leg;

    /// <summary>Learned: of what; a packet: to which port it came.</summary>
    public SrtpHalf Half { get; } = half;

    public ReadOnlySpan<byte> Packet { get; } = packet;

    /// <summary>Returns the length.</summary>
    public int Write(Span<byte> text)
    {
        (text[0], text[17], text[18]) = ((byte)Kind, Leg, (byte)Half);
        BinaryPrimitives.WriteUInt64BigEndian(text[1..], Call);
        BinaryPrimitives.WriteUInt64BigEndian(text[9..], Term);
        Packet.CopyTo(text[Front..]);
        return Front + Packet.Length;
    }

    public static bool TryRead(ReadOnlySpan<byte> text, out MediaWord word)
    {
        word = default;
        if (text.Length < Front || text[0] > (byte)MediaWordKind.Packet || text[17] > 1 || text[18] > (byte)SrtpHalf.Rtcp || (text[0] == 0 && text.Length > Front))
            return false;
        word = new MediaWord((MediaWordKind)text[0], BinaryPrimitives.ReadUInt64BigEndian(text[1..]), BinaryPrimitives.ReadUInt64BigEndian(text[9..]),
            text[17], (SrtpHalf)text[18], text[Front..]);
        return true;
    }
}
