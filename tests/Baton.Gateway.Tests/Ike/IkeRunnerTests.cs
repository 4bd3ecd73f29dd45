using System.Net;
using Baton.Cluster.Configuration;
using Baton.Gateway.Ike;
using Baton.Ike;
using Baton.Linux;
using Microsoft.Extensions.Logging.Abstractions;

namespace Baton.Gateway.Tests.Ike;

public sealed class IkeRunnerTests : IIkeHost
{
    [Fact]
    public async Task WhatWasAskedInVainIsNotDoneLaterEither()
    {
        using var runner = new IkeRunner(IkeOptions.None, new CountingIvSources(), this, IPEndPoint.Parse("192.0.2.1:4500"), NullLogger.Instance) { Patience = TimeSpan.FromMilliseconds(1) };
        bool done = false;
        Assert.False(await runner.AskAsync(() => done = true, ofAll: true));  // nobody answers: the thread does not run yet

        runner.Start();
        var later = new TaskCompletionSource();
        runner.Post(() => runner.Post(later.SetResult));  // a turn after the one that had it
        await later.Task;
        Assert.False(done);
    }

    void IIkeHost.Send(IPEndPoint local, IPEndPoint remote, ReadOnlyMemory<byte> message) => Assert.Fail("nothing is sent");

    void IIkeHost.HeardBy(ulong initiatorSpi, UdpEndpoint peer, UdpEndpoint router) => Assert.Fail("nobody spoke");

    void IIkeHost.Commit(IkeOutput.Commit commit) => Assert.Fail("nothing is committed");

    void IIkeHost.Perform(IkeOutput output) => Assert.Fail("nothing is done");
}
