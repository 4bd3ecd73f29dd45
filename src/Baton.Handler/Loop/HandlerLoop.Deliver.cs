using Baton.Cluster.Session;
using Baton.Redundancy;
using Baton.Redundancy.Handlers;
using Baton.Redundancy.Records;
using P = Baton.Cluster.Protos;

namespace Baton.Handler.Loop;

public sealed partial class HandlerLoop
{
    private void Deliver(HandlerOutput output)
    {
        switch (output)
        {
            case HandlerOutput.Reply reply:
                _counters.Verdict(reply.Answer.Verdict);
                if (_links.TryGetValue(reply.To, out IMemberLink? asker))
                    asker.Send(new P.HandlerFrame { Reply = Mapping.ToWire(reply.RequestId, reply.Answer) });
                break;

            case HandlerOutput.Publish publish:
                // One set of frames for all: they are only read from here on.
                foreach (P.Change part in Parts.Split(Mapping.ToWire(publish.Change)))
                {
                    var frame = new P.HandlerFrame { Change = part };
                    foreach (IMemberLink link in _links.Values) link.Send(frame);
                }

                break;

            case HandlerOutput.SendSnapshot snapshot:
                if (!_links.TryGetValue(snapshot.To, out IMemberLink? newcomer)) break;
                newcomer.Send(Frames(snapshot.Snapshot));
                break;

            case HandlerOutput.AskSwitchover ask:
                if (!_links.TryGetValue(ask.Holder, out IMemberLink? holder)) break;
                var wish = new P.AskSwitchover();
                if (ask.To is not null) wish.To = ask.To;
                holder.Send(new P.HandlerFrame { AskSwitchover = wish });
                break;

            case HandlerOutput.Note note:
                Tell(note.Event);
                break;

            case HandlerOutput.Commit:
                break;                                    // done before anything was delivered
        }
    }

    /// <summary>Records never change once made: anybody may walk the list later.</summary>
    private static IEnumerable<P.HandlerFrame> Frames(LedgerChange change)
    {
        foreach (P.Change part in Parts.Split(Mapping.ToWire(change)))
            yield return new P.HandlerFrame { Change = part };
    }

    private void Tell(RedundancyEvent note)
    {
        _counters.Event(note.Kind);
        if (note.Kind is RedundancyEventKind.RefusedGrantOfOlderLedger or RedundancyEventKind.Damped)
            HandlerLog.Warned(_log, note.Kind.ToString(), note.Term, note.Detail);
        else
            HandlerLog.Noted(_log, note.Kind.ToString(), note.Term, note.Detail);
    }
}

/// <summary>What the outside may know of the handler: replaced as a whole, never changed.</summary>
/// <param name="Storage">"ok", or what is wrong with the ledger.</param>
public sealed record HandlerView(
    ClusterRecord Cluster,
    int SaCount,
    IReadOnlyList<Incarnation> Connected,
    IReadOnlyDictionary<Incarnation, WitnessView> Witness,
    string Storage);
