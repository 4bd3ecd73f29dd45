using System.Net;

namespace Baton.Voice;

/// <summary>A tap between a peer and its router: the peer talks to <paramref name="PeerSide"/>, the router sees the peer at <paramref name="RouterSide"/>.</summary>
/// <param name="Peer">The peer's address; when absent, the first that sends is the peer. Datagrams of others are counted as foreign and dropped.</param>
/// <param name="Record">Where to write what was seen (pcap), at the end.</param>
/// <param name="MaxRecordMiB">Recording stops there, forwarding and counting go on.</param>
/// <param name="WatchSpis">SPIs of which each packet's time and number are kept.</param>
/// <param name="AeadSpis">SPIs known to carry an explicit IV of 8 bytes; the others are found out.</param>
public sealed record ObserverOptions(
    IPEndPoint PeerSide,
    IPEndPoint RouterSide,
    IPEndPoint Router,
    IPEndPoint? Peer = null,
    string? Record = null,
    int MaxRecordMiB = 200,
    IReadOnlyList<uint>? WatchSpis = null,
    IReadOnlyList<uint>? AeadSpis = null);
