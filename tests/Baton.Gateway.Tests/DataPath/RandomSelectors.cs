using System.Buffers.Binary;
using Baton.Cluster.Records;
using Baton.Gateway.DataPath;
using Baton.Wire;

namespace Baton.Gateway.Tests.DataPath;

/// <summary>Selectors and packets of a small world, so that they meet, nest and overlap: prefixes, ranges, hosts, protocols, ports and ranges of them.</summary>
internal sealed class RandomSelectors(Random random)
{
    private static readonly byte[] Protocols = [0, 0, 0, 6, 17, 1];

    public SaSelector[] Some(bool v4) => [.. Enumerable.Range(0, random.Next(10) == 0 ? 3 : 1).Select(_ => One(v4))];

    /// <summary>Two times in three it comes from somewhere within one of the SAs.</summary>
    public byte[] Packet(IReadOnlyList<OutboundEntry> entries)
    {
        bool v4 = random.Next(3) != 0;
        (IpAddress source, IpAddress destination) = (Address(v4), Address(v4));
        if (entries.Count > 0 && random.Next(3) != 0)
        {
            OutboundEntry entry = entries[random.Next(entries.Count)];
            (source, destination) = (Within(entry.Source[0]), Within(entry.Destination[0]));
            v4 = source.IsV4;
        }

        if (v4 != destination.IsV4)
            destination = Address(v4);
        int header = v4 ? 20 : 40;
        byte[] packet = new byte[header + 8];
        byte protocol = Protocols[random.Next(Protocols.Length)];
        if (v4)
        {
            (packet[0], packet[9]) = (0x45, protocol);
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(6), random.Next(8) == 0 ? (ushort)100 : (ushort)0);
            BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(12), (uint)source.Low);
            BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(16), (uint)destination.Low);
        }
        else
        {
            (packet[0], packet[5], packet[6]) = (0x60, 8, protocol == 0 ? (byte)59 : protocol);
            Write(source, packet.AsSpan(8));
            Write(destination, packet.AsSpan(24));
        }

        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(header), Port());
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(header + 2), Port());
        return packet;
    }

    private SaSelector One(bool v4)
    {
        IpAddress first = Address(v4), last = first;
        switch (random.Next(6))
        {
            case 0:
                last = Address(v4);
                if (first.Low > last.Low || first.High > last.High)
                    (first, last) = (last, first);
                break;
            case 1:
                int bits = random.Next(v4 ? 33 : 129);
                SaSelector network = SaSelector.Of(new System.Net.IPNetwork(first.Masked(bits).ToIPAddress(), bits));
                (first, last) = (network.First, network.Last);
                break;
            case 2 or 3:
                first = last = v4 ? IpAddress.V4(0x0A000001) : new IpAddress(0x2001_0db8_0000_0000, 1);  // so that many differ by ports alone
                break;
        }

        (ushort from, ushort to) = random.Next(3) switch
        {
            0 => (Port(), Port()),
            1 when Port() is var one => (one, one),
            _ => ((ushort)0, ushort.MaxValue),
        };
        return new SaSelector(Protocols[random.Next(Protocols.Length)], Math.Min(from, to), Math.Max(from, to), first, last);
    }

    private IpAddress Within(in SaSelector selector) => random.Next(2) == 0 ? selector.First : selector.Last;

    private IpAddress Address(bool v4) =>
        v4 ? IpAddress.V4(0x0A000000u + (uint)random.Next(64)) : new IpAddress(0x2001_0db8_0000_0000, 1UL << random.Next(40) | (uint)random.Next(8));

    private ushort Port() => (ushort)(random.Next(4) == 0 ? random.Next(65_536) : 1_000 + random.Next(4));

    private static void Write(in IpAddress address, Span<byte> to)
    {
        BinaryPrimitives.WriteUInt64BigEndian(to, address.High);
        BinaryPrimitives.WriteUInt64BigEndian(to[8..], address.Low);
    }
}
