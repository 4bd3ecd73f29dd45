using System.Globalization;
using System.Text;
using Baton.Redundancy;
using Baton.Redundancy.Messages;

namespace Baton.Handler.Loop;

/// <summary>Plain counters: written by the loop's thread (and a few by sessions), read by whoever scrapes.</summary>
public sealed class HandlerCounters
{
    private static readonly double[] BucketsSeconds = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5];

    private readonly long[] _verdicts = new long[(int)RequestVerdict.Malformed + 1];
    private readonly long[] _events = new long[Enum.GetValues<RedundancyEventKind>().Length];
    private readonly SortedDictionary<string, long> _requests = new(StringComparer.Ordinal);
    private readonly long[] _commitBuckets = new long[BucketsSeconds.Length + 1];
    private double _commitSeconds;
    private long _commits;
    private long _writes;
    private long _failedCommits;
    private long _refusedConnections;
    private long _malformedFrames;

    /// <summary>Counters kept elsewhere (the witness').</summary>
    public Func<IEnumerable<KeyValuePair<string, ulong>>> More { get; set; } = () => [];

    /// <summary>Of what else this process does.</summary>
    public HandlerCompany? Company { get; set; }

    public void Request(MemberRequest body)
    {
        string name = body.GetType().Name;
        lock (_requests) _requests[name] = _requests.GetValueOrDefault(name) + 1;
    }

    public void Verdict(RequestVerdict verdict) => Interlocked.Increment(ref _verdicts[(int)verdict]);

    public void Event(RedundancyEventKind kind) => Interlocked.Increment(ref _events[(int)kind]);

    public void CommitFailed() => Interlocked.Increment(ref _failedCommits);

    public void RefusedConnection() => Interlocked.Increment(ref _refusedConnections);

    public void MalformedFrame() => Interlocked.Increment(ref _malformedFrames);

    /// <param name="writes">Changes that shared the one transaction.</param>
    public void Committed(int writes, TimeSpan took)
    {
        int bucket = 0;
        while (bucket < BucketsSeconds.Length && took.TotalSeconds > BucketsSeconds[bucket]) bucket++;
        lock (_commitBuckets)
        {
            _commitBuckets[bucket]++;
            _commitSeconds += took.TotalSeconds;
            _commits++;
            _writes += writes;
        }
    }

    /// <summary>By name, for the status report.</summary>
    public IEnumerable<KeyValuePair<string, ulong>> All()
    {
        for (int i = 0; i < _verdicts.Length; i++)
            yield return new("verdict." + (RequestVerdict)i, (ulong)Volatile.Read(ref _verdicts[i]));
        for (int i = 0; i < _events.Length; i++)
            yield return new("event." + (RedundancyEventKind)i, (ulong)Volatile.Read(ref _events[i]));
        yield return new("commits", (ulong)Volatile.Read(ref _commits));
        yield return new("writes", (ulong)Volatile.Read(ref _writes));
        yield return new("commits.failed", (ulong)Volatile.Read(ref _failedCommits));
        yield return new("connections.refused", (ulong)Volatile.Read(ref _refusedConnections));
        yield return new("frames.malformed", (ulong)Volatile.Read(ref _malformedFrames));
        foreach (KeyValuePair<string, ulong> more in More()) yield return more;
        foreach (KeyValuePair<string, ulong> more in Company?.Counters() ?? []) yield return more;
    }

    /// <summary>Prometheus' text exposition format, version 0.0.4.</summary>
    public string Expose(HandlerView view)
    {
        var text = new StringBuilder(4096);
        Gauge("baton_handler_term", "The term of the ledger.", view.Cluster.Term);
        Gauge("baton_handler_revision", "The revision of the ledger.", view.Cluster.Revision);
        Gauge("baton_handler_sas", "SA records, each direction one.", (ulong)view.SaCount);
        Gauge("baton_handler_sessions", "Members with a session.", (ulong)view.Connected.Count);
        Gauge("baton_handler_in_sync", "Members of the in-sync set.", (ulong)view.Cluster.InSync.Length);
        Gauge("baton_handler_storage_ok", "1: the ledger takes writes.", view.Storage == "ok" ? 1UL : 0);

        Head("baton_handler_requests_total", "counter", "Requests of members, by kind.");
        lock (_requests)
        {
            foreach ((string kind, long count) in _requests) Line("baton_handler_requests_total", $"kind=\"{kind}\"", count);
        }

        Head("baton_handler_replies_total", "counter", "Answers to members, by verdict.");
        for (int i = 0; i < _verdicts.Length; i++) Line("baton_handler_replies_total", $"verdict=\"{(RequestVerdict)i}\"", Volatile.Read(ref _verdicts[i]));
        Head("baton_handler_events_total", "counter", "Events of the redundancy core, by kind.");
        for (int i = 0; i < _events.Length; i++) Line("baton_handler_events_total", $"kind=\"{(RedundancyEventKind)i}\"", Volatile.Read(ref _events[i]));
        Counter("baton_handler_commits_failed_total", "Transactions that the disk refused.", Volatile.Read(ref _failedCommits));
        Counter("baton_handler_refused_connections_total", "Connections refused: no TLS, or a certificate that is not believed.", Volatile.Read(ref _refusedConnections));
        Counter("baton_handler_malformed_frames_total", "Frames of a session that meant nothing.", Volatile.Read(ref _malformedFrames));

        Head("baton_handler_heartbeats_total", "counter", "Datagrams at the heartbeat port, by what became of them; late ticks and false suspicions of the witness.");
        foreach ((string name, ulong value) in More()) Line("baton_handler_heartbeats_total", $"what=\"{name}\"", (long)value);

        lock (_commitBuckets)
        {
            Counter("baton_handler_writes_total", "Changes of the ledger; several share one transaction.", _writes);
            Head("baton_handler_commit_seconds", "histogram", "Time of a transaction, with its sync.");
            long sum = 0;
            for (int i = 0; i < BucketsSeconds.Length; i++)
            {
                sum += _commitBuckets[i];
                Line("baton_handler_commit_seconds_bucket", string.Create(CultureInfo.InvariantCulture, $"le=\"{BucketsSeconds[i]}\""), sum);
            }

            Line("baton_handler_commit_seconds_bucket", "le=\"+Inf\"", _commits);
            text.Append(CultureInfo.InvariantCulture, $"baton_handler_commit_seconds_sum {_commitSeconds:R}\nbaton_handler_commit_seconds_count {_commits}\n");
        }

        foreach ((string name, ulong value) in Company?.Counters() ?? [])
            text.Append(CultureInfo.InvariantCulture, $"baton_{Company!.Role}_{name.Replace('.', '_').Replace('-', '_')} {value}\n");
        return text.ToString();

        void Head(string name, string type, string help) => text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");

        void Line(string name, string label, long value) => text.Append(CultureInfo.InvariantCulture, $"{name}{{{label}}} {value}\n");

        void Gauge(string name, string help, ulong value)
        {
            Head(name, "gauge", help);
            text.Append(CultureInfo.InvariantCulture, $"{name} {value}\n");
        }

        void Counter(string name, string help, long value)
        {
            Head(name, "counter", help);
            text.Append(CultureInfo.InvariantCulture, $"{name} {value}\n");
        }
    }
}
