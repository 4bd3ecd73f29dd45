using Baton.Cluster.Protos;
using Baton.Gateway.Engine;
using Baton.Ike;
using Baton.Ike.Messages;
using Baton.Linux;
using Baton.Wire;

namespace Baton.Gateway.Ike;

/// <summary>What an operator asks of IKE: how its SAs are, and what to do with them. From any thread.</summary>
internal static class IkeDesk
{
    /// <summary>How many IKE SAs there are and, if asked for, a page of those that are up.</summary>
    public static async Task FillAsync(NodeStatus status, IkeRunner runner, StatusRequest asked)
    {
        IkeSaFacts[] meant = [];
        int count = 0;
        int most = SaReport.PageOf(asked);
        await runner.AskAsync(() =>
        {
            count = runner.Endpoint.IkeSas;
            if (asked.WithIke)
                meant = [.. runner.Endpoint.EstablishedAfter(asked.AfterIke, name => SaReport.IsMeant(asked.Connection, name), most + 1)];
            return true;
        }, ofAll: asked.WithIke);
        status.IkeSaCount = (uint)count;
        status.IkeSas.AddRange(meant.Take(most).Select(Describe));
        status.MoreIkeAfter = meant.Length > most ? meant[most - 1].Id.Value : 0;
    }

    /// <summary>Adds how long these have, as far as IKE made them and this node works.</summary>
    /// <param name="carried">By the child's id.</param>
    public static async Task TellLivesAsync(IReadOnlyCollection<SaStatus> sas, IReadOnlyDictionary<ulong, IkeInput.Traffic> carried, IkeRunner runner)
    {
        Dictionary<ulong, ChildSaFacts> facts = await runner.AskAsync(() => carried.Keys
            .Select(child => runner.Endpoint.FactsOf(new ChildSaId(child)))
            .OfType<ChildSaFacts>()
            .ToDictionary(each => each.Id.Value), ofAll: false) ?? [];
        foreach (SaStatus sa in sas)
        {
            if (facts.TryGetValue(sa.Child, out ChildSaFacts? child))
                sa.LifeLeft = Describe(child, carried[sa.Child]);
        }
    }

    /// <summary>Names are API. Read from the IKE thread's fields: a figure may be a step old.</summary>
    public static IEnumerable<(string Name, ulong Value)> Counters(IkeRunner runner)
    {
        IkeEndpointCounters counters = runner.Endpoint.Counters;
        foreach (IkeDrop drop in Enum.GetValues<IkeDrop>())
            yield return ("ike.drop." + CounterName.Of(drop.ToString()), (ulong)counters[drop]);
        foreach (IkeParseVerdict verdict in Enum.GetValues<IkeParseVerdict>())
            yield return ("ike.parse." + CounterName.Of(verdict.ToString()), (ulong)counters.Parsed[verdict]);
        yield return ("ike.requests", (ulong)counters.RequestsSent);
        yield return ("ike.retransmissions", (ulong)counters.Retransmissions);
        yield return ("ike.answers", (ulong)counters.AnswersReceived);
        yield return ("ike.answers-repeated", (ulong)counters.AnswersRepeated);
        yield return ("ike.commits", (ulong)counters.Commits);
        yield return ("ike.cookies", (ulong)counters.CookiesSent);
        yield return ("ike.moves-doubted", (ulong)counters.MovesDoubted);
        yield return ("ike.rekeys-put-off", (ulong)counters.RekeysPutOff);
        yield return ("ike.queue-overflow", (ulong)runner.Overflow);
        yield return ("ike.sas", (ulong)runner.Endpoint.IkeSas);
        yield return ("ike.asleep", (ulong)runner.Endpoint.Asleep);
        yield return ("ike.half-open", (ulong)runner.Endpoint.HalfOpenSas);
    }

    /// <param name="children">Ids of the pairs of a connection's child; asked of the data path.</param>
    public static async Task<IkeReply> CommandAsync(IkeRunner runner, IkeCommand command, Func<string, Task<IReadOnlyList<ulong>>> children)
    {
        IReadOnlyList<ulong> pairs = command.Child.Length > 0 ? await children(ChildRecords.NameOf(command.Connection, command.Child)) : [];
        return await runner.AskAsync(() => Command(runner, command, pairs), ofAll: true) ?? new IkeReply { Detail = "the IKE thread does not answer" };
    }

    private static IkeReply Command(IkeRunner runner, IkeCommand command, IReadOnlyList<ulong> pairs)
    {
        if (command.Verb == "initiate")
        {
            string[] names = [.. runner.Endpoint.Connections.Where(name => IsMeant(command, name))];
            return Each(runner, names, name => new IkeInput.Initiate(name), command, otherwise: "is no connection here");
        }

        if (command.Child.Length > 0)
        {
            Func<ulong, IkeInput>? ofChild = command.Verb switch
            {
                "rekey" => id => new IkeInput.RekeyChild(new ChildSaId(id)),
                "delete" => id => new IkeInput.DeleteChild(new ChildSaId(id)),
                _ => null,
            };
            return Each(runner, pairs, ofChild, command);
        }

        Func<IkeSaId, IkeInput>? ofSa = command.Verb switch
        {
            "rekey" => id => new IkeInput.RekeyIke(id),
            "delete" => id => new IkeInput.DeleteIke(id),
            "probe" => id => new IkeInput.Probe(id),
            _ => null,
        };
        return Each(runner, [.. runner.Endpoint.Established.Where(sa => IsMeant(command, sa.Connection)).Select(sa => sa.Id)], ofSa, command);
    }

    /// <summary>A name, or a pattern with <c>*</c> for many of them.</summary>
    private static bool IsMeant(IkeCommand command, string connection) => command.Connection.Length > 0 && SaReport.IsMeant(command.Connection, connection);

    private static IkeReply Each<T>(IkeRunner runner, IReadOnlyList<T> ids, Func<T, IkeInput>? input, IkeCommand command, string otherwise = "is not up here")
    {
        if (input is null)
            return new IkeReply { Detail = $"{command.Verb} is nothing that can be asked for here" };
        foreach (T id in ids)
            runner.Step(input(id));
        string what = command.Child.Length > 0 ? $"{command.Connection}:{command.Child}" : command.Connection;
        return ids.Count > 0 ? new IkeReply { Done = true, Detail = $"{command.Verb} {what}: {ids.Count} asked for" } : new IkeReply { Detail = $"{what} {otherwise}" };
    }

    private static IkeSaStatus Describe(IkeSaFacts facts)
    {
        var status = new IkeSaStatus
        {
            Id = facts.Id.Value,
            Connection = facts.Connection,
            LocalSpi = facts.LocalSpi,
            RemoteSpi = facts.RemoteSpi,
            Initiated = facts.WeInitiated,
            Local = facts.Local.ToString(),
            Remote = facts.Remote.ToString(),
            PeerIdentity = facts.PeerIdentity,
            Suite = $"{facts.Suite}/{facts.Group}",
            Abilities = facts.Abilities.ToString(),
            LifeLeft = Describe(facts.RekeyAt, facts.ExpireAt),
        };
        status.Given.AddRange(facts.GivenToPeer.Select(address => address.ToString()));
        return status;
    }

    private static LifeLeft Describe(ChildSaFacts child, IkeInput.Traffic carried)
    {
        LifeLeft left = Describe(child.RekeyAt, child.ExpireAt);
        left.EndNumbers = carried.SequenceHeadroom;
        if (child.RekeyAt == Instant.Never || child.Limits is not { } limits)
            return left;
        left.RekeyNumbers = Left(carried.SequenceHeadroom, limits.NumbersLeft);
        if (limits.Bytes > 0)
            left.RekeyBytes = Left(limits.Bytes, child.BytesBefore + carried.Bytes);
        if (limits.Packets > 0)
            left.RekeyPackets = Left(limits.Packets, child.PacketsBefore + carried.Packets);
        return left;
    }

    private static LifeLeft Describe(Instant rekey, Instant end)
    {
        var left = new LifeLeft();
        if (rekey != Instant.Never)
            left.RekeyMs = Milliseconds(rekey);
        if (end != Instant.Never)
            left.EndMs = Milliseconds(end);
        return left;
    }

    private static ulong Milliseconds(Instant until) => (ulong)Math.Max(0, (until - MonotonicClock.Now).TotalMilliseconds);

    private static ulong Left(ulong limit, ulong used) => limit - Math.Min(limit, used);
}
