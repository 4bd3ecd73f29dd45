using System.Net;
using System.Security.Cryptography;
using Baton.Cluster.Protos;
using Baton.Cluster.Records;
using Baton.Gateway.DataPath;
using Baton.Gateway.Tests.DataPath;
using SaId = Baton.Redundancy.Records.SaId;
using SaRecord = Baton.Redundancy.Records.SaRecord;

namespace Baton.Gateway.Tests;

/// <summary>SAs are told in pages, whatever their number, and no turn of the data thread is long for it.</summary>
public sealed class SaReportTests : IDisposable
{
    private const int Pairs = 1_200;

    private readonly PacketPath _path = LonePath.New();
    private readonly SaReport _report;
    private NodeStatus _page = new();
    private int _turns;
    private int _longest;

    public SaReportTests()
    {
        _report = new SaReport(_path, action =>
        {
            int before = _page.Sas.Count;
            action();
            _turns++;
            _longest = Math.Max(_longest, _page.Sas.Count - before);
            return Task.CompletedTask;
        });
        byte[] key = RandomNumberGenerator.GetBytes(36);
        for (uint i = 0; i < Pairs; i++)
        {
            string name = i % 100 == 0 ? $"branch-{i / 100}:voice" : $"road:{i}";
            Add(name, 2 * i, SaDirection.Outbound, key);
            Add(name, (2 * i) + 1, SaDirection.Inbound, key);
        }
    }

    public void Dispose() => _path.Dispose();

    [Fact]
    public async Task PagesTogetherAreEverySaOnceInTheOrderOfTheirIds()
    {
        var seen = new List<ulong>();
        var request = new StatusRequest { WithSas = true, Most = 700 };
        var sizes = new List<int>();
        do
        {
            NodeStatus page = await PageAsync(request);
            seen.AddRange(page.Sas.Select(sa => sa.Id));
            sizes.Add(page.Sas.Count);
            request.After = page.MoreAfter;
        }
        while (request.After > 0);

        Assert.Equal([700, 700, 700, 300], sizes);
        Assert.Equal(Enumerable.Range(1, 2 * Pairs).Select(id => (ulong)id), seen);
    }

    [Fact]
    public async Task NoPageIsLongerThanAThousandAndNoTurnDescribesMany()
    {
        NodeStatus page = await PageAsync(new StatusRequest { WithSas = true });

        Assert.Equal(1_000, page.Sas.Count);
        Assert.Equal(1_000UL, page.MoreAfter);
        Assert.Equal(4, _turns);
        Assert.Equal(250, _longest);
    }

    [Fact]
    public async Task ALaterPageGoesOnBehindTheFirstAndSaysNothingOfAnSaThatHasGone()
    {
        NodeStatus first = await PageAsync(new StatusRequest { WithSas = true, Most = 500 });
        Assert.Equal(2, _turns);
        _path.Remove(new SaId(502));
        NodeStatus next = await PageAsync(new StatusRequest { WithSas = true, Most = 500, After = first.MoreAfter });
        Assert.Equal(2, _turns);
        Assert.Equal((500, 501UL, 1_001UL), (next.Sas.Count, next.Sas[0].Id, next.MoreAfter));

        Assert.Equal(22, (await PageAsync(new StatusRequest { WithSas = true, Connection = "branch-*", After = 2 })).Sas.Count);
        Assert.Equal(2, _turns);        // 2,397 to look at
    }

    [Fact]
    public async Task WhatTheThreadNoLongerDoesIsNotWaitedFor()
    {
        await new SaReport(_path, _ => Task.CompletedTask).FillAsync(_page, new StatusRequest { WithSas = true }, ike: null);
        Assert.Empty(_page.Sas);
    }

    [Fact]
    public async Task AConnectionAPatternOrAnSpiIsFound()
    {
        Assert.Equal(["branch-3:voice", "branch-3:voice"], (await PageAsync(new StatusRequest { WithSas = true, Connection = "branch-3" })).Sas.Select(sa => sa.Name));
        Assert.Equal(24, (await PageAsync(new StatusRequest { WithSas = true, Connection = "branch-*" })).Sas.Count);
        Assert.Empty((await PageAsync(new StatusRequest { WithSas = true, Connection = "branch" })).Sas);

        SaStatus one = Assert.Single((await PageAsync(new StatusRequest { Spis = { 0x1003 } })).Sas);
        Assert.Equal((4UL, SaDirection.Inbound, 0x1003u), (one.Id, one.Direction, one.Spi));
        Assert.Empty((await PageAsync(new StatusRequest { Spis = { 0x1003 }, Connection = "branch-3" })).Sas);
        Assert.Empty((await PageAsync(new StatusRequest())).Sas);
    }

    private async Task<NodeStatus> PageAsync(StatusRequest request)
    {
        (_page, _turns, _longest) = (new NodeStatus(), 0, 0);
        await _report.FillAsync(_page, request, ike: null);
        return _page;
    }

    private void Add(string name, uint number, SaDirection direction, byte[] key)
    {
        var selector = SaSelector.Of(IPNetwork.Parse("10.0.0.0/8"));
        uint spi = 0x1000 + number;
        var description = new SaDescription(name, SaSuite.AesGcm256, SaMode.Tunnel, spi, spi ^ 1, true, 64, [selector], [selector], new IPEndPoint(IPAddress.Loopback, 4_500), [.. key]);
        if (direction == SaDirection.Outbound)
            _path.AddOutbound(Record(Baton.Redundancy.Records.SaDirection.Outbound), description, null);
        else
            _path.AddInbound(Record(Baton.Redundancy.Records.SaDirection.Inbound), description, null);

        SaRecord Record(Baton.Redundancy.Records.SaDirection way) => new(new SaId(number + 1), way, spi, default, 0, 0, 0, 0, 0, 0, default);
    }
}
