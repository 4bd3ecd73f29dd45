using System.Security.Cryptography;
using Baton.Crypto.Ike;
using Baton.Ike.Messages;
using Baton.Ike.Payloads;
using Baton.Ike.Sas;

namespace Baton.Ike.Tests.Harness;

/// <summary>Reads every datagram that leaves, with the sender's own keys: no IV twice, no message ID with two contents (P2; RFC 7296 section 2.2).</summary>
internal sealed class Observer(Lab lab)
{
    private readonly Dictionary<(ulong, ulong, bool, string), string> _byIv = [];
    private readonly Dictionary<(ulong, ulong, bool, bool, uint, int), string> _byId = [];

    public int Protected { get; private set; }

    /// <summary>Header and contents of what was sent, for ladders.</summary>
    public List<(string From, IkeHeader Header, IReadOnlyList<Payload> Payloads)> Messages { get; } = [];

    public int Count(ExchangeType exchange, bool isResponse) => Messages.Count(each => each.Header.Exchange == exchange && each.Header.IsResponse == isResponse);

    public void Sent(IkeHost from, IkeOutput.Send send)
    {
        ReadOnlySpan<byte> bytes = send.Message.Span;
        Check(IkeHeader.TryParse(bytes, out IkeHeader header) == IkeParseVerdict.Parsed, "a datagram of ours does not parse");
        if (header.Exchange == ExchangeType.IkeSaInit)
        {
            Check(IkeMessage.TryParse(bytes, out IkeMessage? plain) == IkeParseVerdict.Parsed, "an IKE_SA_INIT of ours does not parse");
            Messages.Add((from.Name, header, plain!.Payloads));
            return;
        }

        IkeSa? sa = from.Endpoint.FindBySpi((header.IsFromInitiator ? header.InitiatorSpi : header.ResponderSpi).Value);
        if (sa?.Keys is null) return;              // its last answer, and it is gone
        Protected++;
        Check(!from.Site.Replicated || from.Term != from.Site.Ledger.Term || from.Site.Ledger.Records.ContainsKey(sa.Id), "a message leaves under an IKE SA that has no record");
        using var cipher = new IkeCipher(sa.Suite.Cipher, sa.Keys.Encryption(sa.IsInitiator), sa.Keys.Integrity(sa.IsInitiator));
        OpenedMessage opened = ProtectedMessage.Open(bytes, cipher);
        Check(opened.IsAuthentic, "a datagram of ours does not open");
        bool isFragment = ProtectedMessage.TryPeekFragment(bytes, out ushort number, out _);
        int headerLength = IkeHeader.Size + (isFragment ? 8 : 4);
        string iv = Convert.ToHexString(bytes.Slice(headerLength, sa.Suite.Cipher.IvLength));
        string whole = Convert.ToHexString(SHA256.HashData(bytes));
        CheckSame(_byIv, (header.InitiatorSpi.Value, header.ResponderSpi.Value, header.IsFromInitiator, iv), whole, $"IV {iv} with two messages");
        string content = opened.Fragment is { } fragment ? Convert.ToHexString(fragment.Content.Span) : Convert.ToHexString(IkeMessageWriter.Write(default, opened.Message!.Payloads));
        bool isSync = opened.Message?.Notification(NotifyType.IkeMessageIdSync) is not null;
        if (!isSync)
        {
            CheckSame(
                _byId, (header.InitiatorSpi.Value, header.ResponderSpi.Value, header.IsFromInitiator, header.IsResponse, header.MessageId.Value, number), content,
                $"message ID {header.MessageId} ({header.Exchange}, {(header.IsResponse ? "answer" : "request")}) with two contents");
        }

        if (opened.Message is not { } message) return;
        Messages.Add((from.Name, header, message.Payloads));
        lab.Log($"{from.Name} {(header.IsResponse ? "<" : ">")} {header.Exchange} {header.MessageId} of {sa.Id}: {string.Join(", ", message.Payloads.Select(Text))}");
    }

    private static string Text(Payload payload) => payload switch
    {
        NotifyPayload notify => $"N({notify.NotifyType}{(notify.Spi.Length > 0 ? " " + Convert.ToHexStringLower(notify.Spi.Span) : "")})",
        DeletePayload delete => $"D({string.Join(' ', delete.Spis.Select(spi => $"{spi:x8}"))})",
        _ => payload.GetType().Name.Replace("Payload", "", StringComparison.Ordinal),
    };

    private void CheckSame<TKey>(Dictionary<TKey, string> seen, TKey key, string value, string what)
        where TKey : notnull
    {
        if (!seen.TryAdd(key, value)) Check(seen[key] == value, what);
    }

    private void Check(bool isSo, string what) => Assert.True(isSo, isSo ? "" : $"seed {lab.Seed}: {what}\n{lab.Tail()}");
}
