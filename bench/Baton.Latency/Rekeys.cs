using System.Diagnostics;
using System.Globalization;
using Baton.Lab;
using Baton.Lab.Batons;

namespace Baton.Latency;

/// <summary>Children rekeyed one after the other at a steady rate, as an operator of the peer would ask for it. Each is two exchanges: CREATE_CHILD_SA, and the old one's INFORMATIONAL.</summary>
public sealed class Rekeys : IDisposable
{
    private readonly OperatedNode _peer;
    private readonly IReadOnlyList<string> _connections;
    private readonly TimeSpan _every;
    private readonly Thread _thread;
    private volatile bool _stop;
    private Exception? _failure;

    /// <param name="connections">In turn; each has a child of that name.</param>
    public Rekeys(OperatedNode peer, IReadOnlyList<string> connections, int perSecond)
    {
        (_peer, _connections, _every) = (peer, connections, TimeSpan.FromSeconds(1.0 / perSecond));
        _thread = new Thread(Run) { IsBackground = true, Name = "rekeys" };
        _thread.Start();
    }

    public int Asked { get; private set; }

    /// <summary>Throws when the peer refused one.</summary>
    public void Dispose()
    {
        _stop = true;
        _thread.Join();
        if (_failure is not null) throw new LabException($"rekeys: {_failure.Message}", _failure);
    }

    /// <summary>Requests of IKE that a node has sent so far.</summary>
    public static long Exchanges(OperatedNode peer) => peer.Counter("ike.requests");

    private void Run()
    {
        long began = Stopwatch.GetTimestamp();
        try
        {
            for (int i = 0; !_stop; i++)
            {
                _peer.Tell("rekey", _connections[i % _connections.Count], IkeCluster.Child);
                Asked = i + 1;
                TimeSpan early = (_every * (i + 1)) - Stopwatch.GetElapsedTime(began);
                if (early > TimeSpan.Zero) Thread.Sleep(early);
            }
        }
        catch (LabException e)
        {
            _failure = e;
        }
    }
}
