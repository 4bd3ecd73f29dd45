using System.Net;

namespace Baton.Voice;

/// <summary>One end of the call. Inner packets travel in UDP datagrams between <paramref name="Local"/> and <paramref name="Gateway"/>.</summary>
/// <param name="SelfInner">Our inner IPv4 address, host byte order (<see cref="DemoAddresses"/>).</param>
/// <param name="Speech">Which recording to speak: "a" or "b".</param>
/// <param name="Record">Where to write the call as heard (WAV), at the end.</param>
/// <param name="Log">Where to write a JSON line an arrival, at the end.</param>
/// <param name="Plain">The phone is a host with an address of its own: RTP goes through its stack, <paramref name="Gateway"/> is the other phone, and there are no inner addresses.</param>
/// <param name="AlsoFrom">Further senders whose datagrams are taken; all others are counted as foreign and dropped.</param>
public sealed record PhoneOptions(
    IPEndPoint Local,
    IPEndPoint Gateway,
    uint SelfInner,
    uint FarInner,
    string Speech,
    string? Record = null,
    string? Log = null,
    IReadOnlyList<IPEndPoint>? AlsoFrom = null,
    bool Plain = false);
