using Baton.Ike.Sas;
using Baton.Ike.Tests.Harness;
using Baton.Ike.Tests.Simulation;
using Baton.Wire;

namespace Baton.Ike.Tests.Sas;

public sealed class IkeSaSnapshotTests
{
    /// <summary>What was written is read and written again as the same bytes, in whatever state the SA is.</summary>
    [Fact]
    public void EverySnapshotOfARunReadsBackAsItself()
    {
        int snapshots = 0, underWay = 0;
        for (ulong seed = 0; seed < 12; seed++)
        {
            Lab lab = RandomRun.Play(seed);
            foreach (IkeSaChange change in lab.Left.Members.Concat(lab.Right.Members).SelectMany(each => each.Outputs).OfType<IkeOutput.Commit>().SelectMany(each => each.Changes))
            {
                if (change.Snapshot is not { } bytes) continue;
                IkeSa sa = IkeSaSnapshot.TryRead(bytes.Span, default)!;
                Assert.NotNull(sa);
                Assert.Equal(bytes.ToArray(), IkeSaSnapshot.Write(sa, default));
                snapshots++;
                if (sa.Outstanding is not null) underWay++;
            }
        }

        Assert.True(snapshots > 100 && underWay > 50);
    }

    [Fact]
    public void WhatIsCutOrOfAnotherVersionIsRefused()
    {
        Lab lab = Setups.Up(Setups.Standard(1));
        Operations.Ask(lab.Right, Operation.RekeyIke);
        lab.Run(2);
        byte[] bytes = lab.Right.Ledger.Records.Values.Single().Snapshot;
        for (int length = 0; length < bytes.Length; length++) Assert.Null(IkeSaSnapshot.TryRead(bytes.AsSpan(0, length), default));
        Assert.Null(IkeSaSnapshot.TryRead([.. bytes, 0], default));
        bytes[0]++;
        Assert.Null(IkeSaSnapshot.TryRead(bytes, default));
    }

    [Fact]
    public void AChangedByteNeverThrows()
    {
        Lab lab = Setups.Up(Setups.Standard(2));
        Operations.Ask(lab.Right, Operation.RekeyChild);
        lab.Run(2);
        byte[] bytes = lab.Right.Ledger.Records.Values.Single().Snapshot;
        for (int at = 0; at < bytes.Length; at++)
        {
            foreach (byte value in new byte[] { 0, 1, 0x7F, 0xFF })
            {
                byte[] changed = [.. bytes];
                changed[at] = value;
                IkeSaSnapshot.TryRead(changed, default)?.Release();
            }
        }
    }

    /// <summary>Timers go on where they were: what was due in a second when it was committed a second ago is due now.</summary>
    [Fact]
    public void TimersAreKeptAsWhatRemains()
    {
        Lab lab = Setups.Up(Setups.Standard(3));
        IkeSa sa = lab.Right.Active.Endpoint.All.Single();
        byte[] bytes = IkeSaSnapshot.Write(sa, lab.Now);
        var elsewhere = Instant.FromMilliseconds(9e9);
        IkeSa read = IkeSaSnapshot.TryRead(bytes, elsewhere - TimeSpan.FromSeconds(7))!;
        Assert.Equal(sa.RekeyAt - lab.Now - TimeSpan.FromSeconds(7), read.RekeyAt - elsewhere);
        Assert.Equal(Instant.Never, read.DeleteAt);
    }
}
