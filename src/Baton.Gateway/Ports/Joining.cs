using Baton.Linux;
using Baton.Linux.Tun;

namespace Baton.Gateway.Ports;

/// <summary>Lets the kernel join datagrams at some devices while it pays (<see cref="JoiningPace"/>). Settings of a device may wait for others of the kernel, so a thread of its own makes them.</summary>
internal sealed class Joining : IDisposable
{
    private readonly JoiningPace _pace = new();
    private readonly IReadOnlyList<JoinedDevice> _devices;
    private readonly AutoResetEvent _changed = new(false);
    private volatile bool _stop;

    /// <param name="devices">Those that keep packets back only when told.</param>
    public Joining(IReadOnlyList<JoinedDevice> devices)
    {
        _devices = devices;
        if (devices.Count > 0)
            new Thread(Run) { IsBackground = true, Name = "joining" }.Start();
    }

    /// <summary>The data thread took packets.</summary>
    /// <param name="reads">Of single ones.</param>
    public void Took(int reads, int packets)
    {
        if (_devices.Count > 0 && _pace.Took(reads, packets, MonotonicClock.Now))
            _changed.Set();
    }

    public void Dispose()
    {
        _stop = true;
        _changed.Set();
    }

    private void Run()
    {
        while (true)
        {
            _changed.WaitOne();
            bool joins = !_stop && _pace.Joins;
            foreach (JoinedDevice device in _devices)
                _ = device.KeepBack(joins);
            if (_stop)
                return;
        }
    }
}
