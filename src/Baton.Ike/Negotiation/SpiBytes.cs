using System.Buffers.Binary;

namespace Baton.Ike.Negotiation;

/// <summary>SPIs as they stand in proposals, notifies and deletes.</summary>
internal static class SpiBytes
{
    /// <summary>An ESP SPI has four bytes and is above the reserved ones (RFC 4303 section 2.1).</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out uint spi)
    {
        spi = bytes.Length == 4 ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : 0;
        return spi > 255;
    }

    public static bool TryReadIke(ReadOnlySpan<byte> bytes, out ulong spi)
    {
        spi = bytes.Length == 8 ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : 0;
        return spi != 0;
    }

    public static byte[] Write(uint spi)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, spi);
        return bytes;
    }

    public static byte[] WriteIke(ulong spi)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, spi);
        return bytes;
    }
}
