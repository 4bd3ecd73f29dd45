using System.Buffers.Binary;
using Baton.Crypto.Ike;
using Baton.Ike.Payloads;

namespace Baton.Ike.Messages;

/// <summary>How sealing ended.</summary>
public enum SealVerdict
{
    Sealed,

    /// <summary>The source has no IV to give now; those that it gave already are lost, not used.</summary>
    NoIv,

    /// <summary>More than a datagram, or than <see cref="ProtectedMessage.MaximumFragments"/> fragments, can carry.</summary>
    TooLong,
}

/// <summary>One fragment of a message, authentic and deciphered (RFC 7383 2.5).</summary>
/// <param name="FirstPayload">Type of the first inner payload; only in fragment 1.</param>
/// <param name="Content">A piece of the inner payloads' bytes; may be empty.</param>
public sealed record IkeFragment(
    IkeHeader Header, ushort Number, ushort Total, PayloadType FirstPayload, ReadOnlyMemory<byte> Content, IReadOnlyList<Payload> Unprotected);

/// <summary>What opening gave: a message, or a fragment for the <see cref="FragmentReassembler"/>, or neither.</summary>
/// <param name="IsAuthentic">The ICV held. Only then may an error be answered (INVALID_SYNTAX, RFC 7296 2.21.2) and does the datagram prove that the peer lives.</param>
public readonly record struct OpenedMessage(IkeParseVerdict Verdict, bool IsAuthentic, IkeMessage? Message, IkeFragment? Fragment);

/// <summary>Messages with an Encrypted payload (RFC 7296 3.14), whole or in fragments (RFC 7383).</summary>
/// <remarks>
/// <code>
///     IKE header | next, flags, length | [number, total] | IV | inner payloads, padding, pad length | ICV
///     `-------------- authenticated only ---------------'     `----------- enciphered ------------'
/// </code>
/// An AEAD's associated data goes up to the IV, and so includes a fragment's number and total (RFC 5282 5.1, RFC 7383 2.5).
/// </remarks>
public static class ProtectedMessage
{
    /// <summary>Fragments of one message that we send or take.</summary>
    public const int MaximumFragments = 128;

    private const int GenericHeader = 4;
    private const int FragmentFields = 4;

    /// <summary>Seals one message, in fragments where one datagram would be longer than <paramref name="maximumDatagram"/>.</summary>
    /// <param name="maximumDatagram">Bytes of the UDP payload without a non-ESP marker; <see cref="IkeMessage.MaximumLength"/> where the peer takes no fragments.</param>
    /// <param name="datagrams">In order; each took one number of <paramref name="ivs"/>.</param>
    public static SealVerdict Seal(
        IkeHeader header, IReadOnlyList<Payload> payloads, IkeCipher cipher, IIvSource ivs, int maximumDatagram, out IReadOnlyList<byte[]> datagrams)
    {
        datagrams = [];
        var writer = new WireWriter();
        PayloadChain.Write(writer, payloads);
        PayloadType first = PayloadChain.FirstType(payloads);
        Span<byte> inner = writer.Written;
        maximumDatagram = Math.Min(maximumDatagram, IkeMessage.MaximumLength);
        if (SealedLength(cipher, GenericHeader, inner.Length) <= maximumDatagram)
        {
            if (!ivs.TryTake(out ulong iv))
                return SealVerdict.NoIv;
            datagrams = [SealOne(header, first, 0, 0, inner, cipher, iv)];
            return SealVerdict.Sealed;
        }

        int room = Room(cipher, maximumDatagram);
        if (room <= 0 || (inner.Length + room - 1) / room > MaximumFragments)
            return SealVerdict.TooLong;
        int total = (inner.Length + room - 1) / room;
        var fragments = new byte[total][];
        for (int n = 0; n < total; n++)
        {
            if (!ivs.TryTake(out ulong iv))
                return SealVerdict.NoIv;
            Span<byte> piece = inner[(n * room)..Math.Min(inner.Length, (n + 1) * room)];
            fragments[n] = SealOne(header, n == 0 ? first : PayloadType.None, n + 1, total, piece, cipher, iv);
        }

        datagrams = fragments;
        return SealVerdict.Sealed;
    }

    /// <summary>Checks the ICV and deciphers. Copies the datagram first.</summary>
    public static OpenedMessage Open(ReadOnlySpan<byte> datagram, IkeCipher cipher)
    {
        IkeParseVerdict verdict = Locate(datagram, out IkeHeader header, out Encrypted found);
        if (verdict != IkeParseVerdict.Parsed)
            return Refused(verdict);
        byte[] bytes = datagram.ToArray();
        int textStart = found.HeaderEnd + cipher.IvLength;
        int textLength = bytes.Length - textStart - cipher.IcvLength;
        if (textLength < 1 || textLength % cipher.BlockLength != 0)
            return Refused(IkeParseVerdict.EncryptedLength);
        if (!cipher.Open(bytes, found.HeaderEnd))
            return Refused(IkeParseVerdict.BadIcv);
        int padding = bytes[textStart + textLength - 1];
        if (padding + 1 > textLength)
            return new OpenedMessage(IkeParseVerdict.BadPadding, IsAuthentic: true, null, null);
        ReadOnlyMemory<byte> text = bytes.AsMemory(textStart, textLength - 1 - padding);
        verdict = PayloadChain.TryParseUntil(header.NextPayload, bytes.AsMemory(IkeHeader.Size, found.Start - IkeHeader.Size), out List<Payload> before);
        if (verdict != IkeParseVerdict.Parsed)
            return new OpenedMessage(verdict, IsAuthentic: true, null, null);
        return found.Total > 0
            ? new OpenedMessage(verdict, true, null, new IkeFragment(header, found.Number, found.Total, found.Inner, text, before))
            : ParseInner(header, found.Inner, text, before);
    }

    /// <summary>Number and total of an Encrypted Fragment payload, before any cipher is asked; false when the datagram is none.</summary>
    /// <remarks>For what RFC 7383 2.6 and 2.6.1 decide by them: known fragments are dropped unopened, and of a request answered already only
    /// fragment 1 has the answer sent again.</remarks>
    public static bool TryPeekFragment(ReadOnlySpan<byte> datagram, out ushort number, out ushort total)
    {
        bool isFragment = Locate(datagram, out _, out Encrypted found) == IkeParseVerdict.Parsed && found.Total > 0;
        (number, total) = (found.Number, found.Total);
        return isFragment;
    }

    internal static OpenedMessage ParseInner(IkeHeader header, PayloadType first, ReadOnlyMemory<byte> text, IReadOnlyList<Payload> before)
    {
        IkeParseVerdict verdict = PayloadChain.TryParse(first, text, out List<Payload> payloads);
        return verdict == IkeParseVerdict.Parsed
            ? new OpenedMessage(verdict, true, new IkeMessage(header, payloads) { Unprotected = before }, null)
            : new OpenedMessage(verdict, true, null, null);
    }

    private static OpenedMessage Refused(IkeParseVerdict verdict) => new(verdict, IsAuthentic: false, null, null);

    /// <summary>Walks to the Encrypted payload, which must be the last (RFC 7296 3.14).</summary>
    private static IkeParseVerdict Locate(ReadOnlySpan<byte> datagram, out IkeHeader header, out Encrypted found)
    {
        found = default;
        IkeParseVerdict verdict = IkeHeader.TryParse(datagram, out header);
        if (verdict != IkeParseVerdict.Parsed)
            return verdict;
        PayloadType type = header.NextPayload;
        int at = IkeHeader.Size;
        for (int count = 0; type is not (PayloadType.Encrypted or PayloadType.EncryptedFragment); count++)
        {
            if (type == PayloadType.None)
                return IkeParseVerdict.NotEncrypted;
            if (count == PayloadChain.MaximumPayloads)
                return IkeParseVerdict.TooManyPayloads;
            if (datagram.Length - at < GenericHeader)
                return IkeParseVerdict.PayloadLength;
            int length = BinaryPrimitives.ReadUInt16BigEndian(datagram[(at + 2)..]);
            if (length < GenericHeader || length > datagram.Length - at)
                return IkeParseVerdict.PayloadLength;
            type = (PayloadType)datagram[at];
            at += length;
        }

        int headerLength = type == PayloadType.Encrypted ? GenericHeader : GenericHeader + FragmentFields;
        if (datagram.Length - at < headerLength)
            return IkeParseVerdict.PayloadLength;
        if (BinaryPrimitives.ReadUInt16BigEndian(datagram[(at + 2)..]) != datagram.Length - at)
            return IkeParseVerdict.UnexpectedEncrypted;
        ushort number = 0, total = 0;
        if (type == PayloadType.EncryptedFragment)
        {
            number = BinaryPrimitives.ReadUInt16BigEndian(datagram[(at + 4)..]);
            total = BinaryPrimitives.ReadUInt16BigEndian(datagram[(at + 6)..]);
            if (number == 0 || number > total || total > MaximumFragments)
                return IkeParseVerdict.BadFragment;
        }

        found = new Encrypted(at, at + headerLength, (PayloadType)datagram[at], number, total);
        return IkeParseVerdict.Parsed;
    }

    private static byte[] SealOne(IkeHeader header, PayloadType inner, int number, int total, ReadOnlySpan<byte> text, IkeCipher cipher, ulong iv)
    {
        bool isFragment = total > 0;
        int headerLength = isFragment ? GenericHeader + FragmentFields : GenericHeader;
        var message = new byte[SealedLength(cipher, headerLength, text.Length)];
        (header with { NextPayload = isFragment ? PayloadType.EncryptedFragment : PayloadType.Encrypted }).Write(message, message.Length);
        Span<byte> payload = message.AsSpan(IkeHeader.Size);
        payload[0] = (byte)inner;
        BinaryPrimitives.WriteUInt16BigEndian(payload[2..], (ushort)payload.Length);
        if (isFragment)
        {
            BinaryPrimitives.WriteUInt16BigEndian(payload[4..], (ushort)number);
            BinaryPrimitives.WriteUInt16BigEndian(payload[6..], (ushort)total);
        }

        text.CopyTo(payload[(headerLength + cipher.IvLength)..]);
        message[message.Length - cipher.IcvLength - 1] = (byte)Padding(cipher, text.Length);
        cipher.Seal(message, IkeHeader.Size + headerLength, iv);
        return message;
    }

    /// <summary>The least that makes text, padding and pad length whole blocks.</summary>
    private static int Padding(IkeCipher cipher, int text) => (cipher.BlockLength - ((text + 1) % cipher.BlockLength)) % cipher.BlockLength;

    private static int SealedLength(IkeCipher cipher, int headerLength, int text) =>
        IkeHeader.Size + headerLength + cipher.IvLength + text + Padding(cipher, text) + 1 + cipher.IcvLength;

    /// <summary>Bytes of text that a fragment of at most this length carries.</summary>
    private static int Room(IkeCipher cipher, int maximumDatagram)
    {
        int blocks = maximumDatagram - IkeHeader.Size - GenericHeader - FragmentFields - cipher.IvLength - cipher.IcvLength;
        return blocks - (blocks % cipher.BlockLength) - 1;
    }

    /// <summary>Where the Encrypted payload starts, where what is only authenticated ends, and what its header says.</summary>
    private readonly record struct Encrypted(int Start, int HeaderEnd, PayloadType Inner, ushort Number, ushort Total);
}
