using System.Buffers.Binary;
using Baton.Ike.Messages;
using Baton.Ike.Payloads;
using Baton.Ike.Sas;

namespace Baton.Ike.Exchanges;

/// <summary>RFC 6311: a cluster's new active member and its peer agree on message IDs and jump replay counters. Both sides.</summary>
/// <remarks>
/// Our records make the message IDs of a successor right, so it asks for them only where a record may be behind (a ledger from a backup). Counters it asks for
/// where the shell says so; that is an ordinary INFORMATIONAL (section 5, case 2).
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

    public static void AskCounters(IkeEndpoint core, IkeSa sa)
    {
        var request = new OutstandingRequest { Kind = RequestKind.SynchronizeCounters, MessageId = sa.NextRequestId, Datagrams = [] };
        if (Requests.Send(core, sa, request, [Counters(sa)])) sa.SynchronizeCountersBy = 0;
    }

    /// <summary>A response whose nonce is not ours is dropped silently; the request stays open.</summary>
    public static bool IsAnswer(IkeEndpoint core, OutstandingRequest request, IkeMessage? message)
    {
        bool isOurs = message?.Notification(NotifyType.IkeMessageIdSync) is { Data.Length: SyncLength } sync
            && sync.Data.Span[..NonceLength].SequenceEqual(request.Cookie)
            && Second(sync) >= request.NextSend && First(sync) >= request.NextReceive;
        if (!isOurs) core.Counters.Count(IkeDrop.WrongSyncNonce);
        return isOurs;
    }

    public static void OnIdsAnswer(ExchangeContext exchange, OutstandingRequest request, IkeMessage answer)
    {
        (IkeEndpoint core, IkeSa sa) = (exchange.Core, exchange.Sa);
        NotifyPayload sync = answer.Notification(NotifyType.IkeMessageIdSync)!;
        (sa.ExpectedRequestId, sa.NextRequestId) = (First(sync), Second(sync));
        sa.SynchronizeIdsWanted = false;
        sa.SynchronizeCountersBy = 0;
        sa.MayHaveAnsweredMore = false;
        sa.LastAnswer = [];
        core.Change(sa);
        core.Note(IkeEventKind.MessageIdsSynchronized, sa, $"ours {sa.NextRequestId}, theirs {sa.ExpectedRequestId}");
    }

    public static void OnCountersAnswer(ExchangeContext exchange) =>
        exchange.Core.Note(IkeEventKind.CountersSynchronized, exchange.Sa, "the peer jumped");

    /// <summary>False: an ordinary request with message ID 0.</summary>
    public static bool TryTakeRequest(IkeEndpoint core, IkeSa sa, IkeInput.Datagram datagram, IkeHeader header)
    {
        if (header.Exchange != ExchangeType.Informational || sa.State != IkeSaState.Up || (sa.Abilities & IkePeerAbilities.MessageIdSync) == 0) return false;
        OpenedMessage opened = ProtectedMessage.Open(datagram.Message.Span, sa.Inbound);
        if (opened.Message?.Notification(NotifyType.IkeMessageIdSync) is not { } sync) return false;
        if (sync.Data.Length != SyncLength || opened.Message.Payloads.Count > 2 || First(sync) < sa.ExpectedRequestId || First(sync) <= sa.HighestSync)
        {
            core.Counters.Count(IkeDrop.OldSync);
            return true;
        }

        if (!sa.Ivs!.Ensure(IkeEndpoint.IvsForOthers))
        {
            core.Counters.Count(IkeDrop.NoIv);
            return true;
        }

        if (sa.Outstanding is { } ours) Requests.Abandon(core, sa, ours);
        uint ourNext = Math.Max(Second(sync), sa.NextRequestId);
        (sa.HighestSync, sa.ExpectedRequestId, sa.NextRequestId, sa.LastHeard) = (First(sync), First(sync), ourNext, core.Now);
        sa.LastAnswer = [];
        if (opened.Message.Notification(NotifyType.IpsecReplayCounterSync) is { } counters) Jump(core, sa, counters);
        core.Note(IkeEventKind.MessageIdsSynchronized, sa, $"ours {sa.NextRequestId}, theirs {sa.ExpectedRequestId}");
        Answer(core, sa, datagram, sync.Data.Span[..NonceLength]);
        return true;
    }

    /// <summary>False: nothing to jump.</summary>
    public static bool Jump(IkeEndpoint core, IkeSa sa, NotifyPayload notify)
    {
        if ((sa.Abilities & IkePeerAbilities.ReplayCounterSync) == 0 || notify.Data.Length is not (4 or 8)) return false;
        ulong by = notify.Data.Length == 4 ? BinaryPrimitives.ReadUInt32BigEndian(notify.Data.Span) : BinaryPrimitives.ReadUInt64BigEndian(notify.Data.Span);
        RekeyIke.DecideByUse(core, sa);
        core.Note(IkeEventKind.CountersSynchronized, sa, $"by {by}");
        core.Put(new IkeOutput.JumpCounters(sa.Id, [.. sa.Children.Select(each => each.Id)], by, core.StepCommit));
        return true;
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
