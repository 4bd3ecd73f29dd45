using Baton.Cluster.Records;
using Baton.Esp;
using Baton.Redundancy.Handlers;
using Baton.Redundancy.Members;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Gateway;

/// <summary>Goes once through what a takeover goes through, on throw-away cores, so that the first real one finds warm code.</summary>
internal static class WarmUp
{
    public static void Run(ClusterKeys keys)
    {
        _ = keys;
        foreach (EspSuite suite in Enum.GetValues<EspSuite>())
            SealAndOpen(suite);
        for (int i = 0; i < 3; i++)
            TakeOver();
    }

    private static void SealAndOpen(EspSuite suite)
    {
        byte[] key = new byte[suite.CipherKeyLength()];
        byte[] tail = new byte[suite.TailLength()];
        using var seal = new OutboundSa(256, suite, extended: true, key, tail);
        using var open = new InboundSa(256, suite, extended: true, 128, key, tail);
        byte[] inner = new byte[60];
        byte[] packet = new byte[256];
        for (ulong n = 1; n <= 40; n++)
        {
            int length = seal.Seal(inner, 4, n, packet);
            Span<byte> esp = packet.AsSpan(0, length);
            _ = open.Check(esp, out ulong sequence);
            _ = open.Open(esp, sequence, out _, out _);
            _ = open.Accept(sequence);
        }
    }

    /// <summary>Two members and a handler in one thread: the first takes term 1, dies, the second takes term 2.</summary>
    private static void TakeOver()
    {
        var clock = new Instant(1_000_000_000);
        var handler = new HandlerCore(new HandlerPolicy(), new LedgerChange(true, ClusterRecord.Empty(new Guid(1, 2, 3, [4, 5, 6, 7, 8, 9, 10, 11])), [], []), [], 1);
        Dictionary<Incarnation, MemberCore> members = [];
        foreach (string name in new[] { "a", "b" })
        {
            var incarnation = new Incarnation(name, (ulong)name[0]);
            members[incarnation] = new MemberCore(incarnation, new MemberPolicy());
        }

        var atHandler = new Queue<HandlerInput>();
        var atMembers = new Queue<(Incarnation To, MemberInput Input)>();
        foreach (Incarnation member in members.Keys)
        {
            atMembers.Enqueue((member, new MemberInput.HandlerConnected()));
            atHandler.Enqueue(new HandlerInput.Connected(member));
        }

        var fromHandler = new List<HandlerOutput>();
        var fromMember = new List<MemberOutput>();
        Incarnation? dead = null;
        for (int turn = 0; turn < 400; turn++)
        {
            clock += TimeSpan.FromMilliseconds(1);
            if (turn == 200 && handler.Cluster.Holder is { } holder)
            {
                dead = holder;
                atHandler.Enqueue(new HandlerInput.Witness(holder, WitnessView.Dead));
                foreach (Incarnation member in members.Keys)
                    atMembers.Enqueue((member, new MemberInput.Witness(holder, WitnessView.Dead)));
            }

            foreach (Incarnation member in members.Keys)
                atMembers.Enqueue((member, new MemberInput.Tick()));
            atHandler.Enqueue(new HandlerInput.Tick());
            while (atMembers.TryDequeue(out (Incarnation To, MemberInput Input) next))
            {
                if (next.To == dead)
                    continue;
                fromMember.Clear();
                members[next.To].Step(next.Input, clock, fromMember);
                foreach (MemberOutput output in fromMember)
                {
                    if (output is MemberOutput.ToHandler request)
                        atHandler.Enqueue(new HandlerInput.Request(request.RequestId, request.Header, request.Body));
                    else if (output is MemberOutput.ToMember message)
                        atMembers.Enqueue((message.To, new MemberInput.FromMember(message.Message)));
                }
            }

            while (atHandler.TryDequeue(out HandlerInput? input))
            {
                fromHandler.Clear();
                handler.Step(input, clock, fromHandler);
                foreach (HandlerOutput output in fromHandler)
                {
                    if (output is HandlerOutput.SendSnapshot snapshot)
                        atMembers.Enqueue((snapshot.To, new MemberInput.Changed(snapshot.Snapshot)));
                    else if (output is HandlerOutput.Reply reply)
                        atMembers.Enqueue((reply.To, new MemberInput.Replied(reply.RequestId, reply.Answer)));
                    else if (output is HandlerOutput.Publish publish)
                    {
                        foreach (Incarnation member in members.Keys)
                            atMembers.Enqueue((member, new MemberInput.Changed(publish.Change)));
                    }
                }
            }
        }
    }
}
