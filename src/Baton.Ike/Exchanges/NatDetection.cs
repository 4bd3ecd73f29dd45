using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Cryptography;
using Baton.Ike.Messages;
using Baton.Ike.Payloads;

namespace Baton.Ike.Exchanges;

/// <summary>Is a NAT between us? (RFC 7296 section 2.23) Each side hashes the addresses that it sees; where the other's hash differs, something rewrote them.</summary>
internal static class NatDetection
{
    private const int Length = 20;

    /// <param name="force">Say a hash that cannot be right, so that the peer encapsulates too.</param>
    public static void Append(List<Payload> payloads, ulong spiI, ulong spiR, IPEndPoint local, IPEndPoint remote, bool force)
    {
        // The same wrong one each time: a request repeated with a cookie has all else unchanged (section 2.6).
        IPEndPoint source = force ? new IPEndPoint(local.Address, 0) : local;
        payloads.Add(new NotifyPayload(NotifyType.NatDetectionSourceIp, Hash(spiI, spiR, source)));
        payloads.Add(new NotifyPayload(NotifyType.NatDetectionDestinationIp, Hash(spiI, spiR, remote)));
    }

    /// <summary>False: the peer does no NAT traversal.</summary>
    /// <param name="here">Our address is rewritten.</param>
    /// <param name="there">The peer's address is rewritten (or it forces encapsulation).</param>
    public static bool TryRead(IkeMessage message, ulong spiI, ulong spiR, IPEndPoint local, IPEndPoint remote, out bool here, out bool there)
    {
        byte[] ours = Hash(spiI, spiR, local), theirs = Hash(spiI, spiR, remote);
        bool sourceSeen = false, destinationSeen = false;
        (here, there) = (false, true);
        foreach (Payload payload in message.Payloads)
        {
            if (payload is not NotifyPayload notify) continue;
            if (notify.NotifyType == NotifyType.NatDetectionSourceIp)
            {
                sourceSeen = true;
                if (notify.Data.Span.SequenceEqual(theirs)) there = false;       // one of several is enough
            }
            else if (notify.NotifyType == NotifyType.NatDetectionDestinationIp)
            {
                destinationSeen = true;
                here = !notify.Data.Span.SequenceEqual(ours);
            }
        }

        if (!sourceSeen) there = false;
        return sourceSeen && destinationSeen;
    }

    [SuppressMessage("Security", "CA5350:Do Not Use Weak Cryptographic Algorithms", Justification = "RFC 7296 section 2.23 says SHA-1; it finds a NAT and protects nothing.")]
    private static byte[] Hash(ulong spiI, ulong spiR, IPEndPoint endPoint)
    {
        byte[] address = endPoint.Address.GetAddressBytes();
        Span<byte> input = stackalloc byte[16 + address.Length + 2];
        BinaryPrimitives.WriteUInt64BigEndian(input, spiI);
        BinaryPrimitives.WriteUInt64BigEndian(input[8..], spiR);
        address.CopyTo(input[16..]);
        BinaryPrimitives.WriteUInt16BigEndian(input[(16 + address.Length)..], (ushort)endPoint.Port);
        byte[] hash = new byte[Length];
        SHA1.HashData(input, hash);
        return hash;
    }
}
