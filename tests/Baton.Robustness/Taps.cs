using System.Net;
using Baton.Linux;
using Baton.Wire;

namespace Baton.Robustness;

/// <summary>Stands in the way of datagrams between processes: passes each on at once, and keeps the newest of each way.</summary>
/// <remarks>One thread. Receivers of sealed frames do not ask from where a frame comes, so one direction is enough for each.</remarks>
internal sealed class Taps : IDisposable
{
    private const int Kept = 64;

    private readonly List<(UdpBatch Socket, UdpEndpoint To, Queue<byte[]> Newest)> _taps = [];
    private readonly WakeEvent _stop = new();
    private Thread? _thread;
    private volatile bool _stopping;

    /// <summary>Whoever sends to <paramref name="at"/> reaches <paramref name="to"/>.</summary>
    public void Add(IPEndPoint at, IPEndPoint to) => _taps.Add((new UdpBatch(at, packetBytes: 61_000, count: 16), UdpEndpoint.From(to), new Queue<byte[]>()));

    public void Start()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "taps" };
        _thread.Start();
    }

    /// <summary>Genuine datagrams that arrived at this place, the newest last.</summary>
    public byte[][] Recorded(IPEndPoint to)
    {
        var endpoint = UdpEndpoint.From(to);
        lock (_stop)
            return [.. _taps.Where(tap => tap.To == endpoint).SelectMany(tap => tap.Newest)];
    }

    public void Dispose()
    {
        _stopping = true;
        _stop.Set();
        _thread?.Join();
        foreach ((UdpBatch socket, _, _) in _taps)
            socket.Dispose();
        _stop.Dispose();
    }

    private void Run()
    {
        _ = Scheduling.TryRealTime(10);
        using var poller = new Poller([.. _taps.Select(tap => tap.Socket.Fd), _stop.Fd]);
        while (!_stopping)
        {
            poller.Wait(Instant.Never);
            foreach ((UdpBatch socket, UdpEndpoint to, Queue<byte[]> newest) in _taps)
            {
                int got = socket.Receive();
                for (int i = 0; i < got; i++)
                    socket.Send(socket.Packet(i), to);
                socket.Flush();
                lock (_stop)
                {
                    for (int i = 0; i < got; i++)
                    {
                        newest.Enqueue(socket.Packet(i).ToArray());
                        if (newest.Count > Kept)
                            newest.Dequeue();
                    }
                }
            }
        }
    }
}
