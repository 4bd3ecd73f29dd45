using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Cluster.Records;

/// <summary>The cipher suites of an SA record; the numbers are stored, so none is ever used again for another.</summary>
public enum SaSuite : byte
{
    /// <summary>RFC 4106, ICV of 16 bytes; 16 bytes of key and 4 of salt.</summary>
    AesGcm128 = 1,

    /// <summary>RFC 4106, ICV of 16 bytes; 32 bytes of key and 4 of salt.</summary>
    AesGcm256 = 2,

    /// <summary>RFC 7634; 32 bytes of key and 4 of salt.</summary>
    ChaCha20Poly1305 = 3,

    /// <summary>RFC 3602 with HMAC-SHA2-256-128 (RFC 4868); 16 bytes for the cipher and 32 for the HMAC.</summary>
    AesCbc128Sha256 = 4,

    /// <summary>As <see cref="AesCbc128Sha256"/> with a cipher key of 32 bytes.</summary>
    AesCbc256Sha256 = 5,
}

public enum SaMode : byte
{
    Tunnel = 0,
    Transport = 1,
}

/// <summary>What a member must know of an SA to carry packets, and the handler must not: the sealed part of the record.</summary>
/// <param name="Name">The connection's or the configured SA's, for people.</param>
/// <param name="Key">Cipher key, then the salt of an AEAD or the integrity key. Whoever holds the description wipes it (<see cref="Wipe"/>).</param>
/// <param name="Local">What it protects on the cluster's side; with <paramref name="Remote"/> every pair (RFC 7296 2.9).</param>
/// <param name="Remote">What it protects on the peer's side.</param>
/// <param name="Peer">Where the peer is; port 0: ESP without UDP (RFC 4303); null: learned from its first authenticated packet (behind a NAT).</param>
/// <param name="Partner">SPI of the SA in the other direction.</param>
public sealed record SaDescription(
    string Name,
    SaSuite Suite,
    SaMode Mode,
    uint Spi,
    uint Partner,
    bool Extended,
    int WindowSize,
    IReadOnlyList<SaSelector> Local,
    IReadOnlyList<SaSelector> Remote,
    IPEndPoint? Peer,
    byte[] Key)
{
    /// <summary>Selectors of one side: more than any peer asks for.</summary>
    public const int MaximumSelectors = 64;

    private const byte Version = 2;

    /// <summary>Our endpoint towards the peer; null: whichever there is.</summary>
    public IPEndPoint? Own { get; init; }

    /// <summary>The IKE SA that made it (an IKE SA's rekey hands it on); null: the configuration did.</summary>
    public IkeId? MadeBy { get; init; }

    /// <summary>The pair of child SAs that it is one half of, by its maker's id; 0: the configuration made it.</summary>
    public ulong Child { get; init; }

    /// <summary>Outbound, made by a rekey: packets take it with its first inbound packet, or when the maker says so (RFC 7296 2.8); until then the one before it.</summary>
    public bool OutboundLater { get; init; }

    /// <summary>SPI of the SA of the same direction that it takes over from (a rekey); 0: none.</summary>
    public uint Replaces { get; init; }

    /// <summary>Bytes of <see cref="Key"/> that a suite needs.</summary>
    public static int KeyBytes(SaSuite suite) => suite switch
    {
        SaSuite.AesGcm128 => 20,
        SaSuite.AesGcm256 or SaSuite.ChaCha20Poly1305 => 36,
        SaSuite.AesCbc128Sha256 => 48,
        SaSuite.AesCbc256Sha256 => 64,
        _ => 0,
    };

    /// <summary>Bytes of salt at the end of <see cref="Key"/> (AEADs), or of the integrity key.</summary>
    public static int TailBytes(SaSuite suite) => suite is SaSuite.AesCbc128Sha256 or SaSuite.AesCbc256Sha256 ? 32 : 4;

    public ReadOnlySpan<byte> CipherKey => Key.AsSpan(0, Key.Length - TailBytes(Suite));

    public ReadOnlySpan<byte> SaltOrIntegrityKey => Key.AsSpan(Key.Length - TailBytes(Suite));

    public void Wipe() => CryptographicOperations.ZeroMemory(Key);

    /// <summary>Names and numbers, never the key.</summary>
    public override string ToString() =>
        $"{Name} spi {Spi:x8} {Suite}{(Extended ? " esn" : "")} {string.Join(',', Local)} - {string.Join(',', Remote)} peer {Peer?.ToString() ?? "any"}";

    /// <remarks>
    /// <code>
    /// 2 | suite | mode | flags (1 extended, 2 outbound later) | spi u32 | partner u32 | window u32 | name | selectors | selectors | peer | key
    ///   | own | made by u64 (0 none) | replaces u32 | child u64
    /// name, peer, key, own: length byte first; an endpoint is address and port u16
    /// selectors: count byte, then each: family byte 4 or 6, protocol, port u16, port u16, address, address
    /// </code>
    /// </remarks>
    internal byte[] Encode()
    {
        using var bytes = new MemoryStream(192);
        Span<byte> eight = stackalloc byte[8];
        bytes.WriteByte(Version);
        bytes.WriteByte((byte)Suite);
        bytes.WriteByte((byte)Mode);
        bytes.WriteByte((byte)((Extended ? 1 : 0) | (OutboundLater ? 2 : 0)));
        Number(bytes, eight, Spi);
        Number(bytes, eight, Partner);
        Number(bytes, eight, (uint)WindowSize);
        Block(bytes, System.Text.Encoding.UTF8.GetBytes(Name));
        Selectors(bytes, eight, Local);
        Selectors(bytes, eight, Remote);
        Endpoint(bytes, Peer);
        Block(bytes, Key);
        Endpoint(bytes, Own);
        BinaryPrimitives.WriteUInt64BigEndian(eight, MadeBy?.Value ?? 0);
        bytes.Write(eight);
        Number(bytes, eight, Replaces);
        BinaryPrimitives.WriteUInt64BigEndian(eight, Child);
        bytes.Write(eight);
        byte[] encoded = bytes.ToArray();
        CryptographicOperations.ZeroMemory(bytes.GetBuffer());
        return encoded;

        static void Number(MemoryStream to, Span<byte> four, uint value)
        {
            BinaryPrimitives.WriteUInt32BigEndian(four, value);
            to.Write(four[..4]);
        }

        static void Short(MemoryStream to, ushort value)
        {
            to.WriteByte((byte)(value >> 8));
            to.WriteByte((byte)value);
        }

        static void Block(MemoryStream to, ReadOnlySpan<byte> block)
        {
            to.WriteByte(checked((byte)block.Length));
            to.Write(block);
        }

        static void Endpoint(MemoryStream to, IPEndPoint? endpoint)
        {
            Block(to, endpoint is null ? [] : endpoint.Address.GetAddressBytes());
            if (endpoint is not null)
                Short(to, (ushort)endpoint.Port);
        }

        static void Selectors(MemoryStream to, Span<byte> eight, IReadOnlyList<SaSelector> selectors)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(selectors.Count, MaximumSelectors);
            to.WriteByte((byte)selectors.Count);
            foreach (SaSelector selector in selectors)
            {
                to.WriteByte(selector.First.IsV4 ? (byte)4 : (byte)6);
                to.WriteByte(selector.Protocol);
                Short(to, selector.FirstPort);
                Short(to, selector.LastPort);
                foreach (IpAddress address in new[] { selector.First, selector.Last })
                {
                    if (!address.IsV4)
                    {
                        BinaryPrimitives.WriteUInt64BigEndian(eight, address.High);
                        to.Write(eight);
                    }

                    BinaryPrimitives.WriteUInt64BigEndian(eight, address.Low);
                    to.Write(address.IsV4 ? eight[4..] : eight);
                }
            }
        }
    }

    internal static bool TryDecode(ReadOnlySpan<byte> bytes, out SaDescription description)
    {
        description = null!;
        var reader = new Sync.SyncReader(bytes);
        byte version = reader.Byte();
        if (version is not (1 or Version)) return false;
        var suite = (SaSuite)reader.Byte();
        var mode = (SaMode)reader.Byte();
        byte flags = reader.Byte();
        uint spi = Number(ref reader);
        uint partner = Number(ref reader);
        uint window = Number(ref reader);
        string name = System.Text.Encoding.UTF8.GetString(reader.Bytes(reader.Byte()));
        bool sides = Side(ref reader, version, out SaSelector[] local) & Side(ref reader, version, out SaSelector[] remote);
        sides &= Endpoint(ref reader, version, out IPEndPoint? peer);
        ReadOnlySpan<byte> key = reader.Bytes(reader.Byte());
        IPEndPoint? own = null;
        ulong madeBy = 0, child = 0;
        uint replaces = 0;
        if (version == Version)
        {
            sides &= Endpoint(ref reader, version, out own);
            madeBy = reader.Fixed64();
            replaces = Number(ref reader);
            child = reader.Fixed64();
        }

        if (!reader.Ok || reader.Left > 0 || !sides || flags > (version == 1 ? 1 : 3) || mode > SaMode.Transport) return false;
        if (key.Length == 0 || key.Length != KeyBytes(suite) || window is 0 or > 4096) return false;
        description = new(name, suite, mode, spi, partner, (flags & 1) != 0, (int)window, local, remote, peer, key.ToArray())
        {
            Own = own,
            MadeBy = madeBy == 0 ? null : new IkeId(madeBy),
            Replaces = replaces,
            Child = child,
            OutboundLater = (flags & 2) != 0,
        };
        return true;

        static uint Number(ref Sync.SyncReader reader)
        {
            ReadOnlySpan<byte> four = reader.Bytes(4);
            return four.IsEmpty ? 0 : BinaryPrimitives.ReadUInt32BigEndian(four);
        }

        static ushort Short(ref Sync.SyncReader reader)
        {
            ReadOnlySpan<byte> two = reader.Bytes(2);
            return two.IsEmpty ? (ushort)0 : BinaryPrimitives.ReadUInt16BigEndian(two);
        }

        static bool Endpoint(ref Sync.SyncReader reader, byte version, out IPEndPoint? endpoint)
        {
            endpoint = null;
            ReadOnlySpan<byte> address = reader.Bytes(reader.Byte());
            uint port = version == 1 ? Number(ref reader) : address.IsEmpty ? 0u : Short(ref reader);
            if (address.Length is not (0 or 4 or 16) || port > ushort.MaxValue) return false;
            if (!address.IsEmpty) endpoint = new IPEndPoint(new IPAddress(address), (int)port);
            return true;
        }

        static bool Side(ref Sync.SyncReader reader, byte version, out SaSelector[] selectors)
        {
            selectors = [];
            if (version == 1)
            {
                ReadOnlySpan<byte> address = reader.Bytes(reader.Byte());
                int prefix = reader.Byte();
                if (address.Length is not (4 or 16) || prefix > address.Length * 8
                    || !IPNetwork.TryParse($"{new IPAddress(address)}/{prefix}", out IPNetwork network)) return false;
                selectors = [SaSelector.Of(network)];
                return true;
            }

            int count = reader.Byte();
            if (count is 0 or > MaximumSelectors) return false;
            selectors = new SaSelector[count];
            for (int i = 0; i < count; i++)
            {
                byte family = reader.Byte();
                byte protocol = reader.Byte();
                (ushort from, ushort to) = (Short(ref reader), Short(ref reader));
                if (family is not (4 or 6)) return false;
                (IpAddress first, IpAddress last) = (Address(ref reader, family), Address(ref reader, family));
                selectors[i] = new SaSelector(protocol, from, to, first, last);
                if (!reader.Ok || from > to || !selectors[i].Contains(first) || !selectors[i].Contains(last)) return false;
            }

            return true;
        }

        static IpAddress Address(ref Sync.SyncReader reader, byte family)
        {
            if (family == 4)
                return IpAddress.V4(Number(ref reader));
            ReadOnlySpan<byte> sixteen = reader.Bytes(16);
            return sixteen.IsEmpty ? default : IpAddress.V6(sixteen);
        }
    }
}
