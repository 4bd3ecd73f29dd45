using System.Net;
using Baton.Ike.Messages;
using Baton.Ike.Sas;
using Baton.Ike.Tests.Harness;
using Baton.Ike.Tests.Simulation;

namespace Baton.Ike.Tests.Ladders;

/// <summary>After a takeover a request that our predecessor answered without a commit cannot be told from a new one. Played back from elsewhere it moves no peer.</summary>
public sealed class RecordingTests
{
    private static readonly IPEndPoint Stranger = new(IPAddress.Parse("203.0.113.66"), 666);

    [Theory, InlineData(true), InlineData(false)]
    public void ARecordingFromElsewhereMovesNobody(bool peerKnowsSynchronization)
    {
        // left --- probe ---> right (answered, recorded)   -- takeover --   stranger --- the recording --->
        //      <-- a request of right's own, to both -->     left --- answer --->
        (Lab lab, byte[][] recordings) = Recorded(1, peerKnowsSynchronization);
        IPEndPoint where = Forge.Sa(lab.Right).Remote;
        lab.Right.TakeOver(applyOfPending: 9);
        Play(lab, recordings[0], Stranger);
        Assert.Equal(1, lab.Right.Active.Endpoint.Counters.MovesDoubted);
        lab.Run(1_000);

        Assert.Equal(where, Forge.Sa(lab.Right).Remote);
        Assert.Null(Forge.Sa(lab.Right).Doubted);
        Assert.Empty(lab.Right.Active.Outputs.OfType<IkeOutput.EndpointChanged>());
        Assert.Equal(peerKnowsSynchronization, lab.Right.Active.Events.Any(each => each.Kind == IkeEventKind.MessageIdsSynchronized));

        // The next one is refused where the IDs are agreed; elsewhere it is doubted like the first.
        Play(lab, recordings[1], Stranger);
        Assert.Equal(peerKnowsSynchronization ? 1 : 0, lab.Right.Active.Endpoint.Counters[IkeDrop.OldMessageId]);
        lab.Run(1_000);
        Assert.Equal(where, Forge.Sa(lab.Right).Remote);
        Operations.Do(lab, lab.Left, Operation.RekeyChild);
        Operations.Do(lab, lab.Right, Operation.RekeyChild);
    }

    [Theory, InlineData(true), InlineData(false)]
    public void APeerThatReallyMovedIsFound(bool peerKnowsSynchronization)
    {
        (Lab lab, _) = Recorded(2, peerKnowsSynchronization);
        IPEndPoint before = Forge.Sa(lab.Right).Remote, after = new(before.Address, 51_111);
        lab.Right.TakeOver(applyOfPending: 9);
        lab.SourceOf = (local, _) => local.Address.Equals(lab.Left.Address) ? after : local;
        lab.Passes = (_, send) => !send.Remote.Equals(before);       // the NAT has forgotten the old one
        Operations.Ask(lab.Left, Operation.Probe);
        lab.Run(1_000);

        Assert.Equal(after, Forge.Sa(lab.Right).Remote);
        Assert.Equal(after, lab.Right.Active.Outputs.OfType<IkeOutput.EndpointChanged>().Single().Remote);
    }

    [Fact]
    public void ARequestThatChangesSomethingIsNoRecordingAndMovesAtOnce()
    {
        (Lab lab, _) = Recorded(3, true);
        IPEndPoint after = new(Forge.Sa(lab.Right).Remote.Address, 51_111);
        lab.Right.TakeOver(applyOfPending: 9);
        lab.SourceOf = (local, _) => local.Address.Equals(lab.Left.Address) ? after : local;
        Operations.Do(lab, lab.Left, Operation.RekeyChild);

        Assert.Equal(after, Forge.Sa(lab.Right).Remote);
        Assert.Equal(0, lab.Right.Active.Endpoint.Counters.MovesDoubted);
        Assert.DoesNotContain(lab.Right.Active.Events, each => each.Kind == IkeEventKind.MessageIdsSynchronized);
    }

    /// <summary>Only what is fresh shows that the peer is there now (RFC 7296 section 2.4).</summary>
    [Fact]
    public void ARecordingIsNoSignOfLife()
    {
        (Lab lab, byte[][] recordings) = Recorded(4, true);
        lab.Right.TakeOver(applyOfPending: 9);
        IkeSa right = Forge.Sa(lab.Right);
        Wire.Instant heard = right.LastHeard;
        lab.Run(1_000);
        Play(lab, recordings[1], right.Remote);
        Play(lab, recordings[1], right.Remote);
        Assert.Equal(heard, right.LastHeard);

        // What our predecessor would have committed is new.
        Operations.Ask(lab.Left, Operation.RekeyChild);
        lab.Run(50);
        Assert.NotEqual(heard, right.LastHeard);
    }

    /// <summary>By which router our requests go is moved by this alone: everybody can send a header with a peer's SPI.</summary>
    [Fact]
    public void OnlyWhatIsAuthenticAndNewProvesWhoSpoke()
    {
        (Lab lab, byte[][] recordings) = Recorded(5, true);
        (IkeSa left, IkeSa right) = (Forge.Sa(lab.Left), Forge.Sa(lab.Right));
        byte[] fresh = Forge.Seal(left, ExchangeType.Informational, left.NextRequestId++, []), forged = [.. fresh];
        forged[^1] ^= 1;
        Assert.Equal(0UL, HeardOf(forged));
        Assert.Equal(right.InitiatorSpi, HeardOf(fresh));
        Assert.Equal(0UL, HeardOf(fresh));
        Assert.Equal(0UL, HeardOf(recordings[0]));
        lab.Right.TakeOver(applyOfPending: 9);
        Assert.Equal(0UL, HeardOf(recordings[1]));

        ulong HeardOf(byte[] datagram)
        {
            Play(lab, datagram, Forge.Sa(lab.Right).Remote);
            return lab.Right.Active.Endpoint.HeardOf;
        }
    }

    /// <summary>Behind a NAT, up, and with three probes of left that right has answered.</summary>
    private static (Lab Lab, byte[][] Recordings) Recorded(ulong seed, bool peerKnowsSynchronization)
    {
        Lab lab = PathTests.BehindNat(seed, each => each with { Mobike = false });
        lab.Left.Policy = lab.Left.Policy with { AnnounceCounterSync = peerKnowsSynchronization };
        Setups.Up(lab);
        lab.Run(100);
        IkeSa left = Forge.Sa(lab.Left);
        byte[][] recordings = [.. Enumerable.Range(0, 3).Select(_ => Forge.Seal(left, ExchangeType.Informational, left.NextRequestId++, []))];
        foreach (byte[] each in recordings) Play(lab, each, Forge.Sa(lab.Right).Remote);
        lab.Run(100);
        return (lab, recordings);
    }

    private static void Play(Lab lab, byte[] datagram, IPEndPoint from) => lab.Right.Active.Step(new IkeInput.Datagram(Forge.Sa(lab.Right).Local, from, datagram));
}
