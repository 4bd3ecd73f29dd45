using Baton.Cluster.Session;
using Baton.Handler.Loop;
using Baton.Redundancy;
using Baton.Redundancy.Handlers;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Google.Protobuf;
using P = Baton.Cluster.Protos;

namespace Baton.Handler;

/// <summary>Runs a takeover on a core that is thrown away, so that the first real one does not wait for the compiler.</summary>
internal static class Warmup
{
    public static void Run(HandlerPolicy policy)
    {
        var ledger = Guid.NewGuid();
        var core = new HandlerCore(policy, new LedgerChange(true, ClusterRecord.Empty(ledger), [], []), [], 1);
        (Incarnation a, Incarnation b) = (new("warm-a", 1), new("warm-b", 2));
        var outputs = new List<HandlerOutput>();
        var sa = new SaRecord(default, SaDirection.Outbound, 256, CounterSpace.EspExtended, 1, 1 << 24, 0, 0, 0, 0, new byte[64]);
        for (int round = 0; round < 30; round++)
        {
            core.Step(new HandlerInput.Connected(a), HandlerLoop.Now, outputs);
            core.Step(new HandlerInput.Connected(b), HandlerLoop.Now, outputs);
            Ask(a, new MemberRequest.Promote(core.Cluster.Term, core.Cluster.Holder, true));
            Ask(a, new MemberRequest.Register(core.Cluster.Term, [sa with { KeyTag = (ulong)(round * 2) + 1 }]));
            Ask(a, new MemberRequest.ChangeInSync(core.Cluster.Term, core.Cluster.InSyncRevision, [b]));
            Ask(a, new MemberRequest.NameDesignee(core.Cluster.Term, b));
            Ask(a, new MemberRequest.Extend(core.Cluster.Term, [(new SaId(1), 1UL << 30, 0)]));
            core.Step(new HandlerInput.Witness(a, WitnessView.Dead), HandlerLoop.Now, outputs);
            Ask(b, new MemberRequest.Promote(core.Cluster.Term, a, true));
            core.Step(new HandlerInput.Disconnected(a), HandlerLoop.Now, outputs);
            core.Step(new HandlerInput.Tick(), HandlerLoop.Now, outputs);
            (a, b) = (b, new Incarnation(a.Member, a.Nonce + 2));
            foreach (HandlerOutput output in outputs) Serialise(output);
            outputs.Clear();
        }

        void Ask(Incarnation who, MemberRequest request)
        {
            var header = new RequestHeader(who, core.Cluster.LedgerId, core.Cluster.Revision, core.Cluster.Term);
            byte[] wire = new P.MemberFrame { Request = Mapping.ToWire(1, header, request) }.ToByteArray();
            P.Request read = P.MemberFrame.Parser.ParseFrom(wire).Request;
            if (Mapping.TryFromWire(read, out RequestHeader from, out MemberRequest body))
                core.Step(new HandlerInput.Request(read.Id, from, body), HandlerLoop.Now, outputs);
        }
    }

    private static void Serialise(HandlerOutput output)
    {
        P.HandlerFrame frame = output switch
        {
            HandlerOutput.Reply reply => new() { Reply = Mapping.ToWire(reply.RequestId, reply.Answer) },
            HandlerOutput.Publish publish => new() { Change = Mapping.ToWire(publish.Change) },
            _ => new(),
        };
        _ = P.HandlerFrame.Parser.ParseFrom(frame.ToByteArray());
    }
}
