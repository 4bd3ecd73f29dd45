using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;

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
/// <param name="Key">Cipher key, then the salt of an AEAD or the integrity key. Whoever holds the description wipes it (<see cref="Wipe"/>).</param>
/// <param name="Local">Inner addresses on the cluster's side.</param>
/// <param name="Remote">Inner addresses on the peer's side.</param>
/// <param name="Peer">Where the peer is; null: learned from its first authenticated packet (behind a NAT).</param>
/// <param name="Partner">SPI of the SA in the other direction.</param>
public sealed record SaDescription(
    string Name,
    SaSuite Suite,
    SaMode Mode,
    uint Spi,
    uint Partner,
    bool Extended,
    int WindowSize,
    IPNetwork Local,
    IPNetwork Remote,
    IPEndPoint? Peer,
    byte[] Key)
{
    private const byte Version = 1;

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
        $"{Name} spi {Spi:x8} {Suite}{(Extended ? " esn" : "")} {Local} - {Remote} peer {Peer?.ToString() ?? "any"}";

    internal byte[] Encode()
    {
        byte[] name = System.Text.Encoding.UTF8.GetBytes(Name);
        using var bytes = new MemoryStream(128);
        Span<byte> four = stackalloc byte[4];
        bytes.WriteByte(Version);
        bytes.WriteByte((byte)Suite);
        bytes.WriteByte((byte)Mode);
        bytes.WriteByte(Extended ? (byte)1 : (byte)0);
        Number(bytes, four, Spi);
        Number(bytes, four, Partner);
        Number(bytes, four, (uint)WindowSize);
        Block(bytes, name);
        Network(bytes, Local);
        Network(bytes, Remote);
        Block(bytes, Peer is null ? [] : Peer.Address.GetAddressBytes());
        Number(bytes, four, (uint)(Peer?.Port ?? 0));
        Block(bytes, Key);
        byte[] encoded = bytes.ToArray();
        CryptographicOperations.ZeroMemory(bytes.GetBuffer());
        return encoded;

        static void Number(MemoryStream to, Span<byte> four, uint value)
        {
            BinaryPrimitives.WriteUInt32BigEndian(four, value);
            to.Write(four);
        }

        static void Block(MemoryStream to, ReadOnlySpan<byte> block)
        {
            to.WriteByte(checked((byte)block.Length));
            to.Write(block);
        }

        static void Network(MemoryStream to, IPNetwork network)
        {
            Block(to, network.BaseAddress.GetAddressBytes());
            to.WriteByte((byte)network.PrefixLength);
        }
    }

    internal static bool TryDecode(ReadOnlySpan<byte> bytes, out SaDescription description)
    {
        description = null!;
        var reader = new Sync.SyncReader(bytes);
        if (reader.Byte() != Version) return false;
        var suite = (SaSuite)reader.Byte();
        var mode = (SaMode)reader.Byte();
        byte extended = reader.Byte();
        uint spi = Number(ref reader);
        uint partner = Number(ref reader);
        uint window = Number(ref reader);
        string name = System.Text.Encoding.UTF8.GetString(reader.Bytes(reader.Byte()));
        bool networks = Network(ref reader, out IPNetwork local) & Network(ref reader, out IPNetwork remote);
        ReadOnlySpan<byte> address = reader.Bytes(reader.Byte());
        uint port = Number(ref reader);
        ReadOnlySpan<byte> key = reader.Bytes(reader.Byte());
        if (!reader.Ok || reader.Left > 0 || !networks || extended > 1 || mode > SaMode.Transport) return false;
        if (key.Length == 0 || key.Length != KeyBytes(suite) || window is 0 or > 4096) return false;
        if (address.Length is not (0 or 4 or 16) || port > ushort.MaxValue) return false;
        IPEndPoint? peer = address.IsEmpty ? null : new IPEndPoint(new IPAddress(address), (int)port);
        description = new(name, suite, mode, spi, partner, extended == 1, (int)window, local, remote, peer, key.ToArray());
        return true;

        static uint Number(ref Sync.SyncReader reader)
        {
            ReadOnlySpan<byte> four = reader.Bytes(4);
            return four.IsEmpty ? 0 : BinaryPrimitives.ReadUInt32BigEndian(four);
        }

        static bool Network(ref Sync.SyncReader reader, out IPNetwork network)
        {
            network = default;
            ReadOnlySpan<byte> address = reader.Bytes(reader.Byte());
            int prefix = reader.Byte();
            return address.Length is 4 or 16 && prefix <= address.Length * 8
                && IPNetwork.TryParse($"{new IPAddress(address)}/{prefix}", out network);
        }
    }
}
