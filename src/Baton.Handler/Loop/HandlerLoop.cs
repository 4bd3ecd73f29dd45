using System.Collections.Concurrent;
using System.Diagnostics;
using Baton.Cluster;
using Baton.Handler.Ledgers;
using Baton.Redundancy.Handlers;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Baton.Wire;
using Microsoft.Extensions.Logging;
using P = Baton.Cluster.Protos;

namespace Baton.Handler.Loop;

/// <summary>The one thread that owns the core and the ledger: inputs in, one transaction a turn, then the answers.</summary>
/// <remarks>
/// <code>
/// sessions, witnesses, operator --> queue --> [ core steps for all that waits ] --> [ one commit ] --> replies, changes
///                                                                                     | failed
///                                                                                     +--> StorageFailed to all, core anew from disk
/// </code>
/// Group commit: what arrives while a transaction is under way shares the next one. Nothing leaves before the commit of its turn is durable.
/// </remarks>
public sealed partial class HandlerLoop : IDisposable
{
    private const int StepsPerTurn = 256;
    private static readonly TimeSpan IdleBeforeCheckpoint = TimeSpan.FromSeconds(1);

    private readonly SqliteLedger _ledger;
    private readonly HandlerPolicy _policy;
    private readonly HandlerCounters _counters;
    private readonly ILogger _log;
    private readonly Thread _thread;

    // Shared: anybody adds, the thread takes.
    private readonly ConcurrentQueue<Item> _queue = new();
    private readonly AutoResetEvent _wake = new(false);
    private volatile bool _stopping;
    private volatile HandlerView _view;

    // Owned by the thread.
    private readonly Dictionary<Incarnation, IMemberLink> _links = [];
    private readonly Dictionary<Incarnation, WitnessView> _witness = [];
    private readonly List<HandlerOutput> _outputs = [];
    private readonly List<HandlerOutput.Commit> _commits = [];
    private HandlerCore _core;
    private Instant _nextTick = Instant.Never;
    private readonly LineBudget _storageLines = new(burst: 5);
    private bool _storageBroken;
    private bool _storageSaid;
    private bool _uncheckpointed;

    public HandlerLoop(SqliteLedger ledger, LedgerContent content, HandlerPolicy policy, HandlerCounters counters, ILogger log)
    {
        (_ledger, _policy, _counters, _log) = (ledger, policy, counters, log);
        _core = NewCore(content);
        _view = new(_core.Cluster, _core.Records.Count, [], new Dictionary<Incarnation, WitnessView>(), "ok");
        _thread = new Thread(Run) { Name = "handler", IsBackground = true };
    }

    /// <summary>Said on the loop's thread after a change of <see cref="View"/>.</summary>
    public event Action<HandlerView>? Changed;

    /// <summary>The bug that ended the thread; the process must not go on without it.</summary>
    public event Action<Exception>? Failed;

    /// <summary>What the outside may know, as of the last turn.</summary>
    public HandlerView View => _view;

    public static Instant Now => new((long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency)));

    public void Start() => _thread.Start();

    public void Post(HandlerInput input) => Post(new Item(input, null, null, false));

    public void Open(IMemberLink link) => Post(new Item(null, null, link, false));

    public void Close(IMemberLink link) => Post(new Item(null, null, link, true));

    /// <summary>To every member with a session.</summary>
    public void AskAll(P.HandlerFrame frame) => Post(() =>
    {
        foreach (IMemberLink link in _links.Values) link.Send(frame);
    });

    /// <summary>Runs on the loop's thread before its next step; for tests and for the operator's questions.</summary>
    public void Post(Action action) => Post(new Item(null, action, null, false));

    /// <summary>Finishes the turn that runs, and nothing after it.</summary>
    public void Stop()
    {
        _stopping = true;
        _wake.Set();
        if (_thread.IsAlive && Thread.CurrentThread != _thread) _thread.Join();
    }

    public void Dispose()
    {
        Stop();
        _wake.Dispose();
    }

    private void Post(Item item)
    {
        _queue.Enqueue(item);
        _wake.Set();
    }

    private void Run()
    {
        try
        {
            while (!_stopping)
            {
                if (_queue.IsEmpty) Wait();
                if (!_stopping) Turn();
            }
        }
#pragma warning disable CA1031 // A broken invariant ends the process, with its name in the log.
        catch (Exception e)
#pragma warning restore CA1031
        {
            HandlerLog.LoopFailed(_log, e);
            Failed?.Invoke(e);
        }
    }

    private void Wait()
    {
        TimeSpan wait = _nextTick == Instant.Never ? Timeout.InfiniteTimeSpan : _nextTick - Now;
        if (wait < TimeSpan.Zero && wait != Timeout.InfiniteTimeSpan) return;
        if (wait > TimeSpan.FromHours(1)) wait = TimeSpan.FromHours(1);
        if (wait > TimeSpan.Zero && wait < TimeSpan.FromMilliseconds(1)) wait = TimeSpan.FromMilliseconds(1);
        if (_uncheckpointed && (wait == Timeout.InfiniteTimeSpan || wait > IdleBeforeCheckpoint))
        {
            if (_wake.WaitOne(IdleBeforeCheckpoint)) return;
            _uncheckpointed = false;
            _ledger.Checkpoint();
            return;
        }

        _wake.WaitOne(wait);
    }

    private void Turn()
    {
        _outputs.Clear();
        ClusterRecord before = _core.Cluster;
        int links = _links.Count;
        bool viewChanged = false;
        int steps = 0;
        for (; steps < StepsPerTurn && _queue.TryDequeue(out Item item); steps++)
        {
            if (item.Action is not null) item.Action();
            else if (item.Link is not null) LinkChanged(item.Link, item.Closed);
            else viewChanged |= StepInput(item.Input!);
        }

        if (steps == 0 || Now >= _nextTick) _nextTick = _core.Step(new HandlerInput.Tick(), Now, _outputs);
        Perform();
        if (viewChanged || links != _links.Count || !ReferenceEquals(before, _core.Cluster)) PublishView();
    }

    private bool StepInput(HandlerInput input)
    {
        if (input is HandlerInput.Request request) _counters.Request(request.Body);
        bool witness = input is HandlerInput.Witness;
        if (input is HandlerInput.Witness seen)
        {
            if (_witness.GetValueOrDefault(seen.Member) != seen.View) HandlerLog.Witnessed(_log, seen.Member.ToString(), seen.View.ToString());
            _witness[seen.Member] = seen.View;
        }

        _nextTick = _core.Step(input, Now, _outputs);
        return witness;
    }

    private void LinkChanged(IMemberLink link, bool closed)
    {
        bool known = _links.TryGetValue(link.Member, out IMemberLink? old);
        if (closed)
        {
            // A session that was replaced is not this member's any more.
            if (!known || !ReferenceEquals(old, link)) return;
            _links.Remove(link.Member);
            _nextTick = _core.Step(new HandlerInput.Disconnected(link.Member), Now, _outputs);
            return;
        }

        if (known)
        {
            old!.Abort("this member opened another session");
            _nextTick = _core.Step(new HandlerInput.Disconnected(link.Member), Now, _outputs);
        }

        _links[link.Member] = link;
        _nextTick = _core.Step(new HandlerInput.Connected(link.Member), Now, _outputs);
    }

    private void Perform()
    {
        _commits.Clear();
        foreach (HandlerOutput output in _outputs)
        {
            if (output is HandlerOutput.Commit commit) _commits.Add(commit);
        }

        if (_commits.Count > 0 && !TryCommit())
        {
            StorageFailed();
            return;
        }

        // Every commit of this turn is durable now: what waits for one may go, in its order.
        foreach (HandlerOutput output in _outputs) Deliver(output);
    }

    private bool TryCommit()
    {
        long started = Stopwatch.GetTimestamp();
        try
        {
            _ledger.Commit(_commits);
        }
        catch (LedgerException e)
        {
            _counters.CommitFailed();
            SayStorageFailed(e.Message);
            _view = _view with { Storage = e.Message };
            return false;
        }

        _counters.Committed(_commits.Count, Stopwatch.GetElapsedTime(started));
        _uncheckpointed = true;
        if (_storageBroken)
        {
            _storageBroken = false;
            if (_storageSaid) HandlerLog.StorageBack(_log);
            _storageSaid = false;
            _view = _view with { Storage = "ok" };
        }

        return true;
    }

    /// <summary>Grants nothing of this turn, and believes nothing but the disk: a commit that failed may have happened all the same.</summary>
    /// <summary>On a disk that is all but full small writes go through and large ones do not, many times a second: the log takes some, the counter has each.</summary>
    private void SayStorageFailed(string reason)
    {
        if (_storageLines.Take() is not { } more) return;
        HandlerLog.StorageFailed(_log, reason + more);
        _storageSaid = true;
    }

    private void StorageFailed()
    {
        _storageBroken = true;
        List<HandlerOutput> refused = [.. _outputs.Where(o => o is HandlerOutput.Reply)];
        _core = NewCore(Reload());
        _outputs.Clear();
        foreach ((Incarnation member, WitnessView view) in _witness) _core.Step(new HandlerInput.Witness(member, view), Now, _outputs);
        foreach (Incarnation member in _links.Keys) _nextTick = _core.Step(new HandlerInput.Connected(member), Now, _outputs);
        foreach (HandlerOutput output in _outputs) Deliver(output);
        foreach (HandlerOutput.Reply reply in refused.Cast<HandlerOutput.Reply>())
            Deliver(reply with { Answer = new HandlerReply(RequestVerdict.StorageFailed, _core.Cluster.Revision, _view.Storage) });
        PublishView();
    }

    private LedgerContent Reload()
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                return _ledger.Reopen();
            }
            catch (LedgerException e)
            {
                if (attempt == 0) SayStorageFailed(e.Message);
                _view = _view with { Storage = e.Message };
                if (_stopping) throw;
                _wake.WaitOne(TimeSpan.FromMilliseconds(200));
            }
        }
    }

    private HandlerCore NewCore(LedgerContent content) => new(_policy, content.Snapshot, content.KeyTags, content.NextSaId);

    private void PublishView()
    {
        _view = new(_core.Cluster, _core.Records.Count, [.. _links.Keys], new Dictionary<Incarnation, WitnessView>(_witness), _storageBroken ? _view.Storage : "ok");
        Changed?.Invoke(_view);
    }

    private readonly record struct Item(HandlerInput? Input, Action? Action, IMemberLink? Link, bool Closed);
}
