using Baton.Crypto;
using Baton.Cluster.Session;
using Baton.Crypto.Frames;
using Baton.Cluster.Sync;
using Baton.Esp;
using Baton.Gateway.DataPath;
using Baton.Gateway.Ike;
using Baton.Linux;
using Baton.Redundancy;
using Baton.Redundancy.Members;
using Baton.Redundancy.Records;
using Baton.Wire;
using P = Baton.Cluster.Protos;

namespace Baton.Gateway.Engine;

/// <summary>What this member says of itself. Read from the engine's fields by other threads: a figure may be a turn old.</summary>
internal sealed partial class GatewayEngine
{
    private readonly Instant _startedAt = MonotonicClock.Now;
    private SaReport? _sas;

    /// <summary>A report: how we are and, if asked for, a page of SAs and of IKE SAs.</summary>
    public async Task<P.NodeStatus> StatusAsync(P.StatusRequest asked)
    {
        var status = new P.NodeStatus();
        await OnEngine(() => FillSummary(status));
        if (Ike is not null)
            await IkeDesk.FillAsync(status, Ike.Runner, asked);
        await (_sas ??= new SaReport(Path, OnEngine)).FillAsync(status, asked, Ike?.Runner);
        return status;
    }

    public async Task<P.IkeReply> IkeCommandAsync(P.IkeCommand command)
    {
        if (Ike is null)
            return new P.IkeReply { Detail = "the SAs of this gateway are keyed by its configuration" };
        if (!Core.IsActive)
            return new P.IkeReply { Detail = $"{Self.Member} stands by: ask the active" };
        return await IkeDesk.CommandAsync(Ike.Runner, command, PairsOf);
    }

    private async Task<IReadOnlyList<ulong>> PairsOf(string name)
    {
        IReadOnlyList<ulong> pairs = [];
        await OnEngine(() => pairs = Path.PairsOf(name));
        return pairs;
    }

    private Task<Task> OnEngine(Action action)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(_ =>
        {
            action();
            done.SetResult();
        });
        return Task.WhenAny(done.Task, Ended.Task);
    }

    private void FillSummary(P.NodeStatus status)
    {
        status.Name = Self.Member;
        status.Role = Beside is null ? "gateway" : "media";
        status.Pid = Environment.ProcessId;
        status.UptimeMs = (ulong)(MonotonicClock.Now - _startedAt).TotalMilliseconds;
        status.Ciphers = CipherProvider.Description;
        status.Offloads = Path.Offloads;
        status.Incarnation = Mapping.ToWire(Self);
        status.State = Core.State.ToString().ToLowerInvariant();
        status.Term = Core.Term;
        if (Core.Cluster is { } copy)
            status.Copy = Mapping.ToWire(copy);
        status.HandlerConnected = Core.HasHandler;
        status.RealTime = NoRealTime is null;
        status.SaCount = (uint)(Carried + _building.Count + (Beside?.ToBuild ?? 0) + _unusable.Count);
        string? why = NotReadyWhy();
        status.SaReady = why is null ? (uint)Carried : 0;
        status.NotReadyWhy = why ?? (_building.Count > 0 ? "records are still being taken over" : _unusable.Count > 0 ? _unusable.First().Value : "");
        status.MeasuredUnixMs = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        if (NoRealTime is not null)
            status.Warnings.Add(NoRealTime);
        foreach ((string name, ulong value) in Counters())
            status.Counters[name] = value;
        WarnOfLeases(status);
    }

    private int Carried => Path.OutboundSas.Count + Path.InboundSas.Count + (Beside?.Sas ?? 0);

    /// <summary>The early warning: leases and ceilings that nobody extends end, and then this member stops sending (P1) and accepting (P3).</summary>
    private void WarnOfLeases(P.NodeStatus status)
    {
        (uint low, uint ended) = (0, 0);
        (uint ceilingsLow, uint ceilingsEnded) = (0, 0);
        if (_active)
        {
            foreach (InboundEntry entry in Path.InboundSas.Values)
            {
                if (entry.Ceiling is { HasEnded: true })
                    ceilingsEnded++;
                else if (entry.Ceiling is { RunsLow: true })
                    ceilingsLow++;
            }

            foreach (OutboundEntry entry in Path.OutboundSas.Values)
            {
                if (entry.Lease is { HasEnded: true })
                    ended++;
                else if (entry.Lease is { RunsLow: true })
                    low++;
            }
        }

        status.Counters["leases.low"] = low;
        status.Counters["leases.ended"] = ended;
        string why = Core.HasHandler ? "" : " (the handler cannot be reached)";
        if (ended > 0)
            status.Warnings.Add($"leases at their end, whose SAs send nothing: {ended}{why}");
        status.Counters["ceilings.low"] = ceilingsLow;
        status.Counters["ceilings.ended"] = ceilingsEnded;
        if (ceilingsEnded > 0)
            status.Warnings.Add($"ceilings at their end, whose SAs accept nothing new: {ceilingsEnded}{why}");
        if (ceilingsLow > 0)
            status.Warnings.Add($"ceilings with less than a quarter left: {ceilingsLow}{why}");
        if (low > 0)
            status.Warnings.Add($"leases with less than a quarter left: {low}{why}");
        else if (_active && !Core.HasHandler)
            status.Warnings.Add("the handler cannot be reached: leases are not extended");
    }

    /// <summary>Would this member work if the active died now?</summary>
    private string? NotReadyWhy()
    {
        ClusterRecord? copy = Core.Cluster;
        if (copy is null)
            return "no copy of the records yet";
        if (_active)
            return null;
        if (!Core.HasHandler)
            return "the handler cannot be reached: the copy may be old";
        if (!copy.InSync.Contains(Self))
            return "not in the in-sync set: it would start from the coarse ceilings";
        if (copy.Designee != Self)
            return "not the designated successor";
        return null;
    }

    /// <summary>Counters of what stands beside the engine.</summary>
    public Func<IEnumerable<(string Name, ulong Value)>> MoreCounters { get; set; } = () => [];

    /// <summary>Every named counter of this member: names are API.</summary>
    private IEnumerable<(string Name, ulong Value)> Counters()
    {
        foreach (EspVerdict verdict in Enum.GetValues<EspVerdict>())
            yield return ("esp." + CounterName.Of(verdict.ToString()), (ulong)Path.Counters[verdict]);
        yield return ("esp.sealed", (ulong)Path.SealedPackets);
        yield return ("ike.sent", (ulong)Path.IkeSent);
        if (Ike is not null)
        {
            foreach ((string, ulong) counter in IkeDesk.Counters(Ike.Runner))
                yield return counter;
        }

        foreach (RedundancyEventKind kind in Enum.GetValues<RedundancyEventKind>())
            yield return ("redundancy." + CounterName.Of(kind.ToString()), (ulong)Count(kind));
        foreach (FrameVerdict verdict in Enum.GetValues<FrameVerdict>())
        {
            yield return ("sync.frame." + CounterName.Of(verdict.ToString()), (ulong)SyncRefused(verdict));
            yield return ("heartbeat.frame." + CounterName.Of(verdict.ToString()), (ulong)_listener.Refused(verdict));
        }

        foreach (SyncVerdict verdict in Enum.GetValues<SyncVerdict>())
            yield return ("sync." + CounterName.Of(verdict.ToString()), (ulong)SyncCount(verdict));
        MemberCounters core = Core.Counters;
        yield return ("sync.messages-sent", (ulong)SyncMessagesSent);
        yield return ("sync.bytes-sent", (ulong)SyncBytesSent);
        yield return ("sync.repeats", (ulong)core.Repeats);
        yield return ("sync.handover-overflow", (ulong)HandoverOverflow);
        yield return ("handler.messages-sent", (ulong)HandlerMessagesSent);
        yield return ("core.steps", (ulong)core.Steps);
        yield return ("core.terms-worked", (ulong)core.TermsWorked);
        yield return ("engine.turns", (ulong)Turns);
        foreach ((string name, ulong value) in Meter.Counters())
            yield return (name, value);
        yield return ("engine.ticks", (ulong)((MonotonicClock.Now - _startedAt) / (_options.Redundancy.CeilingTick ?? new MemberPolicy().CeilingTick)));
        yield return ("held.now", (ulong)Path.HeldCount);
        yield return ("held.deletes-put-off", (ulong)(Ike is null ? 0 : _commits.PutOff));
        yield return ("held.packets", (ulong)Path.HoldTimes.Total);
        yield return ("held.p50-us", (ulong)Path.HoldTimes.Percentile(0.5));
        yield return ("held.p99-us", (ulong)Path.HoldTimes.Percentile(0.99));
        yield return ("socket.outer-send-drops", (ulong)Path.Outer.SendDrops);
        yield return ("socket.inner-send-drops", (ulong)Path.Inner.Drops);
        yield return ("socket.truncated", (ulong)(Path.Outer.Truncated + Path.Inner.Refused + _sync.Truncated));
        yield return ("endpoints.told", (ulong)EndpointsTold);
        yield return ("endpoints.heard", (ulong)EndpointsHeard);
        yield return ("nat.keepalives-sent", (ulong)Path.KeepalivesSent);
        foreach ((string name, ulong value) in Path.OffloadCounters())
            yield return (name, value);
        yield return ("mtu.fragmented", (ulong)Path.FragmentedPackets);
        yield return ("mtu.too-big-answers", (ulong)Path.TooBigAnswers);
        yield return ("mtu.too-big-suppressed", (ulong)Path.TooBigSuppressed);
        yield return ("mtu.path-news", (ulong)Path.PathNews);
        yield return ("mtu.path-news-refused", (ulong)Path.PathNewsRefused);
        yield return ("mtu.paths-learned", (ulong)Path.PathsLearned);
        yield return ("witness.suspicions", (ulong)Suspicions);
        yield return ("witness.death-notices", (ulong)DeathNotices);
        yield return ("witness.false-suspicions", (ulong)_listener.Detector.FalseSuspicions);
        yield return ("witness.times-late", (ulong)_listener.Detector.TimesLate);
        yield return ("witness.earlier-lives", (ulong)_listener.Detector.EarlierLives);
        yield return ("witness.malformed", (ulong)_listener.Malformed);
        yield return ("records.to-build", (ulong)_building.Count);
        yield return ("process.resident-bytes", (ulong)Environment.WorkingSet);
        GCMemoryInfo heap = GC.GetGCMemoryInfo();
        yield return ("process.managed-bytes", (ulong)(heap.HeapSizeBytes - heap.FragmentedBytes));
        yield return ("process.managed-committed-bytes", (ulong)heap.TotalCommittedBytes);
        foreach ((string Name, ulong Value) more in MoreCounters())
            yield return more;
        foreach ((string Name, ulong Value) more in Beside?.Counters() ?? [])
            yield return more;
        if (Sentinel is { } sentinel)
        {
            yield return ("sentinel.restarts", (ulong)sentinel.Restarts);
            yield return ("sentinel.hangs", (ulong)sentinel.Hangs);
            yield return ("sentinel.frames-sent", (ulong)sentinel.FramesSent);
            yield return ("sentinel.worst-lateness-us", (ulong)sentinel.WorstLateness.TotalMicroseconds);
            yield return ("sentinel.real-time", sentinel.HasRealTime ? 1UL : 0UL);
            yield return ("sentinel.pid", (ulong)sentinel.ProcessId);
        }
    }
}

/// <summary>Counter names as operators type them: BadIcv is bad-icv.</summary>
public static class CounterName
{
    public static string Of(string pascal) =>
        string.Concat(pascal.Select((c, i) => char.IsUpper(c) && i > 0 ? "-" + char.ToLowerInvariant(c) : char.ToLowerInvariant(c).ToString()));
}
