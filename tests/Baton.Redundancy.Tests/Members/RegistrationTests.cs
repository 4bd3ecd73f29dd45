using Baton.Redundancy.Members;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;

namespace Baton.Redundancy.Tests.Members;

/// <summary>SAs that the configuration names, many in one write.</summary>
public sealed class RegistrationTests
{
    /// <summary>An operator takes an SA out and puts it back: its key is used for ever (G2). The others of the file are not to blame.</summary>
    [Theory, InlineData(0), InlineData(37), InlineData(99)]
    public void One_that_the_ledger_refuses_keeps_no_other_out(int place)
    {
        TestCluster cluster = TestCluster.Ready();
        cluster.Step(cluster.Members["A"], new MemberInput.DeleteSas([new SaId(1)]));
        cluster.Until(() => cluster["A"].Outbound(new SaId(1)) is null);

        SaRecord[] sas = [.. Enumerable.Range(0, 100).Select(i => TestCluster.Sa(SaDirection.Outbound, i == place ? 1 : 1_000 + (ulong)i))];
        cluster.Step(cluster.Members["A"], new MemberInput.RegisterSas(sas));
        cluster.Until(() => cluster["B"].Outbound(new SaId(101)) is not null);
        cluster.Run(1_000);
        Assert.Single(cluster.Members["A"].Outputs.OfType<MemberOutput.Note>(), note => note.Event.Kind == RedundancyEventKind.RegistrationRefused);
    }
}
