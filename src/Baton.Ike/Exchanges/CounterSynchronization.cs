using System.Buffers.Binary;
using Baton.Ike.Messages;
using Baton.Ike.Payloads;
using Baton.Ike.Sas;

namespace Baton.Ike.Exchanges;

/// <summary>RFC 6311: a cluster's new active member and its peer agree on message IDs and jump replay counters. Both sides.</summary>
/// <remarks>
/// Our records make the message IDs of a successor right but for the peer's requests that were answered without a commit. It asks for them where such a request, coming
/// from elsewhere, would move the peer and may be a recording (<see cref="IkeEndpoint.Doubt"/>). Counters it asks for where its ceiling shuts the peer out
/// (<see cref="CatchUp"/>); alone, that is an ordinary INFORMATIONAL (section 5, case 2).
/// <code>
///     member  --- ID 0: N(SYNC: nonce, M1, P1), [N(COUNTERS: by)] --->  peer    drops it when M1 is not above all that it saw (section 5.1)
///             &lt;--- ID 0: N(SYNC: nonce, P2, M2) ---                             M2 = max(M1, expected), P2 = max(P1, next of its own)
/// </code>
/// A repetition would be dropped by that rule, so ours has a higher M1 each time.
/// </remarks>
internal static class CounterSynchronization
{
    private const int SyncLength = 12;
    private const int NonceLength = 4;

    /// <summary>RFC 6311 section 5.2 names it for who does not know how far: with numbers of 32 bits a rekey must follow.</summary>
    private const ulong FarthestJump = 1UL << 30;

    /// <summary>The other children of an IKE SA may need a farther jump: their packets come soon.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(50);

    public static void AskIds(IkeEndpoint core, IkeSa sa)
    {
        byte[] nonce = new byte[NonceLength];
        core.Random.Fill(nonce);
        (uint send, uint receive) = (sa.NextRequestId + 1, sa.ExpectedRequestId);
        var payloads = new List<Payload> { new NotifyPayload(NotifyType.IkeMessageIdSync, Sync(nonce, send, receive)) };
        if (sa.SynchronizeCountersBy > 0) payloads.Add(Counters(sa));
        var request = new OutstandingRequest
        {
            Kind = RequestKind.SynchronizeIds, MessageId = 0, Datagrams = [], Cookie = nonce, NextSend = send, NextReceive = receive,
        };
        sa.NextRequestId = send;
        Requests.Send(core, sa, request, payloads);
    }

    /// <summary>
    /// Once a takeover (section 7). Where that is not to be had, the child is rekeyed: a new SA starts below no ceiling. It is not to be had of a peer that does not know
    /// it, with children of both sorts of numbers (section 6.4), or for a jump so far that the peer's numbers would not last.
    /// </summary>
    public static void CatchUp(IkeEndpoint core, IkeSa sa, ChildSa child, ulong by)
    {
        if (!child.MayBeRekeyed || child.RekeyAt <= core.Now) return;       // it goes anyway
        if (sa.SynchronizeCountersBy > 0)
        {
            if (sa.AskCountersAt > core.Now && by <= FarthestJump) sa.SynchronizeCountersBy = Math.Max(sa.SynchronizeCountersBy, by);
            return;
        }

        bool isAble = (sa.Abilities & IkePeerAbilities.ReplayCounterSync) != 0 && !sa.CountersAsked && by <= FarthestJump
            && sa.Children.TrueForAll(each => each.Suite.Esn == child.Suite.Esn);
        if (isAble) (sa.SynchronizeCountersBy, sa.CountersAsked, sa.AskCountersAt) = (by, true, core.Now + Gathering);
        else child.RekeyAt = core.Now;
        core.Note(IkeEventKind.PeerBehind, sa, $"{child.InboundSpi:x8} by {by}: {(isAble ? "it is asked to jump" : "rekeyed")}");
        core.Touch(sa);
    }

    public static void AskCounters(IkeEndpoint core, IkeSa sa)
    {
        var request = new OutstandingRequest { Kind = RequestKind.SynchronizeCounters, MessageId = sa.NextRequestId, Datagrams = [] };
        Requests.Send(core, sa, request, [Counters(sa)]);
    }

    /// <summary>A response whose nonce is not ours is dropped silently, as one with anything else in it; the request stays open.</summary>
    public static bool IsAnswer(IkeEndpoint core, OutstandingRequest request, IkeMessage? message)
    {
        bool isOurs = message?.Payloads is [NotifyPayload sync] && IsSync(sync) && sync.Data.Span[..NonceLength].SequenceEqual(request.Cookie)
            && Second(sync) >= request.NextSend && First(sync) >= request.NextReceive && IsInReach(sync);
        if (!isOurs) core.Counters.Count(IkeDrop.WrongSyncNonce);
        return isOurs;
    }

    public static void OnIdsAnswer(ExchangeContext exchange, IkeMessage answer)
    {
        (IkeEndpoint core, IkeSa sa) = (exchange.Core, exchange.Sa);
        NotifyPayload sync = answer.Notification(NotifyType.IkeMessageIdSync)!;

        // The higher ones: the peer, a cluster too, may have told more meanwhile by a synchronization of its own.
        sa.SynchronizeIdsWanted = false;
        sa.SynchronizeCountersBy = 0;
        Agree(core, sa, send: Second(sync), receive: First(sync));
        core.Change(sa);
    }

    /// <summary>If it did not jump, its next packets tell, and the child is rekeyed.</summary>
    public static void OnCountersAnswer(ExchangeContext exchange, IkeMessage answer)
    {
        (IkeEndpoint core, IkeSa sa) = (exchange.Core, exchange.Sa);
        NotifyPayload? error = answer.Payloads.OfType<NotifyPayload>().FirstOrDefault(each => each.NotifyType.IsError());
        core.Note(error is null ? IkeEventKind.CountersSynchronized : IkeEventKind.PeerError, sa, $"jump by {sa.SynchronizeCountersBy}: {error?.NotifyType.ToString() ?? "done"}");
        sa.SynchronizeCountersBy = 0;
        core.Change(sa);
    }

    /// <summary>False: an ordinary request with message ID 0.</summary>
    public static bool TryTakeRequest(IkeEndpoint core, IkeSa sa, IkeInput.Datagram datagram, IkeHeader header)
    {
        if (header.Exchange != ExchangeType.Informational || sa.State != IkeSaState.Up || (sa.Abilities & IkePeerAbilities.MessageIdSync) == 0) return false;
        OpenedMessage opened = ProtectedMessage.Open(datagram.Message.Span, sa.Inbound);
        if (opened.Message?.Notification(NotifyType.IkeMessageIdSync) is not { } sync) return false;
        if (Refuse(sa, opened.Message, sync) is { } why)
        {
            core.Counters.Count(why);
            return true;
        }

        if (!sa.Ivs!.Ensure(IkeEndpoint.IvsForOthers))
        {
            core.AwaitIvs(sa, datagram);
            return true;
        }

        // Ours with message ID 0 stays: both may be clusters that failed over at once (section 2), and the higher IDs will count.
        if (sa.Outstanding is { Kind: not RequestKind.SynchronizeIds } ours) Requests.Abandon(core, sa, ours);
        (sa.HighestSync, sa.LastHeard) = (First(sync), core.Now);
        Agree(core, sa, send: Second(sync), receive: First(sync));
        if (opened.Message.Notification(NotifyType.IpsecReplayCounterSync) is { } counters && TryReadCounters(sa, counters, out ulong by)) Jump(core, sa, by);
        Answer(core, sa, datagram, sync.Data.Span[..NonceLength]);
        return true;
    }

    /// <summary>Section 5.1: nothing but the one notification and, in a request, the counters'; above all that was seen; and IDs are left.</summary>
    private static IkeDrop? Refuse(IkeSa sa, IkeMessage message, NotifyPayload sync)
    {
        bool isWhole = IsSync(sync) && IsInReach(sync) && message.Payloads.Count <= 2
            && message.Payloads.All(each => each == sync || (each is NotifyPayload { NotifyType: NotifyType.IpsecReplayCounterSync } other && IsCounters(sa, other)));
        if (!isWhole) return IkeDrop.MalformedSync;
        return First(sync) < sa.ExpectedRequestId || First(sync) <= sa.HighestSync ? IkeDrop.OldSync : null;
    }

    /// <summary>From here on both know the next message IDs; what is older is answered no more.</summary>
    private static void Agree(IkeEndpoint core, IkeSa sa, uint send, uint receive)
    {
        RekeyUnheard(core, sa);
        (sa.NextRequestId, sa.ExpectedRequestId) = (Math.Max(send, sa.NextRequestId), Math.Max(receive, sa.ExpectedRequestId));
        sa.MayHaveAnsweredMore = false;
        sa.LastAnswer = [];
        core.Note(IkeEventKind.MessageIdsSynchronized, sa, $"ours {sa.NextRequestId}, theirs {sa.ExpectedRequestId}");
    }

    /// <summary>
    /// A new child that our last answer made is ours alone if the peer did not get it: then it gave the request up with its message ID. A rekey tells
    /// (CHILD_SA_NOT_FOUND), and if the peer has it, nothing is lost by one. (One in another's place: see CreateChildSa.TakeBackGivenUp.)
    /// </summary>
    private static void RekeyUnheard(IkeEndpoint core, IkeSa sa)
    {
        if (sa.LastAnswer.Count == 0) return;           // there was a SYNC since
        if (sa.Children.Find(each => each is { Replaces: null, MayBeRekeyed: true } && each.MadeFor == sa.ExpectedRequestId - 1) is { } unheard) unheard.RekeyAt = core.Now;
    }

    /// <summary>The counters' notification of an ordinary INFORMATIONAL.</summary>
    /// <param name="isWrong">It is not as this IKE SA's children have it; nothing was done.</param>
    /// <returns>Something was done that a successor must know.</returns>
    public static bool TakeCounters(IkeEndpoint core, IkeSa sa, NotifyPayload notify, out bool isWrong)
    {
        isWrong = false;
        if ((sa.Abilities & IkePeerAbilities.ReplayCounterSync) == 0) return false;
        RekeyIke.DecideByUse(core, sa);
        isWrong = !TryReadCounters(sa, notify, out ulong by);
        if (isWrong) core.Counters.Count(IkeDrop.MalformedSync);
        else Jump(core, sa, by);
        return !isWrong;
    }

    private static void Jump(IkeEndpoint core, IkeSa sa, ulong by)
    {
        core.Note(IkeEventKind.CountersSynchronized, sa, $"by {by}");
        foreach (ChildSa child in sa.Children) child.Jumped = Math.Max(child.Jumped, child.Jumped + by);
        core.Put(new IkeOutput.JumpCounters(sa.Id, [.. sa.Children.Select(each => each.Id)], by, core.StepCommit));
    }

    /// <summary>With message ID 0; it answers no request of the ordinary window.</summary>
    private static void Answer(IkeEndpoint core, IkeSa sa, IkeInput.Datagram datagram, ReadOnlySpan<byte> nonce)
    {
        var header = new IkeHeader(new IkeSpi(sa.InitiatorSpi), new IkeSpi(sa.ResponderSpi), ExchangeType.Informational, IkeFlags.Response | sa.OurFlag, default);
        var payload = new NotifyPayload(NotifyType.IkeMessageIdSync, Sync(nonce, sa.NextRequestId, sa.ExpectedRequestId));
        if (ProtectedMessage.Seal(header, [payload], sa.Outbound, sa.Ivs!, sa.MaxDatagram(core.Policy), out IReadOnlyList<byte[]> sealedOnes) != SealVerdict.Sealed) return;
        core.Change(sa);
        foreach (byte[] each in sealedOnes) core.Put(new IkeOutput.Send(datagram.Local, datagram.Remote, each, core.StepCommit));
    }

    /// <summary>8 bytes where the child SAs have extended numbers, else 4 (section 6.4).</summary>
    private static NotifyPayload Counters(IkeSa sa)
    {
        byte[] data = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(data, sa.SynchronizeCountersBy);
        bool extended = sa.Children.Exists(each => each.Suite.Esn);
        return new NotifyPayload(NotifyType.IpsecReplayCounterSync, extended ? data : data.AsMemory(4));
    }

    private static bool TryReadCounters(IkeSa sa, NotifyPayload notify, out ulong by)
    {
        by = 0;
        if (!IsCounters(sa, notify)) return false;
        by = notify.Data.Length == 4 ? BinaryPrimitives.ReadUInt32BigEndian(notify.Data.Span) : BinaryPrimitives.ReadUInt64BigEndian(notify.Data.Span);
        return true;
    }

    /// <summary>As long as the numbers of all child SAs are: the sender must have them all of one sort.</summary>
    private static bool IsCounters(IkeSa sa, NotifyPayload notify) =>
        notify.Spi.IsEmpty && notify.Data.Length is 4 or 8 && sa.Children.TrueForAll(each => each.Suite.Esn == (notify.Data.Length == 8));

    private static bool IsSync(NotifyPayload notify) => notify.NotifyType == NotifyType.IkeMessageIdSync && notify.Spi.IsEmpty && notify.Data.Length == SyncLength;

    /// <summary>Message IDs must be left after it: its sender is authentic, but need not be right.</summary>
    private static bool IsInReach(NotifyPayload sync) => Math.Max(First(sync), Second(sync)) < Requests.MostMessageIds;

    private static byte[] Sync(ReadOnlySpan<byte> nonce, uint send, uint receive)
    {
        byte[] data = new byte[SyncLength];
        nonce.CopyTo(data);
        BinaryPrimitives.WriteUInt32BigEndian(data.AsSpan(4), send);
        BinaryPrimitives.WriteUInt32BigEndian(data.AsSpan(8), receive);
        return data;
    }

    private static uint First(NotifyPayload sync) => BinaryPrimitives.ReadUInt32BigEndian(sync.Data.Span[4..]);

    private static uint Second(NotifyPayload sync) => BinaryPrimitives.ReadUInt32BigEndian(sync.Data.Span[8..]);
}
