using System.Net;
using System.Reflection;
using Baton.Cluster;
using Baton.Cluster.Certificates;
using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Cluster.Session;
using Baton.Handler.Ledgers;
using Baton.Handler.Loop;
using Baton.Handler.Sessions;
using Baton.Redundancy.Handlers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Baton.Handler;

/// <summary>The handler of a cluster: ledger, loop and gRPC service, wired.</summary>
public sealed class HandlerProcess : IAsyncDisposable
{
    private readonly NodeOptions _options;
    private readonly TlsMaterial _tls;
    private readonly ClusterKeys _keys;
    private readonly ILoggerFactory _logs;
    private readonly ILogger _log;
    private readonly HandlerCounters _counters = new();
    private readonly LineBudget _refusals = new();
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SqliteLedger? _ledger;
    private HandlerLoop? _loop;
    private Witness? _witness;
    private WebApplication? _app;

    /// <param name="keys">The control key is enough: a handler does not read records.</param>
    public HandlerProcess(NodeOptions options, TlsMaterial tls, ClusterKeys keys, ILoggerFactory logs)
    {
        ArgumentNullException.ThrowIfNull(options.Handler);
        (_options, _tls, _keys, _logs, _log) = (options, tls, keys, logs, logs.CreateLogger("Baton.Handler"));
    }

    /// <summary>Each commit takes so much longer, as on a slow disk. For a benchmark that runs this class itself: no configuration reaches it.</summary>
    public TimeSpan SlowerBy { get; init; }

    /// <summary>What else this process does, beside being a handler: counters and sentences for the operator. To be set before the start.</summary>
    public HandlerCompany? Company { get; init; }

    /// <summary>Where the service really listens: the configured port may be 0.</summary>
    public IPEndPoint Endpoint { get; private set; } = new(IPAddress.None, 0);

    /// <summary>Where it really hears heartbeats.</summary>
    public IPEndPoint HeartbeatEndpoint => _witness?.Endpoint ?? new(IPAddress.None, 0);

    /// <summary>Where /metrics really listens; null without.</summary>
    public IPEndPoint? Metrics { get; private set; }

    /// <summary>Every named counter, now.</summary>
    public IEnumerable<KeyValuePair<string, ulong>> Counters => _counters.All();

    public HandlerLoop Loop => _loop ?? throw new InvalidOperationException("not started");

    /// <summary>Runs until <paramref name="stop"/>; throws <see cref="LedgerException"/> when the ledger cannot be used at start.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        // A takeover waits for this process: other work of the machine must not come first. Refused without the right, which is no error.
        Baton.Linux.Scheduling.TryNice(-20);
        System.Runtime.GCSettings.LatencyMode = System.Runtime.GCLatencyMode.SustainedLowLatency;
        await StartAsync();
        Task stopped = Task.Delay(Timeout.Infinite, stop);
        await Task.WhenAny(stopped, _failed.Task);
        if (_failed.Task.IsFaulted) await _failed.Task;
    }

    public async Task StartAsync()
    {
        HandlerOptions handler = _options.Handler!;
        _ledger = SqliteLedger.Open(handler.Ledger, handler.LedgerLimit);
        _ledger.SlowerBy = SlowerBy;
        _ledger.Touch(DateTimeOffset.UtcNow);
        LedgerContent content = _ledger.Load();
        HandlerPolicy policy = new();
        if (handler.WitnessPatience is { } patience) policy = policy with { WitnessPatience = patience };
        Warmup.Run(policy);
        var watchers = new HandlerWatchers();
        _loop = new HandlerLoop(_ledger, content, policy, _counters, _log);
        _loop.Changed += _ => watchers.Wake();
        _loop.Failed += e => _failed.TrySetException(e);
        _loop.Start();
        if (!_keys.IsControlOnly) HandlerLog.HasClusterKey(_log);
        _witness = new Witness(_options, _keys, _loop.Post, _log);
        _counters.More = _witness.Counters;
        _witness.Start();

        _app = Build(watchers);
        await _app.StartAsync();
        Bound();
        HandlerLog.Started(_log, _options.Name, _options.Cluster.Id, Endpoint.ToString(), handler.Ledger,
            content.Snapshot.Cluster.LedgerId, content.Snapshot.Cluster.Revision, content.Snapshot.Cluster.Term, content.Snapshot.Upserts.Count);
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            // Sessions never end by themselves: do not wait for them.
            using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
            try
            {
                await _app.StopAsync(now.Token);
            }
            catch (OperationCanceledException)
            {
            }

            await _app.DisposeAsync();
        }

        _witness?.Dispose();
        _loop?.Dispose();
        _ledger?.Dispose();
        (_app, _witness, _loop, _ledger) = (null, null, null, null);
    }

    private WebApplication Build(HandlerWatchers watchers)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Services.AddSingleton(_logs);
        string version = typeof(HandlerProcess).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
        builder.Services.AddSingleton(new HandlerIdentity(_options.Name, _options.Cluster.Id, [.. _options.Cluster.Members.Select(m => m.Name)], version, Company));
        builder.Services.AddSingleton(_loop!);
        builder.Services.AddSingleton(_counters);
        _counters.Company = Company;
        builder.Services.AddSingleton(watchers);
        builder.Services.AddSingleton<MemberReports>();
        builder.Services.AddGrpc(o =>
        {
            o.MaxReceiveMessageSize = Protocol.MaximumMessageBytes;
            o.MaxSendMessageSize = Protocol.MaximumMessageBytes;
        });
        builder.WebHost.UseBackplane(Baton.Linux.Sockets.ListenSockets.BindUnix);
        builder.WebHost.ConfigureKestrel(ConfigureKestrel);
        WebApplication app = builder.Build();
        app.MapGrpcService<HandlerRpc>();
        if (_options.Status.Metrics is { } metrics)
        {
            // The handler below is reached on the plain port only: the gRPC port speaks HTTP/2 over mutual TLS and nothing else.
            app.MapGet("/metrics", (HttpContext http) => http.Connection.ClientCertificate is null
                ? Results.Text(_counters.Expose(_loop!.View), "text/plain; version=0.0.4")
                : Results.NotFound());
        }

        return app;
    }

    private void ConfigureKestrel(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = 1_024;
        kestrel.Limits.MinRequestBodyDataRate = null;     // a session may be quiet for hours
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(1);
        kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(1);
        kestrel.Limits.Http2.InitialConnectionWindowSize = 4 << 20;
        kestrel.Limits.Http2.InitialStreamWindowSize = 2 << 20;
        var guard = new TlsGuard(_tls, ["gateway", "operator", "router", "handler"], (remote, reason) =>
        {
            _counters.RefusedConnection();
            if (_refusals.Take() is { } more) HandlerLog.ConnectionRefused(_log, remote, reason + more);
        });
        ListenAt.Listen(kestrel, _options.Handler!.Listen, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            guard.Use(listen);
        });
        if (_options.Status.Metrics is { } metrics) ListenAt.Listen(kestrel, metrics, listen => listen.Protocols = HttpProtocols.Http1);
    }

    private void Bound()
    {
        Endpoint = _options.Handler!.Listen;
        foreach (string address in _app!.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses)
        {
            if (EndpointText.IsBackplane(address[(address.IndexOf("//", StringComparison.Ordinal) + 2)..]))
                continue;                                 // no port that could be another than the configured one
            var uri = new Uri(address);
            IPEndPoint endpoint = IPEndPoint.Parse(uri.Authority);
            if (uri.Scheme == "https") Endpoint = endpoint;
            else Metrics = endpoint;
        }
    }
}
