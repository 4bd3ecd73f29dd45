using System.Net;
using Baton.Crypto;
using Baton.Ike;
using Baton.Ike.Authentication;
using Baton.Ike.Negotiation;
using Baton.Ike.Payloads;

namespace Baton.Fuzz.Targets.Exchanges;

/// <summary>What the two endpoints of a play are to each other: each bit adds one thing to a plain pair with a shared key and one child.</summary>
/// <remarks>
/// <code>
///     1 certificates    2 fragments (RFC 7383)    4 three children, one only on demand    8 addresses from a pool
///    16 the left is a cluster, and is taken over in the middle    32 the right one too    64 in UDP 4500 from the start    128 cookies
/// </code>
/// A member that takes over has followed the records: its IKE SAs sleep until something is for them, and it may ask its peer to synchronize (RFC 6311).
/// </remarks>
internal readonly record struct PlaySetup(byte Bits)
{
    private static readonly PresharedKey Key = new(new SecretBytes("fuzz"u8));

    public bool LeftIsTakenOver => (Bits & 16) != 0;

    public bool RightIsTakenOver => (Bits & 32) != 0;

    private bool ByCertificate => (Bits & 1) != 0;

    private bool InFragments => (Bits & 2) != 0;

    private bool ManyChildren => (Bits & 4) != 0;

    private bool GivesAddresses => (Bits & 8) != 0;

    private int Port => (Bits & 64) != 0 ? 4500 : 500;

    public IPEndPoint Left => new(IPAddress.Parse("192.0.2.1"), Port);

    public IPEndPoint Right => new(IPAddress.Parse("192.0.2.2"), Port);

    public static TrafficSelector Net(bool isLeft, int child)
    {
        byte second = (byte)(isLeft ? 1 : 2);
        return new TrafficSelector(0, 0, 65535, new IPAddress([10, second, (byte)child, 0]), new IPAddress([10, second, (byte)child, 255]));
    }

    /// <summary>Of one member: its pools are its own.</summary>
    public IkeEndpointPolicy Policy(bool isLeft) => new()
    {
        Connections = [Connection(isLeft)],
        Pools = isLeft || !GivesAddresses ? new Dictionary<string, AddressPool>() : new Dictionary<string, AddressPool>
        {
            ["v4"] = new(IPAddress.Parse("10.9.0.1"), IPAddress.Parse("10.9.0.8")), ["v6"] = new(IPAddress.Parse("fd00:9::1"), IPAddress.Parse("fd00:9::8")),
        },
        MaxDatagram = InFragments ? 260 : 1_232,
        Flood = (Bits & 128) != 0 ? new FloodPolicy { CookiesFrom = -1 } : new FloodPolicy(),
        MostChildren = 8,
        MostIkeSas = 16,
        OldChildLinger = TimeSpan.FromSeconds(1),
    };

    private Connection Connection(bool isLeft)
    {
        (string us, string them) = isLeft ? ("left", "right") : ("right", "left");
        ILocalCredential own = ByCertificate ? PlayCertificates.Own(us) : Key;
        IPeerCredential other = ByCertificate ? PlayCertificates.Peer : Key;
        return new Connection(them, new ConnectionCredentials(Identity.Fqdn(us), own, Identity.Fqdn(them), other))
        {
            Local = isLeft ? Left : Right,
            Remote = isLeft ? Right : Left,
            KeepUp = isLeft,
            AsksForIPv4 = isLeft && GivesAddresses,
            AsksForIPv6 = isLeft && GivesAddresses,
            GivesAddressesFrom = !isLeft && GivesAddresses ? ["v4", "v6"] : [],
            GivesNameServers = !isLeft && GivesAddresses ? [IPAddress.Parse("10.2.0.53")] : [],
            Children = ManyChildren ? [Child(isLeft, 0), Child(isLeft, 1), Child(isLeft, 2) with { Start = false }] : [Child(isLeft, 0)],
        };
    }

    private ChildPolicy Child(bool isLeft, int number)
    {
        // With addresses, what the client was given is its selector.
        TrafficSelector[] left = GivesAddresses ? [] : [Net(true, number)], right = [Net(false, number)];
        return new ChildPolicy($"net{number}") { Local = isLeft ? left : right, Remote = isLeft ? right : left };
    }
}
