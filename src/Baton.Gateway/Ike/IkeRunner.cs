using System.Collections.Concurrent;
using System.Net;
using Baton.Cluster.Configuration;
using Baton.Crypto.Ike;
using Baton.Crypto.Ike.Groups;
using Baton.Gateway.DataPath;
using Baton.Ike;
using Baton.Linux;
using Baton.Wire;
using Microsoft.Extensions.Logging;

namespace Baton.Gateway.Ike;

/// <summary>The thread that owns the IKE endpoint: what arrives and what was committed goes in, what must be done comes out in order.</summary>
/// <remarks>
/// <code>
/// data thread --datagrams (bounded)--> [ IkeEndpoint ] --commit--> core --> handler, designee
/// core        --committed------------>               --send (after its commit)--> data thread
/// </code>
/// Key exchanges and signatures take milliseconds: never on the data thread. Anything may be posted from any thread; only this one steps the endpoint.
/// </remarks>
internal sealed class IkeRunner : IIkeSink, IDisposable
{
    /// <summary>Datagrams that wait; more are dropped and counted, as a full socket buffer would.</summary>
    private const int WaitingDatagrams = 4_096;

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WallClockEvery = TimeSpan.FromSeconds(30);

    private readonly IIkeHost _host;
    private readonly IkeEndpoint _endpoint;
    private readonly ILogger _log;
    private readonly IPEndPoint _usualLocal;
    private readonly ConcurrentQueue<Action> _posted = new();
    private readonly AutoResetEvent _wake = new(false);
    private readonly Thread _thread;
    private readonly List<IkeOutput> _outputs = [];

    /// <summary>What waits for a commit, by its number; owned by the thread.</summary>
    private readonly SortedDictionary<ulong, List<IkeOutput>> _waiting = [];

    /// <summary>What asks for all IKE SAs; owned by the thread.</summary>
    private readonly Queue<Action> _whenAwake = new();

    private Instant _next = Instant.Never;
    private Instant _nextWallClock;
    private int _waitingDatagrams;
    private long _overflow;
    private volatile bool _stop;

    /// <param name="usualLocal">Our endpoint where an arrival does not name it (a router passed it on).</param>
    public IkeRunner(IkeOptions options, IIvSourceFactory ivs, IIkeHost host, IPEndPoint usualLocal, ILogger log, ISnapshotSource? snapshots = null)
    {
        (_host, _log, _usualLocal) = (host, log, usualLocal);
        var random = new SystemRandomSource();
        _endpoint = new IkeEndpoint(options.Policy, random, new KeyExchangeFactory(random), ivs, snapshots);
        _thread = new Thread(Run) { IsBackground = true, Name = "ike" };
    }

    public IkeEndpoint Endpoint => _endpoint;

    /// <summary>Datagrams dropped because too many waited.</summary>
    public long Overflow => Volatile.Read(ref _overflow);

    /// <summary>How long an operator's question waits for the thread, or for the last IKE SA to wake.</summary>
    internal TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The bug that ended the thread, told on it.</summary>
    public Action<Exception>? Failed { get; set; }

    public void Start() => _thread.Start();

    /// <summary>From the data thread: takes a copy.</summary>
    public void Message(ReadOnlySpan<byte> message, in UdpEndpoint peer, in UdpEndpoint local, in UdpEndpoint router)
    {
        if (Interlocked.Increment(ref _waitingDatagrams) > WaitingDatagrams)
        {
            Interlocked.Decrement(ref _waitingDatagrams);
            Interlocked.Increment(ref _overflow);
            return;
        }

        byte[] copy = message.ToArray();
        (IPEndPoint to, IPEndPoint from) = (local.IsNone ? _usualLocal : local.ToIPEndPoint(), peer.ToIPEndPoint());
        (UdpEndpoint came, UdpEndpoint by) = (peer, router);
        Post(() =>
        {
            Interlocked.Decrement(ref _waitingDatagrams);
            Step(new IkeInput.Datagram(to, from, copy), came, by);
        });
    }

    public void Acquire(IkeInput.Acquire wanted) => Post(wanted);

    /// <summary>From any thread: one input for the endpoint.</summary>
    public void Post(IkeInput input) => Post(() => Step(input));

    /// <summary>From any thread: runs on the IKE thread, in order.</summary>
    public void Post(Action action)
    {
        _posted.Enqueue(action);
        _wake.Set();
    }

    /// <summary>From any thread: asks the IKE thread something. Who has no answer after <see cref="Patience"/> gets none, and it is not done later either.</summary>
    /// <param name="ofAll">It concerns all IKE SAs: not before the last of them is awake after a takeover.</param>
    public async Task<T?> AskAsync<T>(Func<T> question, bool ofAll)
    {
        const int Waits = 0, Runs = 1, Void = 2;
        int state = Waits;
        var answer = new TaskCompletionSource<T?>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            if (ofAll)
                _whenAwake.Enqueue(Answer);
            else
                Answer();
        });
        Task first = await Task.WhenAny(answer.Task, Task.Delay(Patience));
        return first == answer.Task || Interlocked.CompareExchange(ref state, Void, Waits) != Waits ? await answer.Task : default;

        void Answer()
        {
            if (Interlocked.CompareExchange(ref state, Runs, Waits) != Waits)
                return;
            T? found = default;
            try
            {
                found = question();
            }
            finally
            {
                answer.TrySetResult(found);
            }
        }
    }

    /// <summary>On the IKE thread: this member works no more. What waits for commits never leaves.</summary>
    public void StandDown()
    {
        _waiting.Clear();
        Step(new IkeInput.StandDown());
        _next = Instant.Never;
    }

    /// <summary>On the IKE thread: what waited for it goes now, then the endpoint hears of it.</summary>
    public void Committed(ulong commit)
    {
        if (_waiting.Remove(commit, out List<IkeOutput>? bound))
        {
            foreach (IkeOutput output in bound)
                Perform(output);
        }

        Step(new IkeInput.Committed(commit));
    }

    public void CommitFailed(ulong commit, string why)
    {
        _waiting.Remove(commit);
        Step(new IkeInput.CommitFailed(commit, why));
    }

    /// <summary>On the IKE thread: one input, and all that the endpoint wants done.</summary>
    /// <param name="router">That passed the message on; with none there is nothing to learn of it.</param>
    public void Step(IkeInput input, UdpEndpoint peer = default, UdpEndpoint router = default)
    {
        int from = _outputs.Count;
        _next = _endpoint.Step(input, MonotonicClock.Now, _outputs);
        if (!router.IsNone && _endpoint.HeardOf is not 0 and var spi)
            _host.HeardBy(spi, peer, router);
        for (int i = from; i < _outputs.Count; i++)
            Take(_outputs[i]);
        _outputs.RemoveRange(from, _outputs.Count - from);
    }

    public void Dispose()
    {
        _stop = true;
        _wake.Set();
        if (_thread.IsAlive && Thread.CurrentThread != _thread)
            _thread.Join();
        _wake.Dispose();
    }

    private void Run()
    {
        try
        {
            while (!_stop)
                Turn();
        }
        catch (Exception e)
        {
            // A broken invariant is a bug: stop at once and let the standby prove itself.
            _log.LogCritical(e, "the IKE thread stopped on a broken invariant");
            Failed?.Invoke(e);
        }
    }

    private void Turn()
    {
        Instant now = MonotonicClock.Now;
        if (_posted.IsEmpty)
        {
            TimeSpan wait = _next == Instant.Never ? LongestWait : _next - now;
            if (wait > TimeSpan.Zero)
                _wake.WaitOne(wait < LongestWait ? TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling(wait.TotalMilliseconds))) : LongestWait);
        }

        while (!_stop && _posted.TryDequeue(out Action? action))
            action();
        while (!_endpoint.IsWaking && _whenAwake.TryDequeue(out Action? question))
            question();
        now = MonotonicClock.Now;
        if (now >= _nextWallClock)
        {
            _nextWallClock = now + WallClockEvery;
            Step(new IkeInput.WallClock(DateTimeOffset.UtcNow));
        }

        if (now >= _next)
            Step(Tick);
    }

    private static readonly IkeInput Tick = new IkeInput.Tick();

    /// <summary>Now, or when its commit is through.</summary>
    private void Take(IkeOutput output)
    {
        if (output is IkeOutput.Commit commit)
        {
            _waiting[commit.CommitId] = [];
            _host.Commit(commit);
        }
        else if (AfterCommit(output) is var after && after != 0)
        {
            // A commit that is through already is not waited for; one that failed takes what hangs on it along.
            if (_waiting.TryGetValue(after, out List<IkeOutput>? bound))
                bound.Add(output);
            else
                Perform(output);
        }
        else
        {
            Perform(output);
        }
    }

    private static ulong AfterCommit(IkeOutput output) => output switch
    {
        IkeOutput.Send send => send.AfterCommit,
        IkeOutput.ChildUp up => up.AfterCommit,
        IkeOutput.UseOutbound use => use.AfterCommit,
        IkeOutput.ChildDown down => down.AfterCommit,
        IkeOutput.IkeSaUp up => up.AfterCommit,
        IkeOutput.IkeSaReplaced replaced => replaced.AfterCommit,
        IkeOutput.IkeSaDown down => down.AfterCommit,
        IkeOutput.AddressAssigned assigned => assigned.AfterCommit,
        IkeOutput.EndpointChanged changed => changed.AfterCommit,
        IkeOutput.JumpCounters jump => jump.AfterCommit,
        _ => 0,
    };

    private void Perform(IkeOutput output)
    {
        switch (output)
        {
            case IkeOutput.Send send:
                _host.Send(send.Local, send.Remote, send.Message);
                break;
            case IkeOutput.Note note:
                IkeLog.Tell(_log, note.Event);
                break;
            default:
                IkeLog.Tell(_log, output);
                _host.Perform(output);
                break;
        }
    }
}

/// <summary>What the IKE thread needs of the loop that owns sockets and SAs. Called on the IKE thread; must not block.</summary>
internal interface IIkeHost
{
    void Send(IPEndPoint local, IPEndPoint remote, ReadOnlyMemory<byte> message);

    /// <summary>A message that proves itself came by this router.</summary>
    /// <param name="initiatorSpi">Of its IKE SA.</param>
    void HeardBy(ulong initiatorSpi, UdpEndpoint peer, UdpEndpoint router);

    /// <summary>Answered, sooner or later, by <see cref="IkeRunner.Committed"/> or <see cref="IkeRunner.CommitFailed"/> on the IKE thread.</summary>
    void Commit(IkeOutput.Commit commit);

    /// <summary>Everything else, when its commit is through.</summary>
    void Perform(IkeOutput output);
}
