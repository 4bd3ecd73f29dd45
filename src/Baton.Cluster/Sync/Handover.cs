namespace Baton.Cluster.Sync;

public enum HandoverKind : byte
{
    /// <summary>An outer datagram: ESP in UDP, with the peer it came from.</summary>
    Outer,

    /// <summary>A raw inner IP packet, on its way to a peer.</summary>
    Inner,

    /// <summary>No packet: where the active learned that a peer is now; its content is the shell's affair.</summary>
    Endpoint,

    /// <summary>What a path beside that of ESP hands to its twin, such as media: its content is that path's affair.</summary>
    Beside,
}

/// <summary>A packet that still reached the old active of a planned switchover, handed to its successor (P6). A view of the datagram.</summary>
/// <param name="address">The outer packet's source, 4 or 16 bytes; empty for an inner packet.</param>
public readonly ref struct Handover(HandoverKind kind, ReadOnlySpan<byte> address, ushort port, ReadOnlySpan<byte> packet)
{
    public HandoverKind Kind { get; } = kind;

    public ReadOnlySpan<byte> Address { get; } = address;

    public ushort Port { get; } = port;

    public ReadOnlySpan<byte> Packet { get; } = packet;
}
