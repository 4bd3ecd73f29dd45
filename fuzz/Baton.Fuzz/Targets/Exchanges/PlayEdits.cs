using System.Buffers.Binary;
using Baton.Crypto.Ike;
using Baton.Ike;
using Baton.Ike.Messages;
using Baton.Ike.Sas;

namespace Baton.Fuzz.Targets.Exchanges;

/// <summary>What an input does to a datagram on its way, or to a commit on its way to the ledger.</summary>
/// <remarks>
/// <code>
///     number of the datagram | operation | offset (2) | value      operation 0x80 and above: the commit of that number is refused
/// </code>
/// </remarks>
internal sealed class PlayEdits(byte[] input, int from)
{
    private const int EditLength = 5, Numbers = 64;

    /// <summary>The datagram as it arrives: none, one, or two of it.</summary>
    public IEnumerable<byte[]> Of(int number, PlaySide sender, byte[] datagram)
    {
        int copies = 1;
        for (int at = from; at + EditLength <= input.Length; at += EditLength)
        {
            if (input[at] % Numbers != number || input[at + 1] >= 0x80)
                continue;
            int offset = BinaryPrimitives.ReadUInt16BigEndian(input.AsSpan(at + 2));
            if (input[at + 1] % 8 == 7)
                copies = input[at + 4] < 0x80 ? 2 : 0;
            else
                datagram = Change(sender, datagram, input[at + 1] % 8, offset, input[at + 4], input.AsSpan(at + EditLength));
        }

        return Enumerable.Repeat(datagram, copies);
    }

    public bool Refuses(int commit)
    {
        for (int at = from; at + EditLength <= input.Length; at += EditLength)
        {
            if (input[at] % Numbers == commit && input[at + 1] >= 0x80)
                return true;
        }

        return false;
    }

    /// <summary>In the clear before there are keys, else opened with the sender's keys and sealed again; a fragment too.</summary>
    private static byte[] Change(PlaySide sender, byte[] datagram, int operation, int offset, byte value, ReadOnlySpan<byte> rest)
    {
        if (IkeHeader.TryParse(datagram, out IkeHeader header) != IkeParseVerdict.Parsed)
            return datagram;
        if (header.Exchange == ExchangeType.IkeSaInit)
            return WithLength(Edit(datagram, operation, offset, value, rest));
        IkeSa? sa = sender.Endpoint.FindBySpi((header.IsFromInitiator ? header.InitiatorSpi : header.ResponderSpi).Value);
        if (sa?.Keys is null)
            return datagram;
        using var cipher = new IkeCipher(sa.Suite.Cipher, sa.Keys.Encryption(sa.IsInitiator), sa.Keys.Integrity(sa.IsInitiator));
        int headerLength = IkeHeader.Size + (ProtectedMessage.TryPeekFragment(datagram, out _, out _) ? 8 : 4);
        byte[] opened = [.. datagram];
        if (datagram.Length < headerLength + cipher.IvLength + cipher.IcvLength || !cipher.Open(opened, headerLength))
            return datagram;
        int start = headerLength + cipher.IvLength;
        int padding = opened[^(cipher.IcvLength + 1)];
        byte[] head = opened[..headerLength];
        byte[] text = opened[start..(opened.Length - cipher.IcvLength - 1 - padding)];
        if (operation == 6)
            head[16 + (offset % (headerLength - 16))] = value;  // exchange, flags, message ID, first payload, number of a fragment: authentic all the same
        else
            text = Edit(text, operation, offset, value, rest);
        int block = cipher.IvLength == 16 ? 16 : 1;                // CBC
        var pad = (byte)((block - ((text.Length + 1) % block)) % block);
        byte[] again = [.. head, .. new byte[cipher.IvLength], .. text, .. new byte[pad], pad, .. new byte[cipher.IcvLength]];
        BinaryPrimitives.WriteUInt16BigEndian(again.AsSpan(IkeHeader.Size + 2), (ushort)(again.Length - IkeHeader.Size));
        cipher.Seal(WithLength(again), headerLength, (1UL << 60) + (ulong)offset);
        return again;
    }

    private static byte[] Edit(byte[] text, int operation, int offset, byte value, ReadOnlySpan<byte> rest)
    {
        if (text.Length == 0)
            return [value];
        int at = offset % text.Length;
        switch (operation)
        {
            case 0:
                text[at] ^= (byte)(1 << (value % 8));
                return text;
            case 1:
                text[at] = value;
                return text;
            case 2:
                return text[..at];
            case 3:
                return [.. text[..at], .. text[(at / 2)..]];
            case 4:
                return [.. text[..at], .. text[Math.Min(text.Length, at + 1 + value)..]];
            default:
                return [.. text[..at], .. rest[..Math.Min(rest.Length, 1_024)]];
        }
    }

    private static byte[] WithLength(byte[] datagram)
    {
        if (datagram.Length >= IkeHeader.Size)
            BinaryPrimitives.WriteUInt32BigEndian(datagram.AsSpan(24), (uint)datagram.Length);
        return datagram;
    }
}
