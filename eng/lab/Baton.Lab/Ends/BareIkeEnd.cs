using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Baton.Crypto.Ike;
using Baton.Crypto.Ike.Groups;
using Baton.Ike;
using Baton.Lab.Hosts;
using Baton.Lab.Processes;
using Baton.Linux;
using Baton.Wire;

namespace Baton.Lab.Ends;

/// <summary>Baton's IKE core alone, over two sockets of a host: no data path, no cluster. For what needs neither.</summary>
internal sealed class BareIkeEnd : IEnd, IDisposable
{
    public const string Connection = "lab";

    private const int IkePort = 500;
    private const int NatPort = 4500;
    private const byte Informational = 37;
    private const byte ResponseFlag = 0x20;

    private readonly Wait _wait;
    private readonly IkeEndpoint _endpoint;
    private readonly BlockingCollection<IkeInput> _inputs = [];
    private readonly Socket[] _sockets;
    private readonly Thread[] _threads;
    private readonly List<string> _log = [];
    private volatile IReadOnlyList<IkeView> _view = [];
    private readonly Dictionary<ChildSaId, ChildSaPair> _children = [];
    private volatile Exception? _crashed;
    private bool _stopping;
    private long _answers;                                      // INFORMATIONAL responses that came

    public BareIkeEnd(Host host, IPAddress address, IkeEndpointPolicy policy, Wait wait)
    {
        _wait = wait;
        _endpoint = new IkeEndpoint(policy, SystemRandomSource.Instance, KeyExchangeFactory.System, new CountingIvSources());
        _sockets = [Open(host, new IPEndPoint(address, IkePort)), Open(host, new IPEndPoint(address, NatPort))];
        _threads = [new Thread(Work), .. _sockets.Select(socket => new Thread(() => Receive(socket)))];
        foreach (Thread thread in _threads)
        {
            thread.IsBackground = true;
            thread.Start();
        }

        Tell(new IkeInput.WallClock(DateTimeOffset.UtcNow));
    }

    public void Tell(IkeInput input) => _inputs.Add(input);

    public void Initiate() => Tell(new IkeInput.Initiate(Connection));

    public void RekeyChild() => Tell(new IkeInput.RekeyChild(NewestChild().Id));

    public void RekeyIke() => Tell(new IkeInput.RekeyIke(NewestChild().Sa));

    public void Probe()
    {
        long before = Interlocked.Read(ref _answers);
        Tell(new IkeInput.Probe(NewestChild().Sa));
        _wait.Until("the peer has given a sign of life", TimeSpan.FromSeconds(10), () => Interlocked.Read(ref _answers) > before, LastWords);
    }

    public void DeleteChild() => Tell(new IkeInput.DeleteChild(NewestChild().Id));

    public void DeleteIke() => Tell(new IkeInput.DeleteIke(NewestChild().Sa));

    /// <summary>It is made anew for each tunnel.</summary>
    public void Forget()
    {
        Dispose();
        _view = [];
    }

    public IReadOnlyList<IkeView> Look() => _crashed is null ? _view : throw new LabException($"the endpoint threw: {_crashed}");

    public string LastWords()
    {
        lock (_log) return string.Join('\n', _log.TakeLast(20));
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _stopping, true)) return;
        foreach (Socket socket in _sockets) socket.Dispose();
        _inputs.CompleteAdding();
        foreach (Thread thread in _threads) thread.Join();
        _inputs.Dispose();
    }

    private static Socket Open(Host host, IPEndPoint local)
    {
        Socket socket = NetworkNamespace.In(host.SpacePath, () => new Socket(local.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
        socket.Bind(local);
        return socket;
    }

    private ChildSaPair NewestChild()
    {
        lock (_children) return _children.Values.LastOrDefault() ?? throw new LabException($"there is no child SA: {LastWords()}");
    }

    private void Receive(Socket socket)
    {
        var buffer = new byte[65_536];
        var local = (IPEndPoint)socket.LocalEndPoint!;
        while (!Volatile.Read(ref _stopping))
        {
            try
            {
                EndPoint from = new IPEndPoint(local.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
                int bytes = socket.ReceiveFrom(buffer, ref from);
                bool marked = local.Port == NatPort;
                if (marked && (bytes <= 4 || buffer.AsSpan(0, 4).IndexOfAnyExcept((byte)0) >= 0)) continue;     // ESP, or a keepalive
                byte[] message = buffer[(marked ? 4 : 0)..bytes];
                if (message is { Length: > 19 } && message[18] == Informational && (message[19] & ResponseFlag) != 0) Interlocked.Increment(ref _answers);
                _inputs.TryAdd(new IkeInput.Datagram(local, (IPEndPoint)from, message));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // A report that a port is closed, or our end.
            }
        }
    }

    private void Work()
    {
        var outputs = new List<IkeOutput>();
        Instant due = Instant.Never;
        try
        {
            while (!Volatile.Read(ref _stopping))
            {
                TimeSpan patience = due == Instant.Never ? TimeSpan.FromMilliseconds(100) : due - MonotonicClock.Now;
                if (!_inputs.TryTake(out IkeInput? input, Math.Clamp((int)Math.Ceiling(patience.TotalMilliseconds), 0, 100))) input = new IkeInput.Tick();
                outputs.Clear();
                due = _endpoint.Step(input, MonotonicClock.Now, outputs);
                foreach (IkeOutput output in outputs) Perform(output);
                Show();
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _crashed = e;                                       // told by the next who looks
        }
    }

    private void Perform(IkeOutput output)
    {
        switch (output)
        {
            case IkeOutput.Send send:
                Socket socket = send.Local.Port == IkePort ? _sockets[0] : _sockets[1];
                byte[] datagram = send.Local.Port == IkePort ? send.Message.ToArray() : [0, 0, 0, 0, .. send.Message.Span];
                socket.SendTo(datagram, send.Remote);
                return;
            case IkeOutput.ChildUp up:
                lock (_children) _children[up.Child.Id] = up.Child;
                break;
            case IkeOutput.ChildDown down:
                lock (_children) _children.Remove(down.Child);
                break;
            case IkeOutput.IkeSaReplaced replaced:
                lock (_children)
                {
                    foreach (ChildSaId child in replaced.Children) _children[child] = _children[child] with { Sa = replaced.Successor.Id };
                }

                break;
        }

        lock (_log) _log.Add($"{output}");
    }

    private void Show()
    {
        ChildSaPair[] children;
        lock (_children) children = [.. _children.Values];
        _view = [.. _endpoint.Established.Select(sa => new IkeView(
            IkeView.Pair($"{sa.LocalSpi:x16}", $"{sa.RemoteSpi:x16}"), $"{sa.Suite}/{sa.Group}",
            [.. children.Where(child => child.Sa == sa.Id).Select(child => new ChildView($"{child.InboundSpi:x8}", $"{child.OutboundSpi:x8}", $"{child.Suite}"))]))];
    }
}
