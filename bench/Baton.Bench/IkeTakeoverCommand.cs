using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Gateway.Engine;
using Baton.Gateway.Ike;
using Baton.Ike;
using Baton.Linux;
using Baton.Redundancy.Members;
using Baton.Redundancy.Records;
using Microsoft.Extensions.Logging.Abstractions;

namespace Baton.Bench;

/// <summary>A takeover with many IKE SAs: how long until a peer's request is answered, and what the threads of the successor do meanwhile.</summary>
/// <remarks>
/// The engine of a real member in this process, with its sockets on loopback and no handler: records and promotion come as the handler would tell them. One request
/// (a sign of life, for the IKE SA whose record came last) is sent every 0.2 ms until it is answered. Both threads are asked for a word all the time: the longest wait
/// for it is what a datagram may have to wait.
/// </remarks>
internal static class IkeTakeoverCommand
{
    private const string Name = "b";
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(5);

    /// <param name="args">How many IKE SAs, each with one pair of child SAs; 100, 2,000 and 10,000.</param>
    public static int Run(string[] args)
    {
        int[] counts = args.Length > 0 ? [.. args.Select(each => int.Parse(each, CultureInfo.InvariantCulture))] : [100, 2_000, 10_000];
        Measure(50, print: false);                                      // warm
        Console.WriteLine("IKE SAs   answered ms   all here ms   IKE thread: longest ms   data thread: longest ms   bytes an IKE SA: followed   in work");
        foreach (int count in counts)
            Measure(count, print: true);
        return 0;
    }

    private static void Measure(int count, bool print)
    {
        var outer = new IPEndPoint(IPAddress.Loopback, FreePort());
        var pair = new IkePair(count, outer);
        using ClusterKeys keys = ClusterKeys.Of(1, RandomNumberGenerator.GetBytes(32));
        using var sealer = new RecordSealer(keys);
        LedgerChange records = Records(pair, count, sealer);
        ReadOnlyMemory<byte> request = pair.Probe($"c{count - 1}");

        using var engine = new GatewayEngine(OptionsOf(outer, pair.Gateway), keys, new Incarnation(Name, 2), NullLogger.Instance);
        engine.UseIke();
        engine.Start();
        engine.Post(new MemberInput.HandlerConnected());
        long empty = GC.GetTotalMemory(forceFullCollection: true);
        engine.Post(new MemberInput.Changed(records));
        WaitUntil(() => Ask(engine, e => e.Core.Cluster is not null && e.RecordsToBuild == 0));
        WaitUntil(() => Ask(engine.Ike!.Runner, runner => runner.Endpoint.Asleep == count));
        long followed = GC.GetTotalMemory(forceFullCollection: true);

        using var threads = new Threads(engine);
        long started = Stopwatch.GetTimestamp();
        ClusterRecord promoted = records.Cluster with { Revision = records.Cluster.Revision + 1, Term = 2, Holder = engine.Self, HolderWasInSync = true };
        engine.Post(new MemberInput.Changed(new LedgerChange(false, promoted, [], [])));
        double answered = AnswerTo(request, outer, started);
        WaitUntil(() => Ask(engine.Ike!.Runner, runner => runner.Endpoint.Established.Count() == count));
        double all = Milliseconds(started);
        (double ike, double data) = threads.Longest();
        long working = GC.GetTotalMemory(forceFullCollection: true);
        engine.RequestStop();
        engine.Ended.Task.GetAwaiter().GetResult();
        if (print)
            Console.WriteLine($"{count,7}   {answered,11:F2}   {all,11:F1}   {ike,22:F2}   {data,23:F2}   {(followed - empty) / count,26}   {(working - empty) / count,7}");
    }

    /// <summary>What the handler would have of them.</summary>
    private static LedgerChange Records(IkePair pair, int count, RecordSealer sealer)
    {
        var states = new Dictionary<IkeId, IkeRecord>();
        var sas = new List<SaRecord>();
        var sizes = new RedundancyOptions();
        pair.Committed = commit =>
        {
            foreach (IkeSaChange change in commit.Changes.Where(each => !each.IsDeleted))
            {
                var id = new IkeId(change.Id.Value);
                ulong version = states.TryGetValue(id, out IkeRecord? before) ? before.Version + 1 : 1;
                states[id] = new IkeRecord(id, version, sealer.KeyTag(id, iv: false), sealer.SealIke(id, version, change.Snapshot!.Value.Span));
                if (before is null)
                    sas.Add(IvPools.NewRecord(id, sealer));
            }

            foreach (ChildSaPair child in commit.Created)
            {
                (SaDescription outbound, SaDescription inbound) = ChildRecords.Describe(child, 0, 0, swap: false);
                sas.Add(ChildRecords.NewRecord(SaDirection.Outbound, outbound, sealer, sizes));
                sas.Add(ChildRecords.NewRecord(SaDirection.Inbound, inbound, sealer, sizes));
            }
        };
        pair.SetUp(0, count);
        var cluster = new ClusterRecord(Guid.NewGuid(), 1, 1, new Incarnation("a", 1), true, new Incarnation(Name, 2), 0, [new Incarnation(Name, 2)], null);
        return new LedgerChange(true, cluster, [.. sas.Select((sa, i) => sa with { Id = new SaId((ulong)i + 1), LimitTerm = 1, Limit = sa.LastAuthenticated + 100 })], []) { IkeUpserts = [.. states.Values] };
    }

    private static NodeOptions OptionsOf(IPEndPoint outer, Connection connection)
    {
        var any = new IPEndPoint(IPAddress.Loopback, 0);
        return new NodeOptions
        {
            File = "", Name = Name, Role = NodeRole.Gateway,
            Cluster = new ClusterOptions("bench", null, [new MemberAddress("a", any, any, null, null), new MemberAddress(Name, any, any, null, null)], [], []),
            Outer = new OuterOptions(outer, ViaRouter: false, Remote: null), Inner = new InnerOptions(any, []),
            Ike = IkeOptions.None with { Connections = [connection], Starts = new Dictionary<string, ConnectionStart> { [connection.Name] = default }, Policy = new IkeEndpointPolicy { Connections = [connection] } },
        };
    }

    private static double AnswerTo(ReadOnlyMemory<byte> request, IPEndPoint outer, long started)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(outer);
        byte[] marked = [0, 0, 0, 0, .. request.Span], answer = new byte[2_000];
        for (double at = 0; at < Settle.TotalMilliseconds; at = Milliseconds(started))
        {
            socket.Send(marked);
            if (socket.Poll(200, SelectMode.SelectRead) && socket.Receive(answer) > 0)
                return Milliseconds(started);
        }

        throw new TimeoutException("no answer");
    }

    private static double Milliseconds(long since) => Stopwatch.GetElapsedTime(since).TotalMilliseconds;

    private static void WaitUntil(Func<bool> isSo)
    {
        for (long started = Stopwatch.GetTimestamp(); !isSo(); Thread.Sleep(1))
        {
            if (Stopwatch.GetElapsedTime(started) > Settle * 12)
                throw new TimeoutException("it did not come to that");
        }
    }

    private static T Ask<T>(GatewayEngine engine, Func<GatewayEngine, T> question)
    {
        var answer = new TaskCompletionSource<T>();
        engine.Post(e => answer.SetResult(question(e)));
        return answer.Task.GetAwaiter().GetResult();
    }

    private static T Ask<T>(IkeRunner runner, Func<IkeRunner, T> question)
    {
        var answer = new TaskCompletionSource<T>();
        runner.Post(() => answer.SetResult(question(runner)));
        return answer.Task.GetAwaiter().GetResult();
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>Asks both threads for a word, each as soon as the last one was given.</summary>
    private sealed class Threads : IDisposable
    {
        private readonly long[] _longest = new long[2];
        private volatile bool _stop;

        public Threads(GatewayEngine engine)
        {
            Next(0, word => engine.Ike!.Runner.Post(word));
            Next(1, word => engine.Post(_ => word()));
        }

        public (double Ike, double Data) Longest()
        {
            _stop = true;
            return (Milliseconds(0), Milliseconds(1));
            double Milliseconds(int which) => Volatile.Read(ref _longest[which]) * 1e3 / Stopwatch.Frequency;
        }

        public void Dispose() => _stop = true;

        private void Next(int which, Action<Action> ask)
        {
            long asked = Stopwatch.GetTimestamp();
            ask(() =>
            {
                _longest[which] = Math.Max(_longest[which], Stopwatch.GetTimestamp() - asked);
                if (!_stop)
                    _ = Task.Delay(1).ContinueWith(_ => Next(which, ask), TaskScheduler.Default);
            });
        }
    }
}
