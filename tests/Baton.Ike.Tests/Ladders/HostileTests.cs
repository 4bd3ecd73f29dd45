using System.Net;
using Baton.Crypto.Ike;
using Baton.Ike.Messages;
using Baton.Ike.Negotiation;
using Baton.Ike.Payloads;
using Baton.Ike.Sas;
using Baton.Ike.Tests.Harness;
using Baton.Ike.Tests.Simulation;

namespace Baton.Ike.Tests.Ladders;

/// <summary>What somebody on the path, or an authentic peer that means harm, could try.</summary>
public sealed class HostileTests
{
    /// <summary>The peer may use the new IKE SA as soon as it answered our rekey: before our record of it is written, not even an empty answer leaves (P2).</summary>
    [Fact]
    public void NothingLeavesUnderANewIkeSaBeforeItsRecord()
    {
        Lab lab = Setups.Up(Setups.Standard(1, leftReplicated: true, rightReplicated: false));
        lab.CommitMilliseconds = (200, 200);
        Operations.Ask(lab.Left, Operation.RekeyIke);
        lab.Await(() => lab.Right.Active.Outputs.OfType<IkeOutput.IkeSaReplaced>().Any(), 1_000, "the right one has the new IKE SA");
        lab.Run(8);
        Operations.Ask(lab.Right, Operation.Probe);
        lab.Run(1_000);

        Assert.Contains(lab.Left.Active.Outputs.OfType<IkeOutput.Send>(), each => each.AfterCommit != 0 && IsEmptyAnswer(each));
        Agreement.Assert(lab);
    }

    private static bool IsEmptyAnswer(IkeOutput.Send send) =>
        IkeHeader.TryParse(send.Message.Span, out IkeHeader header) == IkeParseVerdict.Parsed && header is { Exchange: ExchangeType.Informational, IsResponse: true, MessageId.Value: 0 };

    /// <summary>Outbound changes over after a while even if the peer sends nothing, but never to a child whose own commit is still under way.</summary>
    [Fact]
    public void OutboundWaitsForTheCommitOfItsChild()
    {
        Lab lab = Setups.Standard(3);
        lab.Right.Policy = lab.Right.Policy with { OutboundSwitch = TimeSpan.FromMilliseconds(500) };
        Setups.Up(lab);
        lab.CommitMilliseconds = (900, 900);
        Operations.Ask(lab.Left, Operation.RekeyChild);
        lab.Run(700);

        IkeOutput.ChildUp up = lab.Right.Active.Outputs.OfType<IkeOutput.ChildUp>().Last();
        IkeOutput.UseOutbound use = lab.Right.Active.Outputs.OfType<IkeOutput.UseOutbound>().Single();
        Assert.Equal((up.Child.Id, up.AfterCommit), (use.Child, use.AfterCommit));
    }

    /// <summary>left: probes 1, 2, 3, answered without a commit. right: takeover. Somebody: probe 1 again. left: probe 4, which must still be taken.</summary>
    [Fact]
    public void AProbePlayedBackAfterATakeoverLocksNobodyOut()
    {
        Lab lab = Setups.Up(Setups.Standard(2));
        byte[]? recorded = null;
        lab.Passes = (host, send) =>
        {
            if (host.Site == lab.Left) recorded ??= send.Message.ToArray();
            return true;
        };
        for (int i = 0; i < 3; i++) Operations.Do(lab, lab.Left, Operation.Probe);
        lab.Right.TakeOver(applyOfPending: 9);
        lab.Right.Active.Step(new IkeInput.Datagram(new IPEndPoint(lab.Right.Address, 4500), new IPEndPoint(lab.Left.Address, 4500), recorded));
        Operations.Do(lab, lab.Left, Operation.Probe);
        lab.Run(60_000);

        Assert.DoesNotContain(lab.Left.Active.Events, each => each.Kind == IkeEventKind.PeerSilent);
        Operations.Do(lab, lab.Left, Operation.RekeyIke);
        Assert.Equal(0, lab.Right.Active.Endpoint.Counters[IkeDrop.FutureMessageId]);
    }

    /// <summary>IKE_SA_INIT knows no names: what a lax connection agreed to there is not enough for a peer whose own connection asks for more.</summary>
    [Fact]
    public void ASuiteOfAnotherConnectionIsNotEnough()
    {
        IkeProposalPolicy weak = new([Cipher.AesCbc128], [IntegrityAlgorithm.HmacSha256], [PrfAlgorithm.HmacSha256], [KeyExchangeGroup.Modp2048]);
        IkeProposalPolicy strong = new([Cipher.AesGcm256], [], [PrfAlgorithm.HmacSha384], [KeyExchangeGroup.Ecp384]);
        Lab lab = Setups.Standard(4, each => each with { IkeProposals = [weak] });
        Connection strict = Setups.Right(lab) with { Remote = null, IkeProposals = [strong] };
        Connection lax = strict with { Name = "lax", IkeProposals = [weak], Credentials = Setups.Credentials("right", "somebody else") };
        lab.Right.Policy = lab.Right.Policy with { Connections = [lax, strict] };
        lab.Start();
        lab.Run(1_000);

        Assert.Contains(lab.Right.Active.Events, each => each.Kind == IkeEventKind.AuthenticationFailed);
        Assert.False(Setups.IsUp(lab));
    }

    /// <summary>Neither a second update from there, nor a rekey, spares a peer the question whether it is where it says (RFC 4555 section 3.7).</summary>
    [Fact]
    public void AMovedPeerIsAskedForItsCookieWhateverItDoesMeanwhile()
    {
        Lab lab = Setups.Up(Setups.Standard(5));
        lab.Passes = (host, send) => host.Site == lab.Left || (IkeHeader.TryParse(send.Message.Span, out IkeHeader header) == IkeParseVerdict.Parsed && header.IsResponse);
        Operations.Ask(lab.Right, Operation.Probe);         // under way, and not answered
        var elsewhere = new IPEndPoint(IPAddress.Parse("203.0.113.9"), 4500);
        for (int i = 0; i < 2; i++) Forge.Ask(lab, ExchangeType.Informational, [new NotifyPayload(NotifyType.UpdateSaAddresses)], elsewhere);
        Assert.True(Forge.Sa(lab.Right).CookieCheckWanted);
        Operations.Ask(lab.Left, Operation.RekeyIke);
        lab.Run(100);

        Assert.Equal(RequestKind.CookieCheck, Forge.Sa(lab.Right).Outstanding?.Kind);
    }
}
