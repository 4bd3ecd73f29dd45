using System.Net.Sockets;
using Baton.Ike;
using Baton.Redundancy.Members;
using Baton.Redundancy.Records;

namespace Baton.Gateway.Tests.Engine;

/// <summary>What arrived in time before a delete is delivered before it (RFC 7296 2.8): the engine asks its data path whether packets of the pair wait.</summary>
public sealed class CommitOrderTests
{
    [Fact]
    public void A_delete_waits_for_the_packets_of_its_pair_that_wait_for_a_standby()
    {
        using Socket port = Members.Bound();
        using var members = new Members(port);
        members.Start("a");
        members.Start("b");
        members.Start("c");
        members.SayThatAIsActive();
        members.Until("a has the SAs", "a", engine => engine.Path.InboundSas.Count == 1);
        members.Until("c has the records", "c", engine => engine.Path.InboundSas.Count == 1);
        using IDisposable pause = members.Pause("c");  // which must confirm too
        members.SendFromPeer(port, "a");
        members.Until("the packet waits", "a", engine => engine.Path.HeldCount == 1);

        int waiting = members.Ask("a", engine =>
        {
            engine.Commit(new MemberInput.Commit(1, LedgerCommit.Nothing), [new ChildSaId(Members.Child)]);
            return engine.Core.WaitingCommits;
        });
        Assert.Equal(0, waiting);         // the core has not even heard of it
        Assert.Equal(0, members.Host.Available);

        pause.Dispose();
        Assert.Equal(Members.FromPeer, Members.Receive(members.Host));
        members.Until("the delete goes on", "a", engine => engine.Core.WaitingCommits == 1);
    }

    [Fact]
    public void A_delete_of_another_pair_waits_for_nothing()
    {
        using Socket port = Members.Bound();
        using var members = new Members(port);
        members.Start("a");
        members.Start("b");
        members.SayThatAIsActive();
        members.Until("a has the SAs", "a", engine => engine.Path.InboundSas.Count == 1);
        members.SendFromPeer(port, "a");
        members.Until("the packet waits", "a", engine => engine.Path.HeldCount == 1);
        Assert.Equal(1, members.Ask("a", engine =>
        {
            engine.Commit(new MemberInput.Commit(1, LedgerCommit.Nothing), [new ChildSaId(Members.Child + 1)]);
            return engine.Core.WaitingCommits;
        }));
    }
}
