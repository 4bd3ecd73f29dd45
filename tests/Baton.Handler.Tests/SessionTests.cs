using System.Net;
using System.Net.Sockets;
using Baton.Cluster.Certificates;
using Baton.Cluster.Session;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Grpc.Core;
using Grpc.Net.Client;
using P = Baton.Cluster.Protos;

namespace Baton.Handler.Tests;

public sealed class SessionTests
{
    [Fact]
    public async Task A_member_gets_a_snapshot_then_changes_and_answers()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        Client a = cluster.Join("a");
        await a.UpAsync();
        Assert.True(a.Changes.First().IsSnapshot);
        await a.GrantedAsync(new MemberRequest.Promote(0, null, false));
        await a.GrantedAsync(new MemberRequest.Register(a.Copy!.Term, [TestCluster.Sa(1), TestCluster.Sa(2, SaDirection.Inbound)]));
        Assert.Equal(a.Self, a.Copy.Holder);
        Assert.Equal(2, a.Records.Count);

        // The other sees the same, from a snapshot.
        Client b = cluster.Join("b");
        await b.UpAsync();
        Assert.Equal(a.Copy.Revision, b.Copy!.Revision);
        Assert.Equal(2, b.Records.Count);
    }

    [Fact]
    public async Task Ten_thousand_records_travel_in_parts()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        Client a = cluster.Join("a");
        await a.UpAsync();
        await a.GrantedAsync(new MemberRequest.Promote(0, null, false));
        var sas = Enumerable.Range(1, 10_000).Select(i => TestCluster.Sa((ulong)i, sealedBytes: 200)).ToArray();
        await a.GrantedAsync(new MemberRequest.Register(a.Copy!.Term, sas));
        Client b = cluster.Join("b");
        await b.UpAsync();
        Assert.Equal(10_000, b.Records.Count);
        Assert.Equal(10_000, b.Records.Keys.Distinct().Count());
        Assert.Equal(9, b.SnapshotParts); // and the tenth ends it
        Assert.Single(b.Changes);
    }

    [Fact]
    public async Task No_request_waits_for_a_report()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        using var begun = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        Client a = cluster.Join("a");
        a.Report = _ =>
        {
            begun.Set();
            goOn.Wait();
            return new P.NodeStatus { Name = "a", Role = "gateway", State = "active" };
        };
        try
        {
            await a.UpAsync();
            await TestCluster.EventuallyAsync(() => begun.IsSet, "a report is made");
            await a.GrantedAsync(new MemberRequest.Promote(0, null, false));
        }
        finally
        {
            goOn.Set();
        }
    }

    [Fact]
    public async Task A_write_of_a_term_that_is_over_is_refused()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        Client a = cluster.Join("a");
        Client b = cluster.Join("b");
        await a.UpAsync();
        await b.UpAsync();
        await a.GrantedAsync(new MemberRequest.Promote(0, null, false));
        await a.GrantedAsync(new MemberRequest.Register(a.Copy!.Term, [TestCluster.Sa(1)]));
        ulong over = a.Copy.Term;
        await TestCluster.EventuallyAsync(() => b.Copy!.Revision == a.Copy.Revision, "b has the copy");
        await b.GrantedAsync(new MemberRequest.Promote(over, a.Self, Certain: true));
        HandlerReply stale = await a.AskAsync(new MemberRequest.Extend(over, [(new SaId(1), 1 << 20, 0)]));
        Assert.Equal(RequestVerdict.NotCurrentTerm, stale.Verdict);
        HandlerReply twice = await b.AskAsync(new MemberRequest.Register(b.Copy!.Term, [TestCluster.Sa(1) with { Spi = 4711 }]));
        Assert.Equal(RequestVerdict.KeySeenBefore, twice.Verdict);
    }

    [Fact]
    public async Task Nobody_asks_in_the_name_of_another()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        Client a = cluster.Join("a");
        await a.UpAsync();
        HandlerReply reply = await a.AskAsync(new MemberRequest.Promote(0, null, false), new RequestHeader(new Incarnation("b", 1), null, 0, 0));
        Assert.Equal(RequestVerdict.Malformed, reply.Verdict);
        Assert.Null(cluster.Handler.Loop.View.Cluster.Holder);
    }

    [Fact]
    public async Task A_session_that_ends_is_told_and_made_again()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        Client a = cluster.Join("a");
        await a.UpAsync();
        IPEndPoint listen = cluster.Handler.Endpoint;
        await cluster.Handler.DisposeAsync();
        await TestCluster.EventuallyAsync(() => a.Story.Any(s => s.StartsWith("lost", StringComparison.Ordinal)), "the loss is told");
        Assert.False(a.IsConnected);
        await cluster.StartHandlerAsync(listen: listen);
        await TestCluster.EventuallyAsync(() => a.Story.Count(s => s == "connected") == 2 && a.Changes.Count == 2, "the session is back, with a snapshot");
    }

    [Fact]
    public async Task A_gateway_without_a_handler_goes_on_trying_and_says_so_once()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        using var nobody = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        nobody.Bind(new IPEndPoint(IPAddress.Loopback, 0));      // bound, not listening: refused
        await using var lonely = new Client(new Incarnation("a", 1), nobody.LocalEndPoint!.ToString()!, cluster.Tls("a"), "test");
        await TestCluster.EventuallyAsync(() => lonely.AttemptsEnded >= 4, "it goes on trying");
        Assert.Single(lonely.Log.All);
        Assert.StartsWith("5003 no handler at", lonely.Log.All[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_of_another_ca_is_refused_with_one_line()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        string elsewhere = Path.Combine(cluster.Directory, "elsewhere");
        Pki.Init(elsewhere, "test").Issue("gateway", "a");
        TlsMaterial stranger = TestCluster.Tls(Path.Combine(cluster.Directory, "ca.crt"), Path.Combine(elsewhere, "a"));
        await RefusedAsync(cluster, cluster.Join("a", tls: stranger), "not issued by this cluster's CA");
    }

    [Fact]
    public async Task An_expired_certificate_is_refused_with_one_line()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        Pki old = Pki.Open(cluster.Directory);
        old.Issue("gateway", "a", notBefore: DateTimeOffset.UtcNow.AddMinutes(-4), validity: TimeSpan.FromMinutes(2));
        await RefusedAsync(cluster, cluster.Join("a"), "baton pki renew");
    }

    [Fact]
    public async Task A_peer_has_no_session_with_the_handler()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        cluster.Pki.Issue("peer", "p");
        await RefusedAsync(cluster, cluster.Join("p"), "is a peer; only gateway");
    }

    [Fact]
    public async Task A_name_that_is_not_the_certificates_is_refused()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        await RefusedAsync(cluster, cluster.Join("b", calls: "a"), "the name must be the one in its certificate");
    }

    [Fact]
    public async Task A_gateway_that_no_member_list_names_is_refused()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        cluster.Pki.Issue("gateway", "z");
        await RefusedAsync(cluster, cluster.Join("z"), "no configured member");
    }

    [Fact]
    public async Task A_handler_with_a_gateways_certificate_is_not_believed()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        await cluster.Handler.DisposeAsync();
        File.Copy(Path.Combine(cluster.Directory, "c.crt"), Path.Combine(cluster.Directory, "h.crt"), overwrite: true);
        File.Copy(Path.Combine(cluster.Directory, "c.key"), Path.Combine(cluster.Directory, "h.key"), overwrite: true);
        await cluster.StartHandlerAsync();
        Client a = cluster.Join("a");
        await TestCluster.EventuallyAsync(() => a.Log.All.Any(l => l.Contains("is not believed", StringComparison.Ordinal)), "refused by the member");
        Assert.False(a.IsConnected);
    }

    [Fact]
    public async Task Garbage_at_the_port_is_one_line_each_and_harms_nobody()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        Client a = cluster.Join("a");
        await a.UpAsync();
        var random = new Random(7);
        const int Strangers = 20;
        for (int i = 0; i < Strangers; i++)
        {
            using var tcp = new TcpClient();
            await tcp.ConnectAsync(cluster.Handler.Endpoint);
            byte[] garbage = new byte[random.Next(1, 2_000)];
            random.NextBytes(garbage);
            if (i % 3 == 0) (garbage[0], garbage[^1]) = (0x16, 3);     // begins like TLS
            if (i % 3 == 1) garbage = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();
            await tcp.Client.SendAsync(garbage);
            tcp.Client.Shutdown(SocketShutdown.Send);
            try
            {
                while (await tcp.Client.ReceiveAsync(new byte[1_000]) > 0)
                {
                }
            }
            catch (SocketException)
            {
                // Reset: refused all the same.
            }
        }

        await TestCluster.EventuallyAsync(() => cluster.Log.All.Count(l => l.StartsWith("4504", StringComparison.Ordinal)) == Strangers,
            $"one line for each: {string.Join('\n', cluster.Log.All)}");
        await a.GrantedAsync(new MemberRequest.Promote(0, null, false));
        Assert.Single(a.Story);
    }

    /// <summary>Two operators leaf at once: each has the pages that it asked for, of every member, and the handler keeps none.</summary>
    [Fact]
    public async Task Each_operator_gets_the_page_that_it_asked_for()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        Client a = cluster.Join("a");
        Client b = cluster.Join("b");
        foreach (Client member in new[] { a, b })
        {
            await member.UpAsync();
            member.Report = asked =>
            {
                var status = new P.NodeStatus { Name = member.Self.Member, Role = "gateway", State = "standby", SaCount = 50, MoreAfter = asked.WithSas ? asked.After + asked.Most : 0 };
                for (uint i = 1; asked.WithSas && i <= asked.Most; i++) status.Sas.Add(new P.SaStatus { Id = asked.After + i, Name = asked.Connection });
                return status;
            };
        }

        using SocketsHttpHandler http = GrpcEndpoint.Transport(cluster.Tls("op"), ["handler"], _ => { });
        using GrpcChannel channel = GrpcEndpoint.Channel(cluster.Address, http);
        var client = new P.HandlerService.HandlerServiceClient(channel);
        P.StatusRequest[] pages = [.. Enumerable.Range(0, 20).Select(i => new P.StatusRequest { WithSas = true, Connection = $"c{i}", After = (ulong)(10 * i), Most = (uint)(1 + (i % 3)) })];
        P.ClusterStatus[] answers = await Task.WhenAll(pages.Select(page => client.StatusAsync(page).ResponseAsync));

        Assert.All(pages.Zip(answers), pair => Assert.All(pair.Second.Members.Take(2), member =>
        {
            Assert.Equal(Enumerable.Range(1, (int)pair.First.Most).Select(i => (pair.First.After + (ulong)i, pair.First.Connection)), member.Last.Sas.Select(sa => (sa.Id, sa.Name)));
            Assert.Equal(pair.First.After + pair.First.Most, member.Last.MoreAfter);
        }));
        P.ClusterStatus without = await client.StatusAsync(new P.StatusRequest());
        Assert.All(without.Members.Take(2), member => Assert.Empty(member.Last.Sas));
    }

    [Fact]
    public async Task Who_does_not_answer_an_operator_in_time_is_named_and_IKE_is_asked_of_no_member()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        using var goOn = new ManualResetEventSlim();
        Client a = cluster.Join("a");
        Client b = cluster.Join("b");
        await a.UpAsync();
        await b.UpAsync();
        bool askedForIke = false;
        a.Report = asked =>
        {
            askedForIke |= asked.WithIke;
            var status = new P.NodeStatus { Name = "a", Role = "gateway", State = "standby" };
            if (asked.WithSas) status.Sas.Add(new P.SaStatus { Id = 1 });
            return status;
        };
        b.Report = asked =>
        {
            if (asked.WithSas) goOn.Wait();
            return new P.NodeStatus { Name = "b", Role = "gateway", State = "standby" };
        };
        using SocketsHttpHandler http = GrpcEndpoint.Transport(cluster.Tls("op"), ["handler"], _ => { });
        using GrpcChannel channel = GrpcEndpoint.Channel(cluster.Address, http);
        try
        {
            P.ClusterStatus status = await new P.HandlerService.HandlerServiceClient(channel).StatusAsync(new P.StatusRequest { WithSas = true, WithIke = true });
            Assert.Equal(["b"], status.Members.Where(member => member.Unanswered).Select(member => member.Name));
            Assert.Single(status.Members.Single(member => member.Name == "a").Last.Sas);
            Assert.False(askedForIke);
        }
        finally
        {
            goOn.Set();
        }
    }

    [Fact]
    public async Task The_operator_sees_the_members_and_may_ask_for_a_switchover()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        Client a = cluster.Join("a");
        Client b = cluster.Join("b");
        await a.UpAsync();
        await b.UpAsync();
        await a.GrantedAsync(new MemberRequest.Promote(0, null, false));
        using SocketsHttpHandler http = GrpcEndpoint.Transport(cluster.Tls("op"), ["handler"], _ => { });
        using GrpcChannel channel = GrpcEndpoint.Channel(cluster.Address, http);
        var client = new P.HandlerService.HandlerServiceClient(channel);

        P.ClusterStatus status = await client.StatusAsync(new P.StatusRequest());
        Assert.Equal(["a", "b", "c"], status.Members.Select(m => m.Name));
        Assert.Equal([true, true, false], status.Members.Select(m => m.Connected));
        Assert.Equal("standby", status.Members[0].Last.State);
        Assert.Equal("a", status.Record.Holder.Member);

        P.SwitchoverReply early = await client.SwitchoverAsync(new P.SwitchoverRequest());
        Assert.False(early.Done);
        Assert.Contains("no standby is ready", early.Detail, StringComparison.Ordinal);

        await a.GrantedAsync(new MemberRequest.ChangeInSync(a.Copy!.Term, a.Copy.InSyncRevision, [b.Self]));
        await a.GrantedAsync(new MemberRequest.NameDesignee(a.Copy.Term, b.Self));
        Task<P.SwitchoverReply> asked = client.SwitchoverAsync(new P.SwitchoverRequest { To = "b" }).ResponseAsync;
        await TestCluster.EventuallyAsync(() => a.Story.Contains("switchover: b"), "the active is asked");
        await a.GrantedAsync(new MemberRequest.Surrender(a.Copy.Term, b.Self));
        P.SwitchoverReply done = await asked;
        Assert.True(done.Done, done.Detail);
        Assert.Equal("b", done.Holder.Member);
    }

    [Fact]
    public async Task An_older_or_newer_protocol_is_refused_clearly()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        using SocketsHttpHandler http = GrpcEndpoint.Transport(cluster.Tls("a"), ["handler"], _ => { });
        using GrpcChannel channel = GrpcEndpoint.Channel(cluster.Address, http);
        using AsyncDuplexStreamingCall<P.MemberFrame, P.HandlerFrame> call = new P.HandlerService.HandlerServiceClient(channel).Session();
        await call.RequestStream.WriteAsync(new P.MemberFrame
        {
            Hello = new P.Hello { Protocol = Protocol.Version + 1, Cluster = "test", Member = Mapping.ToWire(new Incarnation("a", 1)) },
        });
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Contains("upgrade the older one", call.ResponseStream.Current.Welcome.Refused, StringComparison.Ordinal);
    }

    private static async Task RefusedAsync(TestCluster cluster, Client client, string reason)
    {
        await TestCluster.EventuallyAsync(() => cluster.Log.All.Any(l => l.Contains(reason, StringComparison.Ordinal)),
            $"a line with '{reason}'; the log: {string.Join(" | ", cluster.Log.All)}");
        await TestCluster.EventuallyAsync(() => client.Log.All.Count > 0, "the member says that it has no session");
        Assert.False(client.IsConnected);
        Assert.DoesNotContain(cluster.Log.All, l => l.Contains("gave up before", StringComparison.Ordinal));
    }
}
