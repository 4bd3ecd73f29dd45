using System.Net;
using System.Text;
using Baton.Wire;

namespace Baton.Ike.Tests.Harness;

/// <summary>Two sites, a network and a clock, in one thread from one seed.</summary>
internal sealed class Lab
{
    private readonly PriorityQueue<Action, (long, long)> _events = new();
    private readonly StringBuilder _trace = new();
    private long _order;
    private int _happened;

    public Lab(ulong seed, bool leftReplicated = false, bool rightReplicated = true)
    {
        Seed = seed;
        Random = new SeededRandom(seed);
        Left = new Site(this, "left", IPAddress.Parse("192.0.2.1"), leftReplicated);
        Right = new Site(this, "right", IPAddress.Parse("192.0.2.2"), rightReplicated);
        Observer = new Observer(this);
    }

    public ulong Seed { get; }

    public SeededRandom Random { get; }

    public Instant Now { get; private set; }

    public Site Left { get; }

    public Site Right { get; }

    public Observer Observer { get; }

    public double Loss { get; set; }

    public double Duplication { get; set; }

    public (double Minimum, double Maximum) DelayMilliseconds { get; set; } = (5, 5);

    public (double Minimum, double Maximum) CommitMilliseconds { get; set; } = (1, 1);

    /// <summary>Rewrites the source of what leaves (a NAT), or drops it (null). The site's own address otherwise.</summary>
    public Func<IPEndPoint, IPEndPoint, IPEndPoint?> SourceOf { get; set; } = (local, _) => local;

    /// <summary>The other way: where a datagram for this address really goes.</summary>
    public Func<IPEndPoint, IPEndPoint> DestinationOf { get; set; } = remote => remote;

    /// <summary>Sees every datagram before the network does; false drops it.</summary>
    public Func<IkeHost, IkeOutput.Send, bool> Passes { get; set; } = (_, _) => true;

    public int Datagrams { get; private set; }

    /// <summary>So much may happen, and no more: two ends that keep each other at it would never let a test come to its end.</summary>
    public int MostEvents { get; set; } = int.MaxValue;

    public string TraceText => _trace.ToString();

    public static readonly IkeEndpointPolicy QuickPolicy = new()
    {
        Retransmit = new RetransmitPolicy { First = TimeSpan.FromMilliseconds(200), Attempts = 14, Longest = TimeSpan.FromSeconds(4) },
    };

    public TimeSpan CommitTime() => Random.Between(CommitMilliseconds.Minimum, CommitMilliseconds.Maximum);

    public void At(Instant at, Action action) => _events.Enqueue(action, (at.Nanoseconds, _order++));

    public void After(double milliseconds, Action action) => At(Now + TimeSpan.FromMilliseconds(milliseconds), action);

    public void Start()
    {
        Right.Start();
        Left.Start();
    }

    /// <summary>Until that instant, or until nothing is left to happen.</summary>
    public void RunUntil(Instant end)
    {
        while (_events.TryPeek(out _, out (long At, long) next) && next.At <= end.Nanoseconds) RunOne();
        Now = Instant.Max(Now, end);
    }

    public void Run(double milliseconds) => RunUntil(Now + TimeSpan.FromMilliseconds(milliseconds));

    /// <summary>Until it is so; at most that long.</summary>
    public void Await(Func<bool> isSo, double milliseconds, string what)
    {
        Instant end = Now + TimeSpan.FromMilliseconds(milliseconds);
        while (!isSo())
        {
            if (!_events.TryPeek(out _, out (long At, long) next) || next.At > end.Nanoseconds) Assert.Fail($"seed {Seed}: not in {milliseconds} ms: {what}\n{Tail()}");
            RunOne();
        }
    }

    public void Send(IkeHost from, IkeOutput.Send send)
    {
        Datagrams++;
        Observer.Sent(from, send);
        if (!Passes(from, send)) return;
        int copies = Random.Chance(Loss) ? 0 : Random.Chance(Duplication) ? 2 : 1;
        for (int i = 0; i < copies; i++) At(Now + Random.Between(DelayMilliseconds.Minimum, DelayMilliseconds.Maximum), () => Deliver(send));
    }

    public void Trace(IkeHost host, IkeOutput output)
    {
        if (output is IkeOutput.Note { Event: { } note }) Log($"{host.Name} {note.Kind} {note.Detail}");
        else if (output is not (IkeOutput.Send or IkeOutput.Commit)) Log($"{host.Name} {Text(output)}");
    }

    private static string Text(IkeOutput output) => output switch
    {
        IkeOutput.ChildUp { Child: var child } => $"ChildUp {child.InboundSpi:x8}/{child.OutboundSpi:x8}{(child.WeInitiated ? " ours" : "")}{(child.Replaces is { } old ? $" for {old}" : "")} {child.Id}",
        IkeOutput.ChildDown down => $"ChildDown {down.Child} {down.Reason}",
        IkeOutput.UseOutbound use => $"UseOutbound {use.Child}",
        IkeOutput.IkeSaReplaced replaced => $"IkeSaReplaced {replaced.Old} by {replaced.Successor.Id}",
        IkeOutput.IkeSaDown down => $"IkeSaDown {down.Sa} {down.Reason}",
        _ => output.GetType().Name,
    };

    public void Log(string line) => _trace.Append(Now).Append(' ').AppendLine(line);

    public string Tail()
    {
        string[] lines = _trace.ToString().Split('\n');
        return string.Join('\n', lines.TakeLast(400)) + $"\nreplay: BATON_IKE_SEED={Seed} dotnet run -c Release --project tests/Baton.Ike.Tests -- --filter-class '*OneSeed*'";
    }

    /// <summary>The next thing that happens; false: nothing does.</summary>
    public bool Step()
    {
        if (_events.Count == 0) return false;
        RunOne();
        return true;
    }

    private void RunOne()
    {
        if (++_happened > MostEvents) Assert.Fail($"seed {Seed}: more than {MostEvents} events until {Now}: it does not come to rest\n{Tail()}");
        _events.TryDequeue(out Action? action, out (long At, long) when);
        Now = new Instant(Math.Max(Now.Nanoseconds, when.At));
        action!();
    }

    private void Deliver(IkeOutput.Send send)
    {
        IPEndPoint? source = SourceOf(send.Local, send.Remote);
        if (source is null) return;
        IPEndPoint destination = DestinationOf(send.Remote);
        Site? to = destination.Address.Equals(Left.Address) ? Left : destination.Address.Equals(Right.Address) ? Right : null;
        to?.Active.Step(new IkeInput.Datagram(destination, source, send.Message.ToArray()));
    }
}
