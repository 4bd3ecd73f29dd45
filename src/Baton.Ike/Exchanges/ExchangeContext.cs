using Baton.Ike.Messages;
using Baton.Ike.Payloads;
using Baton.Ike.Sas;

namespace Baton.Ike.Exchanges;

/// <summary>One message being taken: the endpoint, the IKE SA, and the datagram that completed it.</summary>
internal readonly struct ExchangeContext(IkeEndpoint core, IkeSa sa, IkeInput.Datagram datagram)
{
    public IkeEndpoint Core { get; } = core;

    public IkeSa Sa { get; } = sa;

    public IkeInput.Datagram Datagram { get; } = datagram;

    /// <summary>Answers the request: to where it came from, from where it came to (RFC 7296 section 2.11), and once only (section 2.1).</summary>
    /// <param name="changes">
    /// False only where a successor that knows nothing of this answer does no harm: an empty INFORMATIONAL. It makes no commit, but waits for one of its IKE SA that
    /// is under way: as long as the first is not through, the IVs of the IKE SA are not this member's alone.
    /// </param>
    public void Answer(IReadOnlyList<Payload> payloads, bool changes = true)
    {
        IkeHeader.TryParse(Datagram.Message.Span, out IkeHeader request);
        var header = new IkeHeader(
            new IkeSpi(Sa.InitiatorSpi), new IkeSpi(Sa.ResponderSpi), request.Exchange, IkeFlags.Response | Sa.OurFlag, new MessageId(Sa.ExpectedRequestId));
        SealVerdict sealing = ProtectedMessage.Seal(header, payloads, Sa.Outbound, Sa.Ivs!, Sa.MaxDatagram(Core.Policy), out IReadOnlyList<byte[]> datagrams);
        if (sealing != SealVerdict.Sealed)
        {
            // The reserve was enough for any answer of ours, so this is an answer that no datagram carries; the peer gets none.
            Core.Note(IkeEventKind.LimitReached, Sa, $"answer not sealed: {sealing}");
            return;
        }

        Sa.LastAnswer = [.. datagrams.Select(each => new ReadOnlyMemory<byte>(each))];
        Sa.LastRequestHash = Sa.RequestHash;
        Sa.ExpectedRequestId++;
        if (changes)
        {
            Core.Change(Sa);
            Sa.MayHaveAnsweredMore = false;
            Core.Hear(Sa);      // our predecessor would have committed an answer to this: so it is new, and the peer is here
        }

        if (Sa.MayHaveAnsweredMore) Core.Doubt(Sa, Datagram);
        else Core.Follow(Sa, Datagram);
        Sa.AnswerCommit = changes ? Core.StepCommit : Core.PendingCommit(Sa);
        foreach (byte[] each in datagrams) Core.Put(new IkeOutput.Send(Datagram.Local, Datagram.Remote, each, Sa.AnswerCommit));
    }

    public void Answer(NotifyType error, ReadOnlyMemory<byte> data = default) => Answer([new NotifyPayload(error, data)]);

    /// <summary>An error after which the IKE SA is over (RFC 7296 section 2.21).</summary>
    public void AnswerAndClose(NotifyType error, IkeSaDownReason reason, ReadOnlyMemory<byte> data = default)
    {
        Answer(error, data);
        Core.Close(Sa, reason);
    }
}
