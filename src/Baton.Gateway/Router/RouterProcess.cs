using Baton.Cluster.Certificates;
using Baton.Cluster.Configuration;
using Baton.Cluster.Protos;
using Baton.Cluster.Records;
using Baton.Linux;
using Baton.Wire;
using Microsoft.Extensions.Logging;

namespace Baton.Gateway.Router;

/// <summary>What a router did with datagrams; each has its counter.</summary>
public enum RouterVerdict
{
    ToActive,
    ToPeer,
    InnerToActive,
    InnerToHost,
    NoActive,
    BadShim,
    BadInner,
    NoRoute,
    Steered,
    BadSteer,
    StaleSteer,
    TooLong,

    /// <summary>An outer datagram without a byte, or one larger than the buffers.</summary>
    Empty,
}

/// <summary>Steers peers' packets, and the inner hosts', to the active of the highest term it has seen: for one cluster, or for several that know nothing of each other.</summary>
/// <remarks>One thread; no allocation a packet. It keeps nothing: after a restart the next steering frame, at most 10 ms later, tells it all.</remarks>
public sealed class RouterProcess : IDisposable
{
    private readonly RouterGroup[] _groups;
    private readonly WakeEvent _stop = new();
    private readonly ILogger _log;
    private readonly NodeOptions _options;
    private readonly TlsMaterial? _tls;
    private readonly long _started = Environment.TickCount64;

    /// <param name="keysOf">The control keys of a further cluster, of the file that its group names.</param>
    /// <exception cref="System.Net.Sockets.SocketException">An address is taken or not here.</exception>
    public RouterProcess(NodeOptions options, ClusterKeys keys, TlsMaterial? tls, ILogger log, Func<string, ClusterKeys> keysOf)
    {
        (_options, _tls, _log) = (options, tls, log);
        var groups = new List<RouterGroup>();
        try
        {
            var own = new RouterGroupOptions(
                options.Cluster.Id, options.Cluster.KeyFile!, [.. options.Cluster.Members.Select(m => new GroupGateway(m.Name, m.Outer!, m.Inner!))],
                options.Outer!.Listen, options.Inner!.Listen!, options.Router!.Control, options.Inner.Routes);
            groups.Add(new RouterGroup(own, keys, log));
            foreach (RouterGroupOptions group in options.Router.Groups)
                groups.Add(new RouterGroup(group, keysOf(group.KeyFile), log));
        }
        catch
        {
            groups.ForEach(group => group.Dispose());
            throw;
        }

        _groups = [.. groups];
    }

    public async Task RunAsync(CancellationToken stop)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bool over = false;
        await using CancellationTokenRegistration registration = stop.Register(() =>
        {
            Volatile.Write(ref over, true);
            _stop.Set();
        });
        var thread = new Thread(() =>
        {
            try
            {
                if (Scheduling.TryRealTime(10) is { } refused)
                    _log.LogInformation("router: {Reason}", refused);
                using var poller = new Poller([_stop.Fd, .. _groups.SelectMany(group => group.Fds)]);
                while (!Volatile.Read(ref over))
                {
                    poller.Wait(Instant.Never);
                    foreach (RouterGroup group in _groups)
                        group.Turn(poller);
                }

                done.SetResult();
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        })
        { IsBackground = true, Name = "router" };
        thread.Start();
        await using NodeStatusServer? status = await NodeStatusServer.StartAsync(_options, _tls, _ => Task.FromResult(Status()), null, _log);
        _log.LogInformation("router {Name} runs for {Count} cluster(s)", _options.Name, _groups.Length);
        await done.Task;
    }

    public void Dispose()
    {
        foreach (RouterGroup group in _groups)
            group.Dispose();
        _stop.Dispose();
    }

    /// <summary>Counters of what else lives in this process. Set before <see cref="RunAsync"/>.</summary>
    public Func<IEnumerable<(string Name, ulong Value)>> MoreCounters { get; set; } = () => [];

    /// <summary>State and term are the router's own cluster's; what the others do stands behind it. Counters without a group's name are sums.</summary>
    private NodeStatus Status()
    {
        var status = new NodeStatus
        {
            Name = _options.Name,
            Role = "router",
            Pid = Environment.ProcessId,
            UptimeMs = (ulong)(Environment.TickCount64 - _started),
            State = string.Join("; ", _groups.Select((group, i) => i == 0 ? group.State : $"{group.Name} {group.State}")),
            Term = _groups[0].Term,
            MeasuredUnixMs = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
        };
        foreach (RouterGroup group in _groups)
        {
            foreach ((string name, ulong value) in group.Counters)
            {
                status.Counters[name] = (status.Counters.TryGetValue(name, out ulong sum) ? sum : 0) + value;
                if (_groups.Length > 1)
                    status.Counters[$"group.{group.Name}.{name}"] = value;
            }

            if (_groups.Length > 1)
                status.Counters[$"group.{group.Name}.term"] = group.Term;
        }

        status.Counters["process.resident-bytes"] = (ulong)Environment.WorkingSet;
        foreach ((string name, ulong value) in MoreCounters())
            status.Counters[name] = value;
        return status;
    }
}
