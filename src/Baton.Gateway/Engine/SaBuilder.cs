using System.Collections.Concurrent;
using Baton.Cluster.Records;
using Baton.Gateway.DataPath;
using Baton.Linux;
using Baton.Redundancy.Records;

namespace Baton.Gateway.Engine;

/// <summary>An SA that was built from its record, or the reason why not. One of the entries is set when it was.</summary>
internal readonly record struct BuiltSa(SaRecord Record, RecordVerdict Verdict, OutboundEntry? Outbound, InboundEntry? Inbound);

/// <summary>Unseals records and sets up their ciphers, beside the data thread: tens of microseconds an SA, which no packet waits for.</summary>
/// <remarks>The data thread gives records and takes what was built; the one thread of this object does the work at the usual priority.</remarks>
internal sealed class SaBuilder : IDisposable
{
    private const int SaidAtOnce = 50;

    private readonly BlockingCollection<SaRecord> _records = [];
    private readonly ConcurrentQueue<BuiltSa> _built = new();
    private readonly RecordSealer _sealer;
    /// <summary>So many SAs are some megabytes of heap, which packets go to at random (decision 32).</summary>
    private const int WorthHugePages = 2_000;

    private readonly PacketPath _path;
    private readonly Action _wake;
    private readonly Thread _thread;

    /// <param name="wake">Said when something was built; any thread.</param>
    /// <param name="failed">Said with the bug that ended the work.</param>
    public SaBuilder(RecordSealer sealer, PacketPath path, Action wake, Action<Exception> failed)
    {
        (_sealer, _path, _wake) = (sealer, path, wake);
        _thread = new Thread(() =>
        {
            try
            {
                Run();
            }
            catch (Exception e)
            {
                failed(e);
            }
        }) { IsBackground = true, Name = "builder" };
    }

    public bool HasBuilt => !_built.IsEmpty;

    public void Start() => _thread.Start();

    public void Build(SaRecord record) => _records.Add(record);

    public bool TryTake(out BuiltSa built) => _built.TryDequeue(out built);

    public void Dispose()
    {
        _records.CompleteAdding();
        if (_thread.IsAlive)
            _thread.Join();
        while (_built.TryDequeue(out BuiltSa built))
        {
            built.Outbound?.Dispose();
            built.Inbound?.Dispose();
        }

        _records.Dispose();
    }

    private void Run()
    {
        (int unsaid, int grown) = (0, 0);
        foreach (SaRecord record in _records.GetConsumingEnumerable())
        {
            _built.Enqueue(Built(record));
            if (_records.Count == 0 || ++unsaid == SaidAtOnce)
            {
                unsaid = 0;
                _wake();
            }

            if (++grown >= WorthHugePages && _records.Count == 0)
            {
                grown = 0;
                HugePages.PutHeapTogether();
            }
        }
    }

    private BuiltSa Built(SaRecord record)
    {
        RecordVerdict verdict = _sealer.Open(record.Sealed.Span, out SaDescription description);
        if (verdict != RecordVerdict.Opened)
            return new BuiltSa(record, verdict, null, null);
        BuiltSa built = record.Direction == SaDirection.Outbound
            ? new BuiltSa(record, verdict, _path.BuildOutbound(record, description), null)
            : new BuiltSa(record, verdict, null, _path.BuildInbound(record, description));
        description.Wipe();
        return built;
    }
}
