using Baton.Crypto.Ike;
using Baton.Ike.Messages;
using Baton.Ike.Payloads;

namespace Baton.Fuzz.Targets;

/// <summary>Every way that a datagram's bytes go through the codec. The first byte says which; a forged ICV would keep a fuzzer out of what stands behind it.</summary>
/// <remarks>
/// <code>
///     0  an unprotected datagram          1  a protected datagram, ICV and all
///     2  first payload's type | the inner payloads, which are sealed here with AES-GCM (2) or CBC and HMAC (3)
///     4  fragments for the reassembler: message ID | number | total | length | content, repeated
/// </code>
/// </remarks>
public sealed class IkeParserTarget : IFuzzTarget
{
    private const int MaximumHeld = 4_096;

    private static readonly IkeHeader Header = new(new IkeSpi(1), new IkeSpi(2), ExchangeType.IkeAuth, IkeFlags.Initiator, new MessageId(1));

    public string Name => "ike-parser";

    public InputBounds Bounds { get; } = new(TimeSpan.FromMilliseconds(200), 2 << 20);

    public void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
            return;
        ReadOnlySpan<byte> rest = input[1..];
        switch (input[0] % 5)
        {
            case 0:
                if (IkeMessage.TryParse(rest, out IkeMessage? message) == IkeParseVerdict.Parsed)
                    CheckFixedPoint(message!);
                break;
            case 1:
                Open(rest);
                break;
            case 2:
                Inner(rest, Gcm());
                break;
            case 3:
                Inner(rest, Cbc());
                break;
            default:
                Reassemble(rest);
                break;
        }
    }

    private static void Open(ReadOnlySpan<byte> datagram)
    {
        using IkeCipher cipher = Gcm();
        OpenedMessage opened = ProtectedMessage.Open(datagram, cipher);
        FuzzFaultException.Unless(!opened.IsAuthentic || opened.Verdict != IkeParseVerdict.BadIcv, "authentic and forged");
        bool isFragment = ProtectedMessage.TryPeekFragment(datagram, out ushort number, out ushort total);
        FuzzFaultException.Unless(!isFragment || (number > 0 && number <= total), "a fragment out of range");
    }

    private static void Inner(ReadOnlySpan<byte> input, IkeCipher cipher)
    {
        using (cipher)
        {
            if (input.Length is 0 or > 8_000)
                return;
            int room = input.Length - 1 + ((cipher.BlockLength - ((input.Length - 1) % cipher.BlockLength)) % cipher.BlockLength);
            if (room == 0)
                return;
            byte[] datagram = IkeMessageWriter.Write(
                Header, [new UnknownPayload(PayloadType.Encrypted, false, new byte[cipher.IvLength + room + cipher.IcvLength])]);
            datagram[IkeHeader.Size] = input[0];
            input[1..].CopyTo(datagram.AsSpan(IkeHeader.Size + 4 + cipher.IvLength));
            cipher.Seal(datagram, IkeHeader.Size + 4, 1);
            OpenedMessage opened = ProtectedMessage.Open(datagram, cipher);
            FuzzFaultException.Unless(opened.IsAuthentic, "sealed, and not authentic");
            FuzzFaultException.Unless((opened.Message is not null) == (opened.Verdict == IkeParseVerdict.Parsed), "a verdict without its message");
            if (opened.Message is { } message)
                CheckFixedPoint(message);
        }
    }

    private static void Reassemble(ReadOnlySpan<byte> input)
    {
        var reassembler = new FragmentReassembler(MaximumHeld);
        while (input.Length >= 4)
        {
            var id = new MessageId((uint)(input[0] & 3));
            ushort total = (ushort)Math.Max(1, (int)input[2] % ProtectedMessage.MaximumFragments), number = (ushort)(1 + (input[1] % total));
            int length = Math.Min(input[3] * 8, input.Length - 4);
            bool wanted = reassembler.Wants(id, number, total);
            var fragment = new IkeFragment(Header with { MessageId = id }, number, total, PayloadType.Notify, input.Slice(4, length).ToArray(), []);
            FragmentVerdict verdict = reassembler.Add(fragment, out OpenedMessage opened);
            FuzzFaultException.Unless(wanted == verdict is FragmentVerdict.Stored or FragmentVerdict.Complete or FragmentVerdict.TooLong, "kept what it did not want");
            FuzzFaultException.Unless(reassembler.HeldBytes <= MaximumHeld && reassembler.Held < ProtectedMessage.MaximumFragments, "beyond the bound");
            FuzzFaultException.Unless(verdict != FragmentVerdict.Complete || (opened.IsAuthentic && reassembler.Held == 0), "complete, and something left");
            input = input[(4 + length)..];
        }
    }

    /// <summary>What was read can be written, is read again as the same, and from then on stays as it is. Only what is skipped by rule gets lost, once.</summary>
    private static void CheckFixedPoint(IkeMessage message)
    {
        FuzzFaultException.Unless(message.Payloads.Count <= PayloadChain.MaximumPayloads, "too many payloads");
        _ = message.UnsupportedCritical;
        if (message.Payloads.Any(payload => payload is TsPayload { Selectors.Count: 0 }))
            return;                                     // all of unknown types: there is nothing to write
        byte[] first = IkeMessageWriter.Write(message.Header, message.Payloads);
        FuzzFaultException.Unless(IkeMessage.TryParse(first, out IkeMessage? again) == IkeParseVerdict.Parsed, "written, and not read");
        byte[] second = IkeMessageWriter.Write(again!.Header, again.Payloads);
        FuzzFaultException.Unless(first.AsSpan().SequenceEqual(second), "read again as something else");
    }

    private static IkeCipher Gcm() => new(new IkeCipherSuite(EncryptionAlgorithm.AesGcm16, 128, IntegrityAlgorithm.None), new byte[20], []);

    private static IkeCipher Cbc() => new(new IkeCipherSuite(EncryptionAlgorithm.AesCbc, 128, IntegrityAlgorithm.HmacSha256), new byte[16], new byte[32]);
}
