using System.Diagnostics;
using System.Net;
using Baton.Crypto;
using Baton.Crypto.Ike;
using Baton.Crypto.Ike.Groups;
using Baton.Ike;
using Baton.Ike.Authentication;
using Baton.Ike.Payloads;
using Baton.Wire;

namespace Baton.Bench;

/// <summary>IKE SAs with a child set up between two cores in one thread, without sockets: how many a second, and whether the next one costs what the first did.</summary>
/// <remarks>Both ends are in the figure; the responder commits each step and is told at once. X25519, AES-256-GCM, shared key.</remarks>
internal static class IkeSetUpCommand
{
    private const int Together = 16;

    private static readonly int[] Steps = [500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000];

    /// <param name="args">How many SAs; 10,000.</param>
    public static int Run(string[] args)
    {
        int most = args is [string asked] ? int.Parse(asked) : 10_000;
        var pair = new Pair(most);
        pair.SetUp(0, 100);                                             // warm
        Console.WriteLine("    SAs   set-ups/s   rekeys of a child/s   bytes of both ends an SA");
        foreach (int upTo in Steps.Where(count => count <= most))
        {
            int before = pair.Count;
            long started = Stopwatch.GetTimestamp();
            pair.SetUp(before, upTo);
            double setUps = (upTo - before) / Stopwatch.GetElapsedTime(started).TotalSeconds;
            started = Stopwatch.GetTimestamp();
            int rekeys = pair.RekeyChildren(500);
            double rate = rekeys / Stopwatch.GetElapsedTime(started).TotalSeconds;
            Console.WriteLine($"{upTo,7}   {setUps,9:F0}   {rate,19:F0}   {GC.GetTotalMemory(forceFullCollection: true) / upTo,8}");
        }

        return 0;
    }

    private sealed class Pair
    {
        private readonly IkeEndpoint _left, _right;
        private readonly Queue<(IkeEndpoint To, IkeInput.Datagram Datagram)> _wire = new();
        private readonly List<ChildSaId> _children = [];
        private Instant _now = Instant.FromMilliseconds(1);

        public Pair(int most)
        {
            var key = new PresharedKey(new SecretBytes("a key for the benchmark"u8));
            var right = new IPEndPoint(IPAddress.Parse("192.0.2.1"), 4500);
            TrafficSelector all = new(0, 0, 65535, IPAddress.Any, IPAddress.Broadcast);
            Connection gateway = new("peers", new ConnectionCredentials(Identity.Fqdn("gateway"), key, null, key)) { Children = [new ChildPolicy("net") { Local = [all], Remote = [all] }] };
            Connection[] peers =
            [
                .. Enumerable.Range(0, most).Select(i => new Connection($"c{i}", new ConnectionCredentials(Identity.Fqdn($"peer{i}"), key, Identity.Fqdn("gateway"), key))
                {
                    Local = new IPEndPoint(new IPAddress([10, (byte)(i >> 16), (byte)(i >> 8), (byte)i]), 4500), Remote = right, Children = [new ChildPolicy("net") { Local = [all], Remote = [all] }],
                }),
            ];
            _left = Make(new IkeEndpointPolicy { Connections = peers, Replicated = false });
            _right = Make(new IkeEndpointPolicy { Connections = [gateway] });
            Step(_right, new IkeInput.Restore([]));
        }

        public int Count { get; private set; }

        public void SetUp(int from, int to)
        {
            for (int i = from; i < to; i += Together)
            {
                for (int j = i; j < Math.Min(to, i + Together); j++)
                    Step(_left, new IkeInput.Initiate($"c{j}"));
                Deliver();
                _now += TimeSpan.FromMilliseconds(0.2);
            }

            Count = to;
            if (_right.ChildSas < to)
                throw new InvalidOperationException($"{_right.ChildSas} of {to} are up");
        }

        public int RekeyChildren(int count)
        {
            int done = 0;
            foreach (ChildSaId child in _children.TakeLast(Count).Where((_, i) => i % Math.Max(1, Count / count) == 0).ToArray())
            {
                Step(_left, new IkeInput.RekeyChild(child));
                Deliver();
                done++;
            }

            return done;
        }

        private static IkeEndpoint Make(IkeEndpointPolicy policy) =>
            new(policy with { Flood = new FloodPolicy { CookiesFrom = 10_000 } }, SystemRandomSource.Instance, new KeyExchangeFactory(SystemRandomSource.Instance), new CountingIvSources());

        private void Deliver()
        {
            while (_wire.TryDequeue(out (IkeEndpoint To, IkeInput.Datagram Datagram) next))
                Step(next.To, next.Datagram);
        }

        private void Step(IkeEndpoint side, IkeInput input)
        {
            var outputs = new List<IkeOutput>();
            side.Step(input, _now, outputs);
            foreach (IkeOutput output in outputs)
            {
                if (output is IkeOutput.Commit commit)
                    Step(side, new IkeInput.Committed(commit.CommitId));
                else if (output is IkeOutput.Send send)
                    _wire.Enqueue((side == _left ? _right : _left, new IkeInput.Datagram(send.Remote, send.Local, send.Message)));
                else if (output is IkeOutput.ChildUp up && side == _left)
                    _children.Add(up.Child.Id);
            }
        }
    }
}
