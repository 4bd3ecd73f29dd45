using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Redundancy.Members;

namespace Baton.Gateway.Tests.Engine;

/// <summary>SAs that the configuration names: the active asks the ledger to take them, once a term, until it has seen them.</summary>
public sealed class ConfiguredSaTests
{
    [Fact]
    public void What_the_ledger_has_not_taken_when_the_role_is_lost_is_registered_again_with_the_next_one()
    {
        using Socket port = Members.Bound();
        using var members = new Members(port);
        StaticSa[] configured = [Sa(0x2001), Sa(0x2003), Sa(0x2005)];
        members.Start("a");
        members.SayThatAIsActive();
        members.Until("a is active", "a", engine => engine.Core.State == MemberState.Active);
        Configure(configured[..2]);
        members.Until("two pairs wait for the ledger", "a", engine => engine.Core.WaitingRegistrations == 4);
        Configure(configured);  // a reload: it asks for the new one alone
        members.Until("three pairs wait for the ledger", "a", engine => engine.Core.WaitingRegistrations == 6);

        members.Say(record => record with { Term = 2, Holder = Members.Life("b"), Designee = Members.Life("a"), InSync = [Members.Life("a")] });
        members.Until("a has lost the role", "a", engine => engine.Core.State != MemberState.Active);
        Assert.Equal(0, members.Ask("a", engine => engine.Core.WaitingRegistrations));
        members.Say(record => record with { Term = 3, Holder = Members.Life("a"), Designee = Members.Life("b"), InSync = [Members.Life("b")] });
        members.Until("three pairs wait for the ledger again", "a", engine => engine.Core.WaitingRegistrations == 6);

        // On the engine's thread, as a reload comes there.
        void Configure(StaticSa[] sas) => members.Ask("a", engine =>
        {
            engine.SetConfigured(engine.Tagged(sas));
            return true;
        });
    }

    private static StaticSa Sa(uint spi) => new($"sa-{spi:x}", SaSuite.AesGcm256, SaMode.Tunnel, spi, spi + 1, RandomNumberGenerator.GetBytes(36), RandomNumberGenerator.GetBytes(36),
        IPNetwork.Parse("10.4.0.0/16"), IPNetwork.Parse("10.3.0.10/32"), new IPEndPoint(IPAddress.Loopback, 9), true, 128);
}
