using System.Collections.Concurrent;
using Baton.Linux;
using Baton.Wire;

namespace Baton.Voice.Controller;

/// <summary>The one thread that owns the core: inputs in, outputs performed. What media gateways say comes before new requests; a queue that is full drops requests, and their clients ask again.</summary>
internal sealed class ControllerLoop : IDisposable
{
    private const int MostDatagrams = 4_096;

    private readonly ConcurrentQueue<Action> _actions = new();
    private readonly ConcurrentQueue<ControllerInput.Datagram> _datagrams = new();
    private readonly AutoResetEvent _wake = new(false);
    private readonly List<ControllerOutput> _outputs = [];
    private readonly Action<ControllerOutput> _perform;
    private readonly Thread _thread;
    private volatile bool _stopping;
    private int _waiting;
    private long _dropped;
    private Instant _nextTick = Instant.Never;

    /// <param name="perform">Called on the loop's thread.</param>
    internal ControllerLoop(ControllerCore core, Action<ControllerOutput> perform)
    {
        (Core, _perform) = (core, perform);
        _thread = new Thread(Run) { IsBackground = true, Name = "controller" };
    }

    /// <summary>The loop's; counters may be read from elsewhere, as they stand.</summary>
    internal ControllerCore Core { get; }

    /// <summary>Requests that the queue had no room for.</summary>
    internal long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>A bug ended the thread: the process must not go on without it.</summary>
    internal event Action<Exception>? Failed;

    internal void Start() => _thread.Start();

    internal void Post(ControllerInput input) => Post(() => Step(input));

    internal void Post(ControllerInput.Datagram datagram)
    {
        if (Interlocked.Increment(ref _waiting) > MostDatagrams)
        {
            Interlocked.Decrement(ref _waiting);
            Interlocked.Increment(ref _dropped);
            return;
        }

        _datagrams.Enqueue(datagram);
        _wake.Set();
    }

    internal void Post(Action action)
    {
        _actions.Enqueue(action);
        _wake.Set();
    }

    /// <summary>Runs on the loop's thread.</summary>
    internal Task<T> RunAsync<T>(Func<T> function)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() => done.SetResult(function()));
        return done.Task;
    }

    /// <summary>On the loop's thread only.</summary>
    internal void Step(ControllerInput input)
    {
        _outputs.Clear();
        _nextTick = Core.Step(input, MonotonicClock.Now, DateTimeOffset.UtcNow, _outputs);
        foreach (ControllerOutput output in _outputs)
            _perform(output);
    }

    public void Dispose()
    {
        _stopping = true;
        _wake.Set();
        if (_thread.IsAlive && Thread.CurrentThread != _thread)
            _thread.Join();
        _wake.Dispose();
    }

    private void Run()
    {
        try
        {
            Step(new ControllerInput.Tick());
            while (!_stopping)
            {
                Wait();
                while (!_stopping && _actions.TryDequeue(out Action? action))
                    action();
                if (!_stopping && _datagrams.TryDequeue(out ControllerInput.Datagram? datagram))
                {
                    Interlocked.Decrement(ref _waiting);
                    Step(datagram);
                }

                if (MonotonicClock.Now >= _nextTick)
                    Step(new ControllerInput.Tick());
            }
        }
#pragma warning disable CA1031 // A broken invariant ends the process, with its name in the log.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Failed?.Invoke(e);
        }
    }

    private void Wait()
    {
        if (!_actions.IsEmpty || !_datagrams.IsEmpty)
            return;
        TimeSpan left = _nextTick - MonotonicClock.Now;
        if (left > TimeSpan.Zero)
            _wake.WaitOne(left < TimeSpan.FromSeconds(1) ? left + TimeSpan.FromMilliseconds(1) : TimeSpan.FromSeconds(1));
    }
}
