using System.Collections.Concurrent;
using System.Net;
using Baton.Cluster.Certificates;
using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Cluster.Session;
using Baton.Redundancy;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using P = Baton.Cluster.Protos;

namespace Baton.Handler.Tests;

/// <summary>A real handler on a port of its own, with certificates, in a folder that goes away.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _clients = [];

    private TestCluster(string directory, Pki pki) => (Directory, Pki) = (directory, pki);

    public string Directory { get; }

    public Pki Pki { get; }

    public LogLines Log { get; } = new();

    public HandlerProcess Handler { get; private set; } = null!;

    public string Ledger => Path.Combine(Directory, "ledger.db");

    public string Address => Handler.Endpoint.ToString();

    public static async Task<TestCluster> StartAsync(long ledgerLimit = 0, bool metrics = false)
    {
        string directory = System.IO.Directory.CreateTempSubdirectory("baton-handler-").FullName;
        Pki pki = Pki.Init(directory, "test");
        pki.Issue("handler", "h");
        foreach (string name in new[] { "a", "b", "c" }) pki.Issue("gateway", name);
        pki.Issue("operator", "op");
        var cluster = new TestCluster(directory, pki);
        await cluster.StartHandlerAsync(ledgerLimit, metrics);
        return cluster;
    }

    public async Task StartHandlerAsync(long ledgerLimit = 0, bool metrics = false, IPEndPoint? listen = null)
    {
        var any = new IPEndPoint(IPAddress.Loopback, 0);
        MemberAddress Member(string name) => new(name, any, any, any, any);
        Handler = new HandlerProcess(new NodeOptions
        {
            File = "test",
            Name = "h",
            Role = NodeRole.Handler,
            Cluster = new ClusterOptions("test", null, [Member("a"), Member("b"), Member("c")], [], []),
            Status = new StatusOptions(null, metrics ? any : null),
            Handler = new HandlerOptions(listen ?? any, Ledger, any) { LedgerLimit = ledgerLimit },
        }, Tls("h"), Keys("control.key"), Log.Factory);
        await Handler.StartAsync();
    }

    public ClusterKeys Keys(string file)
    {
        Assert.True(ClusterKeys.TryLoad(Path.Combine(Directory, file), out ClusterKeys keys, out string error), error);
        return keys;
    }

    public TlsMaterial Tls(string name) => Tls(Path.Combine(Directory, "ca.crt"), Path.Combine(Directory, name));

    public static TlsMaterial Tls(string authority, string pair)
    {
        Assert.True(TlsMaterial.TryLoad(authority, pair + ".crt", pair + ".key", out TlsMaterial tls, out string error), error);
        return tls;
    }

    /// <summary>A gateway's session, recorded.</summary>
    public Client Join(string name, ulong nonce = 1, TlsMaterial? tls = null, string? calls = null)
    {
        var client = new Client(new Incarnation(calls ?? name, nonce), Address, tls ?? Tls(name), "test");
        _clients.Add(client);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        // A bug of the loop shows as a time-out elsewhere: name it here.
        Assert.True(Log.All.FirstOrDefault(l => l.StartsWith("4507", StringComparison.Ordinal)) is null, string.Join('\n', Log.All));
        foreach (IAsyncDisposable client in _clients) await client.DisposeAsync();
        await Handler.DisposeAsync();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    public static Task EventuallyAsync(Func<bool> condition, string what) => EventuallyAsync(condition, () => what);

    public static async Task EventuallyAsync(Func<bool> condition, Func<string> what)
    {
        for (int i = 0; i < 2_000; i++)
        {
            if (condition()) return;
            await Task.Delay(5);
        }

        Assert.Fail($"did not come about: {what()}");
    }

    public static SaRecord Sa(ulong tag, SaDirection direction = SaDirection.Outbound, int sealedBytes = 64) =>
        new(default, direction, (uint)(256 + tag), CounterSpace.EspExtended, tag, 1 << 24, 0, 0, 0, 0, new byte[sealedBytes]);
}

/// <summary>A member without a data path: it asks, and keeps what it is told.</summary>
internal sealed class Client : IHandlerSessionEvents, IAsyncDisposable
{
    private readonly HandlerSession _session;
    private readonly ConcurrentDictionary<ulong, TaskCompletionSource<HandlerReply>> _asked = new();
    private long _nextId;

    public Client(Incarnation self, string address, TlsMaterial tls, string cluster)
    {
        Self = self;
        _session = new HandlerSession(new HandlerSessionOptions(cluster, self, [address]), tls, this,
            asked => Task.FromResult(Report?.Invoke(asked) ?? new P.NodeStatus { Name = self.Member, Role = "gateway", State = "standby", SaCount = 0 }), Log.CreateLogger());
        _session.Start();
    }

    public Incarnation Self { get; }

    public LogLines Log { get; } = new();

    /// <summary>What it says of itself when asked; null: that it stands by without SAs.</summary>
    public Func<P.StatusRequest, P.NodeStatus>? Report { get; set; }

    public ConcurrentQueue<LedgerChange> Changes { get; } = new();

    public ConcurrentQueue<string> Story { get; } = new();

    public bool IsConnected => _session.IsConnected;

    public long AttemptsEnded => _session.AttemptsEnded;

    public ClusterRecord? Copy { get; private set; }

    public Dictionary<SaId, SaRecord> Records { get; } = [];

    public Task UpAsync() => TestCluster.EventuallyAsync(() => Copy is not null && IsConnected, $"{Self} has a snapshot; {string.Join(" | ", Log.All)}");

    public async Task<HandlerReply> AskAsync(MemberRequest request, RequestHeader? header = null)
    {
        ulong id = (ulong)Interlocked.Increment(ref _nextId);
        var answer = new TaskCompletionSource<HandlerReply>(TaskCreationOptions.RunContinuationsAsynchronously);
        _asked[id] = answer;
        Assert.True(_session.Send(id, header ?? new RequestHeader(Self, Copy?.LedgerId, Copy?.Revision ?? 0, Copy?.Term ?? 0), request));
        return await answer.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    public async Task<HandlerReply> GrantedAsync(MemberRequest request)
    {
        HandlerReply reply = await AskAsync(request);
        Assert.Equal(RequestVerdict.Granted, reply.Verdict);
        await TestCluster.EventuallyAsync(() => Copy!.Revision >= reply.Revision, "the copy has the revision of the reply");
        return reply;
    }

    public void Connected() => Story.Enqueue("connected");

    private readonly List<SaRecord> _parts = [];

    public int SnapshotParts { get; private set; }

    public void SnapshotPart(ClusterRecord cluster, IReadOnlyList<SaRecord> records)
    {
        SnapshotParts++;
        _parts.AddRange(records);
    }

    public void Changed(LedgerChange change)
    {
        if (change.IsSnapshot) change = change with { Upserts = [.. _parts, .. change.Upserts] };
        _parts.Clear();
        Changes.Enqueue(change);
        lock (Records)
        {
            if (change.IsSnapshot) Records.Clear();
            foreach (SaRecord sa in change.Upserts) Records[sa.Id] = sa;
            foreach (SaId id in change.Deletes) Records.Remove(id);
        }

        Copy = change.Cluster;
    }

    public void Replied(ulong requestId, HandlerReply reply)
    {
        if (_asked.TryRemove(requestId, out TaskCompletionSource<HandlerReply>? answer)) answer.TrySetResult(reply);
    }

    public void Lost(string reason) => Story.Enqueue($"lost: {reason}");

    public void SwitchoverAsked(string? to) => Story.Enqueue($"switchover: {to}");

    public ValueTask DisposeAsync() => _session.DisposeAsync();
}

/// <summary>Keeps log lines for tests that assert them.</summary>
internal sealed class LogLines : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> _lines = new();

    public LogLines() => Factory = LoggerFactory.Create(b => b.AddProvider(this).SetMinimumLevel(LogLevel.Information).AddFilter("Microsoft", LogLevel.Warning));

    public ILoggerFactory Factory { get; }

    public IReadOnlyList<string> All => [.. _lines];

    public ILogger CreateLogger() => this;

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => NullLogger.Instance.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue($"{eventId.Id} {formatter(state, exception)}{(exception is null ? "" : $" {exception}")}");

    public void Dispose()
    {
    }
}
