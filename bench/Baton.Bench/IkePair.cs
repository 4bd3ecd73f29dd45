using System.Net;
using Baton.Crypto;
using Baton.Crypto.Ike;
using Baton.Crypto.Ike.Groups;
using Baton.Ike;
using Baton.Ike.Authentication;
using Baton.Ike.Payloads;
using Baton.Wire;

namespace Baton.Bench;

/// <summary>Many peers (left) and one gateway (right), two cores in one thread: datagrams and commits arrive at once.</summary>
internal sealed class IkePair
{
    private const int Together = 16;

    private readonly IkeEndpoint _left, _right;
    private readonly Queue<(IkeEndpoint To, IkeInput.Datagram Datagram)> _wire = new();
    private readonly List<ChildSaId> _children = [];
    private Instant _now = Instant.FromMilliseconds(1);

    /// <param name="right">Where the gateway is.</param>
    public IkePair(int most, IPEndPoint right)
    {
        var key = new PresharedKey(new SecretBytes("a key for the benchmark"u8));
        TrafficSelector all = new(0, 0, 65535, IPAddress.Any, IPAddress.Broadcast);
        Gateway = new("peers", new ConnectionCredentials(Identity.Fqdn("gateway"), key, null, key)) { Children = [new ChildPolicy("net") { Local = [all], Remote = [all] }] };
        Connection[] peers =
        [
            .. Enumerable.Range(0, most).Select(i => new Connection($"c{i}", new ConnectionCredentials(Identity.Fqdn($"peer{i}"), key, Identity.Fqdn("gateway"), key))
            {
                Local = new IPEndPoint(new IPAddress([10, (byte)(i >> 16), (byte)(i >> 8), (byte)i]), 4500), Remote = right, Children = [new ChildPolicy("net") { Local = [all], Remote = [all] }],
            }),
        ];
        _left = Make(new IkeEndpointPolicy { Connections = peers, Replicated = false });
        _right = Make(new IkeEndpointPolicy { Connections = [Gateway] });
        Step(_right, new IkeInput.Restore([]));
    }

    public int Count { get; private set; }

    /// <summary>What the gateway is configured with.</summary>
    public Connection Gateway { get; }

    /// <summary>Sees what the gateway commits.</summary>
    public Action<IkeOutput.Commit>? Committed { get; set; }

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

    /// <summary>A sign of life that a peer asks for and nobody has answered.</summary>
    public ReadOnlyMemory<byte> Probe(string connection)
    {
        IkeSaId sa = _left.Established.First(each => each.Connection == connection).Id;
        Step(_left, new IkeInput.Probe(sa));
        return _wire.Dequeue().Datagram.Message;
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
            {
                Committed?.Invoke(commit);
                Step(side, new IkeInput.Committed(commit.CommitId));
            }
            else if (output is IkeOutput.Send send)
                _wire.Enqueue((side == _left ? _right : _left, new IkeInput.Datagram(send.Remote, send.Local, send.Message)));
            else if (output is IkeOutput.ChildUp up && side == _left)
                _children.Add(up.Child.Id);
        }
    }
}
