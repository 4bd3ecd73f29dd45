using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;
using Baton.Cluster.Certificates;
using Baton.Cluster.Protos;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Baton.Voice.Tests.Controller;

/// <summary>A media gateway without media: it keeps the calls that it is told.</summary>
internal sealed class FakeMember : MediaService.MediaServiceBase, IAsyncDisposable
{
    private readonly string _name;
    private readonly TlsMaterial _tls;
    private readonly Channel<CallEvent> _events = Channel.CreateUnbounded<CallEvent>();
    private WebApplication? _app;

    private FakeMember(string name, TlsMaterial tls) => (_name, _tls) = (name, tls);

    internal ConcurrentDictionary<ulong, MediaCall> Calls { get; } = [];

    internal bool Active { get; set; }

    /// <summary>What it says to a Put instead of granting it.</summary>
    internal MediaVerdict Refuses { get; set; } = MediaVerdict.MediaGranted;

    internal int Orders { get; private set; }

    internal IPEndPoint Endpoint { get; private set; } = new(IPAddress.Loopback, 0);

    internal static async Task<FakeMember> StartAsync(string name, TlsMaterial tls, bool active)
    {
        var member = new FakeMember(name, tls) { Active = active };
        await member.StartAsync();
        return member;
    }

    internal async Task StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(Endpoint, on =>
        {
            on.Protocols = HttpProtocols.Http2;
            new TlsGuard(_tls, ["handler", "operator"], (_, _) => { }).Use(on);
        }));
        _app = builder.Build();
        _app.MapGrpcService<FakeMember>();
        await _app.StartAsync();
        Endpoint = IPEndPoint.Parse(new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Authority);
    }

    /// <summary>As when its process dies; it keeps its port, and forgets its calls.</summary>
    internal async Task StopAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(1));
        await _app!.StopAsync(now.Token).ContinueWith(_ => { });
        await _app.DisposeAsync();
        (_app, Active) = (null, false);
        Calls.Clear();
    }

    internal void Say(CallEvent what) => _events.Writer.TryWrite(what);

    /// <summary>It carries the media from now on.</summary>
    internal void TakeOver()
    {
        Active = true;
        Say(new CallEvent { Kind = CallEventKind.CallCarried, Term = 2 });
    }

    public override Task<MediaReply> Put(MediaCall request, ServerCallContext context)
    {
        Orders++;
        if (Refuses == MediaVerdict.MediaGranted)
            Calls[request.Id] = request;
        return Reply(Refuses, request.Version);
    }

    public override Task<MediaReply> End(EndCall request, ServerCallContext context)
    {
        Orders++;
        Calls.TryRemove(request.Id, out _);
        return Reply(MediaVerdict.MediaGranted, 0);
    }

    public override Task<CallReport> Query(QueryCall request, ServerCallContext context) => Task.FromResult(Calls.ContainsKey(request.Id)
        ? new CallReport { Verdict = MediaVerdict.MediaGranted, Member = _name, Active = Active, Id = request.Id, A = new LegReport { Packets = 7, Bytes = 70 }, B = new LegReport { Packets = 3 } }
        : new CallReport { Verdict = MediaVerdict.MediaNoSuchCall, Member = _name, Active = Active });

    public override Task<CallList> List(ListCalls request, ServerCallContext context)
    {
        var list = new CallList { Member = _name, Active = Active };
        MediaCall[] page = [.. Calls.Values.Where(call => call.Id > request.After).OrderBy(call => call.Id).Take(2)];
        list.Calls.AddRange(page.Select(call => new CallVersion { Id = call.Id, Version = call.Version, Note = call.Note }));
        if (page.Length == 2)
            list.MoreAfter = page[1].Id;
        return Task.FromResult(list);
    }

    public override async Task Watch(WatchCalls request, IServerStreamWriter<CallEvent> responseStream, ServerCallContext context)
    {
        try
        {
            await foreach (CallEvent each in _events.Reader.ReadAllAsync(context.CancellationToken))
                await responseStream.WriteAsync(each);
        }
        catch (OperationCanceledException)
        {
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await StopAsync();
        _tls.Dispose();
    }

    private Task<MediaReply> Reply(MediaVerdict verdict, ulong version) =>
        Task.FromResult(new MediaReply { Verdict = verdict, Version = version, Member = _name, Active = Active });
}
