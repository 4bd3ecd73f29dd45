using System.Net;
using Baton.Ike.Exchanges;
using Baton.Ike.Messages;
using Baton.Ike.Payloads;
using Baton.Ike.Sas;

namespace Baton.Ike;

/// <summary>From a datagram to an exchange: which IKE SA, which message ID, authentic or not (RFC 7296 sections 2.1 to 2.3).</summary>
public sealed partial class IkeEndpoint
{
    private void Receive(IkeInput.Datagram datagram)
    {
        IkeParseVerdict verdict = IkeHeader.TryParse(datagram.Message.Span, out IkeHeader header);
        Counters.Parsed.Count(verdict);
        if (verdict == IkeParseVerdict.MajorVersionTooHigh) SaInit.RefuseVersion(this, datagram, header);
        if (verdict != IkeParseVerdict.Parsed) return;
        if (header.Exchange == ExchangeType.IkeSaInit)
        {
            if (header.IsResponse) SaInit.OnAnswer(this, datagram, header);
            else SaInit.OnRequest(this, datagram, header);
            return;
        }

        ulong local = (header.IsFromInitiator ? header.ResponderSpi : header.InitiatorSpi).Value;
        ulong remote = (header.IsFromInitiator ? header.InitiatorSpi : header.ResponderSpi).Value;
        if (FindBySpi(local) is not { } sa)
            Counters.Count(IkeDrop.UnknownSpi);
        else if (sa.RemoteSpi != remote)
            Counters.Count(IkeDrop.WrongPeerSpi);
        else if (sa.IsInitiator == header.IsFromInitiator)
            Counters.Count(IkeDrop.WrongDirection);
        else if (sa.State == IkeSaState.Connecting)
            Counters.Count(IkeDrop.WrongState);
        else if (header.IsResponse)
            ReceiveAnswer(sa, datagram, header);
        else
            ReceiveRequest(sa, datagram, header);
    }

    private void ReceiveRequest(IkeSa sa, IkeInput.Datagram datagram, IkeHeader header)
    {
        uint id = header.MessageId.Value;
        if (id == 0 && CounterSynchronization.TryTakeRequest(this, sa, datagram, header)) return;
        if (sa.Outstanding?.Kind == RequestKind.SynchronizeIds)
        {
            // What the peer asked before it has our SYNC it gives up then, and asks anew with an ID above: what we did for it now would be known to us alone (RFC 6311 section 8.1).
            Counters.Count(IkeDrop.NotSynchronized);
            return;
        }

        if (id != sa.ExpectedRequestId && !IsAllowed(sa, id))
        {
            if (id == sa.ExpectedRequestId - 1 && sa.ExpectedRequestId > 0) RepeatAnswer(sa, datagram, header);
            else Counters.Count(id < sa.ExpectedRequestId ? IkeDrop.OldMessageId : IkeDrop.FutureMessageId);
            return;
        }

        if (!sa.Ivs!.Ensure(sa.State == IkeSaState.HalfOpen ? IvsForAuth : IvsForOthers))
        {
            AwaitIvs(sa, datagram);
            return;
        }

        if (sa.State is not (IkeSaState.HalfOpen or IkeSaState.Up or IkeSaState.Replaced))
        {
            Counters.Count(IkeDrop.WrongState);
            return;
        }

        if (!Open(sa, datagram, isAnswer: false, out OpenedMessage opened)) return;
        sa.ExpectedRequestId = id;              // above, where it proves that those between were answered without a commit
        if (!sa.MayHaveAnsweredMore) Follow(sa, datagram);      // else when it is answered: then it is known whether it may be a recording
        var exchange = new ExchangeContext(this, sa, datagram);
        if (opened.Message is not { } message)
        {
            exchange.AnswerAndClose(NotifyType.InvalidSyntax, IkeSaDownReason.BadPeer);     // section 2.21.2
            return;
        }

        if (message.UnsupportedCritical is { } critical)
        {
            if (sa.State == IkeSaState.HalfOpen) exchange.AnswerAndClose(NotifyType.UnsupportedCriticalPayload, IkeSaDownReason.BadPeer, new[] { (byte)critical });
            else exchange.Answer(NotifyType.UnsupportedCriticalPayload, new[] { (byte)critical });
            return;
        }

        switch (header.Exchange, sa.State)
        {
            case (ExchangeType.IkeAuth, IkeSaState.HalfOpen):
                Auth.OnRequest(exchange, message);
                break;
            case (ExchangeType.CreateChildSa, IkeSaState.Up or IkeSaState.Replaced):
                CreateChildSa.OnRequest(exchange, message);
                break;
            case (ExchangeType.Informational, IkeSaState.Up or IkeSaState.Replaced):
                Informational.OnRequest(exchange, message);
                break;
            case (_, IkeSaState.HalfOpen):
                Counters.Count(IkeDrop.WrongState);         // nothing but IKE_AUTH belongs here; it may still come
                break;
            default:
                exchange.Answer(NotifyType.InvalidSyntax);
                break;
        }
    }

    /// <summary>After a takeover the peer may be ahead, by requests that our predecessor answered without a commit.</summary>
    private static bool IsAllowed(IkeSa sa, uint id) => sa.MayHaveAnsweredMore && id > sa.ExpectedRequestId;

    /// <summary>
    /// A repeated request gets the same bytes again (section 2.1). The request's own first bytes are known by their hash; anything else must be authentic.
    /// </summary>
    private void RepeatAnswer(IkeSa sa, IkeInput.Datagram datagram, IkeHeader header)
    {
        bool isSame = Hash(datagram.Message.Span).AsSpan().SequenceEqual(sa.LastRequestHash);
        if (!isSame)
        {
            // Of a fragmented request only the first fragment asks for the answer again (RFC 7383 section 2.6.1).
            if (ProtectedMessage.TryPeekFragment(datagram.Message.Span, out ushort number, out _) && number != 1) return;
            OpenedMessage opened = ProtectedMessage.Open(datagram.Message.Span, sa.Inbound);
            if (!opened.IsAuthentic)
            {
                Counters.Parsed.Count(opened.Verdict);
                return;
            }
        }

        SendAnswerAgain(sa, datagram);
    }

    /// <summary>
    /// Once its commit is through, to wherever the repetition came from, and not more often than an honest peer asks: the request may be somebody else's recording
    /// under somebody else's address, and the answer larger than it.
    /// </summary>
    internal void SendAnswerAgain(IkeSa sa, IkeInput.Datagram datagram)
    {
        if (IsPending(sa.AnswerCommit))
        {
            Counters.Count(IkeDrop.AnswerNotCommitted);
            return;
        }

        if (Now < sa.RepeatedAt + Policy.RepeatAfter)
        {
            Counters.Count(IkeDrop.RepeatedTooSoon);
            return;
        }

        sa.RepeatedAt = Now;
        Counters.AnswersRepeated++;
        foreach (ReadOnlyMemory<byte> each in sa.LastAnswer) Put(new IkeOutput.Send(datagram.Local, datagram.Remote, each, 0));
    }

    private void ReceiveAnswer(IkeSa sa, IkeInput.Datagram datagram, IkeHeader header)
    {
        if (sa.Outstanding is not { } request || request.MessageId != header.MessageId.Value)
        {
            Counters.Count(IkeDrop.UnexpectedAnswer);
            return;
        }

        if (request.ExchangeType != header.Exchange)
        {
            Counters.Count(IkeDrop.WrongState);
            return;
        }

        if (!sa.Ivs!.Ensure(IvsForOthers))
        {
            AwaitIvs(sa, datagram);
            return;
        }

        if (!Open(sa, datagram, isAnswer: true, out OpenedMessage opened)) return;
        Answers.Take(new ExchangeContext(this, sa, datagram), request, opened.Message);
    }

    /// <summary>False: not authentic, or a message that is not whole yet. Only what is whole goes on, malformed or not.</summary>
    private bool Open(IkeSa sa, IkeInput.Datagram datagram, bool isAnswer, out OpenedMessage opened)
    {
        opened = default;
        ReadOnlySpan<byte> bytes = datagram.Message.Span;
        bool isFragment = ProtectedMessage.TryPeekFragment(bytes, out ushort number, out ushort total);
        FragmentReassembler? fragments = isAnswer ? sa.AnswerFragments : sa.RequestFragments;
        if (isFragment)
        {
            IkeHeader.TryParse(bytes, out IkeHeader header);
            if (!sa.CanFragment || (fragments is not null && !fragments.Wants(header.MessageId, number, total)))
            {
                Counters.Count(IkeDrop.Fragment);
                return false;
            }
        }

        opened = ProtectedMessage.Open(bytes, sa.Inbound);
        Counters.Parsed.Count(opened.Verdict);
        if (!opened.IsAuthentic) return false;
        if (!isAnswer && (!isFragment || number == 1)) sa.RequestHash = Hash(bytes);
        if (opened.Fragment is { } fragment)
        {
            fragments ??= new FragmentReassembler();
            if (isAnswer) sa.AnswerFragments = fragments;
            else sa.RequestFragments = fragments;
            if (fragments.Add(fragment, out opened) != FragmentVerdict.Complete)
            {
                Counters.Count(IkeDrop.Fragment);
                return false;
            }
        }

        if (isAnswer) sa.AnswerFragments = null;
        else sa.RequestFragments = null;
        if (isAnswer || !sa.MayHaveAnsweredMore) Hear(sa);        // else when it is answered: a recording is no sign of life
        Touch(sa);
        return true;
    }

    internal void Hear(IkeSa sa) => (sa.LastHeard, HeardOf) = (Now, sa.InitiatorSpi);

    /// <summary>
    /// A peer behind a NAT is where its last authentic message came from (section 2.23). With MOBIKE an established peer says so itself (RFC 4555 section 3.8).
    /// </summary>
    internal void Follow(IkeSa sa, IkeInput.Datagram datagram)
    {
        if (IsElsewhere(sa, datagram)) MoveTo(sa, datagram.Local, datagram.Remote);
    }

    /// <summary>
    /// Authentic, but perhaps a recording of what our predecessor answered: it moves nobody. A request of ours goes to both places, and its answer tells where the
    /// peer is; where the peer knows RFC 6311 that request closes the window, too.
    /// </summary>
    internal void Doubt(IkeSa sa, IkeInput.Datagram datagram)
    {
        if (!IsElsewhere(sa, datagram)) return;
        Counters.MovesDoubted++;
        sa.Doubted = (datagram.Local, datagram.Remote);
        if (sa.Outstanding is { } request) request.ResendAt = Now;
        else if ((sa.Abilities & IkePeerAbilities.MessageIdSync) != 0) sa.SynchronizeIdsWanted = true;
        else sa.ProbeWanted = true;
    }

    private static bool IsElsewhere(IkeSa sa, IkeInput.Datagram datagram)
    {
        if (sa.Remote.Equals(datagram.Remote) && sa.Local.Equals(datagram.Local)) return false;
        if (sa.State == IkeSaState.HalfOpen) return true;
        return sa.NatThere && !sa.IsClient && (sa.Remote.Address.Equals(datagram.Remote.Address) || (sa.Abilities & IkePeerAbilities.Mobike) == 0);
    }

    internal void MoveTo(IkeSa sa, IPEndPoint local, IPEndPoint remote)
    {
        (sa.Local, sa.Remote, sa.Doubted) = (local, remote, null);
        if (!sa.IsEstablished) return;
        Change(sa);
        TellEndpoint(sa);
    }

    internal void TellEndpoint(IkeSa sa) =>
        Put(new IkeOutput.EndpointChanged(sa.Id, [.. sa.Children.Select(each => each.Id)], sa.Local, sa.Remote, sa.UdpEncapsulation, sa.NatHere, StepCommit));
}
