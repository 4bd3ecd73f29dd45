using System.Net;
using System.Security.Cryptography;
using Baton.Cluster.Certificates;
using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Media.Ng;
using Microsoft.Extensions.Logging;

namespace Baton.Voice.Controller;

/// <summary>The media gateway controller's shell: ng ports, the loop, and links to media gateways. The handler of its cluster runs beside it in the same process; the two know nothing of each other.</summary>
public sealed partial class ControllerProcess : IAsyncDisposable
{
    private readonly ControllerOptions _options;
    private readonly ILogger _log;
    private readonly ControllerCore _core;
    private readonly ControllerLoop _loop;
    private readonly Dictionary<string, MediaGroupShell> _groups;
    private readonly List<NgPort> _ports = [];
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="tls">The node's: a handler's certificate, for media gateways believe their handler.</param>
    /// <param name="keys">The control key is enough.</param>
    public ControllerProcess(NodeOptions options, ClusterKeys keys, TlsMaterial tls, ILoggerFactory logs)
    {
        ArgumentNullException.ThrowIfNull(options.Controller);
        (_options, _log) = (options.Controller, logs.CreateLogger("Baton.Controller"));
        ControllerPolicy policy = PolicyOf(_options);
        _core = new ControllerCore(policy, [.. _options.Groups.Select(Describe)], keys.NewestControl, RandomNumberGenerator.Fill);
        _loop = new ControllerLoop(_core, Perform);
        _loop.Failed += e => _failed.TrySetException(e);
        _groups = _options.Groups.ToDictionary(group => group.Name, group => new MediaGroupShell(group, tls, policy, _loop, _log));
    }

    /// <summary>Where it really listens: a configured port may be 0.</summary>
    public IReadOnlyList<IPEndPoint> Endpoints => [.. _ports.Select(port => port.Local)];

    /// <summary>Ends with an exception only: the bug that stopped it.</summary>
    public Task Failed => _failed.Task;

    /// <summary>Every named counter, now.</summary>
    public IEnumerable<KeyValuePair<string, ulong>> Counters
    {
        get
        {
            foreach (ControllerVerdict verdict in Enum.GetValues<ControllerVerdict>())
                yield return new("ng." + NameOf(verdict.ToString()), (ulong)_core.Count(verdict));
            foreach (NgVerdict verdict in Enum.GetValues<NgVerdict>())
                yield return new("ng.message." + NameOf(verdict.ToString()), (ulong)_core.Count(verdict));
            foreach (CallEnd end in Enum.GetValues<CallEnd>())
                yield return new("calls.ended." + NameOf(end.ToString()), (ulong)_core.Count(end));
            yield return new("ng.strangers", (ulong)_ports.Sum(port => port.Strangers));
            yield return new("ng.queue-full", (ulong)_loop.Dropped);
            yield return new("ng.send-errors", (ulong)_ports.Sum(port => port.SendErrors));
            yield return new("calls.now", (ulong)_core.Calls);
            yield return new("calls.streams", (ulong)_core.Streams);
            yield return new("calls.port-pairs", (ulong)_core.PortsTaken);
            yield return new("calls.restored", (ulong)_core.Restored);
            yield return new("calls.not-restored", (ulong)_core.Unrestored);
            foreach (MediaGroupShell group in _groups.Values)
            {
                yield return new($"group.{group.Name}.works", group.Works ? 1UL : 0);
                yield return new($"group.{group.Name}.members", (ulong)group.Links.Count(link => link.IsUp));
            }
        }
    }

    /// <summary>Sentences for the operator.</summary>
    public IEnumerable<string> Warnings
    {
        get
        {
            foreach (MediaGroupShell group in _groups.Values)
            {
                if (!group.Works)
                    yield return $"group {group.Name}: no media gateway carries media; new calls are refused";
                foreach (MediaLink link in group.Links.Where(link => !link.IsUp))
                    yield return $"group {group.Name}: media gateway {link.Member} is not there; calls that come now are told to it when it is back";
            }
        }
    }

    public void Start()
    {
        _loop.Start();
        foreach (IPEndPoint listen in _options.Listen)
            _ports.Add(new NgPort(listen, _ports.Count, _options.Clients, _loop.Post));
        _ports.ForEach(port => port.Start());
        foreach (MediaGroupShell group in _groups.Values)
            group.Start();
        Started(_log, string.Join(", ", Endpoints), string.Join(", ", _groups.Keys));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (NgPort port in _ports)
            port.Dispose();
        foreach (MediaGroupShell group in _groups.Values)
            await group.DisposeAsync();
        _loop.Dispose();
        _core.Dispose();
    }

    /// <summary>NothingToDelete: nothing-to-delete.</summary>
    private static string NameOf(string name)
    {
        var text = new System.Text.StringBuilder();
        foreach (char c in name)
        {
            if (char.IsUpper(c) && text.Length > 0)
                text.Append('-');
            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }

    private static ControllerPolicy PolicyOf(ControllerOptions options)
    {
        var usual = new ControllerPolicy();
        return usual with
        {
            MostCalls = options.MostCalls ?? usual.MostCalls,
            Unanswered = options.Unanswered ?? usual.Unanswered,
            HoldTimeout = options.HoldTimeout ?? usual.HoldTimeout,
            DeleteDelay = options.DeleteDelay ?? usual.DeleteDelay,
            RequestsPerSecond = options.RequestsPerSecond ?? usual.RequestsPerSecond,
            RequestsAtOnce = 2 * (options.RequestsPerSecond ?? usual.RequestsPerSecond),
        };
    }

    private static MediaGroupDescription Describe(GroupOptions group) =>
        new(group.Name, [.. group.Networks.Select(network => new MediaNetwork(network.Name, network.V4, network.V6, network.Advertised))], group.FirstPort, group.LastPort);

    /// <summary>On the loop's thread.</summary>
    private void Perform(ControllerOutput output)
    {
        switch (output)
        {
            case ControllerOutput.Reply reply:
                _ports[reply.To.Port].Send(reply.To.Endpoint, reply.Bytes.Span);
                break;
            case ControllerOutput.Put put:
                _groups[put.Group].Do(put.Order, new MediaOrder(put.Stream.Id, MediaMessages.Of(put.Stream)));
                break;
            case ControllerOutput.End end:
                _groups[end.Group].Do(end.Order, new MediaOrder(end.Stream, null));
                break;
            case ControllerOutput.Query query:
                _groups[query.Group].Query(query.Order, query.Stream);
                break;
            case ControllerOutput.Ended { Why: not CallEnd.Deleted } ended:
                CallOver(_log, ended.CallId, ended.Why);
                break;
        }
    }

    [LoggerMessage(EventId = 4600, Level = LogLevel.Information, Message = "controller listens to the ng protocol at {Endpoints}; groups {Groups}")]
    private static partial void Started(ILogger log, string endpoints, string groups);

    [LoggerMessage(EventId = 4604, Level = LogLevel.Information, Message = "call {Call} is over: {Why}")]
    private static partial void CallOver(ILogger log, string call, CallEnd why);
}
