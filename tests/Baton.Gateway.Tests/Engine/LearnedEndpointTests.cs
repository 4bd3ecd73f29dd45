using System.Buffers.Binary;
using System.Net.Sockets;
using Baton.Cluster.Sync;

namespace Baton.Gateway.Tests.Engine;

/// <summary>Behind a NAT that changed the peer's port only the active heard of it (RFC 3948 5): the next one must know without hearing the peer.</summary>
public sealed class LearnedEndpointTests
{
    [Fact]
    public void A_successor_sends_to_the_port_that_the_active_learned_without_having_heard_the_peer()
    {
        using Socket old = Members.Bound(), moved = Members.Bound();
        using var members = new Members(old);
        foreach (string name in new[] { "a", "b", "c" })
            members.Start(name);
        members.SayThatAIsActive();
        foreach (string name in new[] { "a", "b", "c" })
            members.Until($"{name} has the SAs", name, engine => engine.Path.OutboundSas.Count == 1 && engine.Path.InboundSas.Count == 1);

        members.SendFromPeer(old, "a");
        Assert.Equal(Members.FromPeer, Members.Receive(members.Host));
        members.SendFromPeer(moved, "a");
        Assert.Equal(Members.FromPeer, Members.Receive(members.Host));
        foreach (string standby in new[] { "b", "c" })
        {
            members.Until($"{standby} is told", standby, engine => engine.EndpointsHeard > 0);
            Assert.Equal(0, members.Ask(standby, engine => engine.SyncCount(SyncVerdict.OtherLife)));
        }

        members.Kill("a");
        members.Say(record => record with { Term = 2, Holder = Members.Life("b"), HolderWasInSync = true, Designee = Members.Life("c"), InSyncRevision = 2, InSync = [Members.Life("c")] });
        members.Until("b is active", "b", engine => engine.Core is { IsActive: true, Term: 2 });
        members.SendFromHost("b");
        Assert.Equal(Members.SpiToPeer, BinaryPrimitives.ReadUInt32BigEndian(Members.Receive(moved)));
        Assert.Equal(0, old.Available);
    }
}
