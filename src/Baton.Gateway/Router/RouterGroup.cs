using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Crypto.Frames;
using Baton.Gateway.Engine;
using Baton.Linux;
using Baton.Wire;
using Microsoft.Extensions.Logging;

namespace Baton.Gateway.Router;

/// <summary>One cluster behind a router: addresses of its own, its members, and the highest term that they have shown. Nothing here is shared with another cluster.</summary>
/// <remarks>The router's thread owns it; readings from any thread. Which cluster a packet is for, the address says that it came to: so two clusters may use the same SPI.</remarks>
internal sealed class RouterGroup : IDisposable
{
    private readonly UdpBatch _outer;
    private readonly UdpBatch _inner;
    private readonly UdpBatch _control;
    private readonly FrameOpener _opener;
    private readonly string[] _members;
    private readonly UdpEndpoint[] _memberOuter;
    private readonly UdpEndpoint[] _memberInner;
    private readonly InnerHosts _hosts;
    private readonly ILogger _log;
    private readonly long[] _frames = new long[Enum.GetValues<FrameVerdict>().Length];
    private readonly long[] _counts = new long[Enum.GetValues<RouterVerdict>().Length];
    private int _active = -1;
    private ulong _term;

    /// <exception cref="System.Net.Sockets.SocketException">An address is taken or not here.</exception>
    public RouterGroup(RouterGroupOptions options, ClusterKeys keys, ILogger log)
    {
        (Name, _log) = (options.Name, log);
        _members = [.. options.Members.Select(m => m.Name)];
        _memberOuter = [.. options.Members.Select(m => UdpEndpoint.From(m.Outer))];
        _memberInner = [.. options.Members.Select(m => UdpEndpoint.From(m.Inner))];
        _hosts = new InnerHosts(options.Routes);
        _opener = new FrameOpener(keys.NewestControl, (byte)keys.NewestId, SteerFrame.Label);
        _outer = new UdpBatch(options.Outer);
        _inner = new UdpBatch(options.Inner);
        _control = new UdpBatch(options.Control, count: 16, packetBytes: 256, kernelBufferBytes: 1 << 18);
        log.LogInformation("router: {Group}: outer {Outer}, inner {Inner}", Name, options.Outer, options.Inner);
    }

    public string Name { get; }

    /// <summary>The member steered to; null before the first steering frame.</summary>
    public string? Active => Volatile.Read(ref _active) is >= 0 and var i ? _members[i] : null;

    public ulong Term => Volatile.Read(ref _term);

    public string State => Active is { } active ? $"steers to {active}" : "waits for an active";

    public IEnumerable<int> Fds => [_control.Fd, _outer.Fd, _inner.Fd];

    public long Count(RouterVerdict verdict) => Volatile.Read(ref _counts[(int)verdict]);

    /// <summary>By name, without the router's or the group's.</summary>
    public IEnumerable<(string Name, ulong Value)> Counters
    {
        get
        {
            foreach (RouterVerdict verdict in Enum.GetValues<RouterVerdict>())
                yield return ("router." + CounterName.Of(verdict.ToString()), (ulong)Count(verdict));
            foreach (FrameVerdict verdict in Enum.GetValues<FrameVerdict>())
                yield return ("steer.frame." + CounterName.Of(verdict.ToString()), (ulong)Volatile.Read(ref _frames[(int)verdict]));
            yield return ("socket.outer-send-drops", (ulong)_outer.SendDrops);
            yield return ("socket.inner-send-drops", (ulong)_inner.SendDrops);
            yield return ("socket.truncated", (ulong)(_outer.Truncated + _inner.Truncated + _control.Truncated));
        }
    }

    /// <summary>Takes what waits at its sockets, a batch of each, and sends it on.</summary>
    public void Turn(Poller poller)
    {
        if (poller.IsReady(_control.Fd))
            TakeControl();
        if (poller.IsReady(_outer.Fd))
            TakeOuter();
        if (poller.IsReady(_inner.Fd))
            TakeInner();
        _outer.Flush();
        _inner.Flush();
    }

    public void Dispose()
    {
        _outer.Dispose();
        _inner.Dispose();
        _control.Dispose();
        _opener.Dispose();
    }

    private void Count1(RouterVerdict verdict) => _counts[(int)verdict]++;

    private void TakeControl()
    {
        int got = _control.Receive();
        for (int i = 0; i < got; i++)
        {
            FrameVerdict frame = _opener.Open(_control.Packet(i), MonotonicClock.Now, out Span<byte> text, out _);
            _frames[(int)frame]++;
            if (frame != FrameVerdict.Opened || !SteerFrame.TryParse(text, _members, out int member, out ulong term))
            {
                Count1(RouterVerdict.BadSteer);
                continue;
            }

            if (term < _term)
            {
                Count1(RouterVerdict.StaleSteer);
                continue;
            }

            Count1(RouterVerdict.Steered);
            if (term == _term && member == _active)
                continue;
            Volatile.Write(ref _term, term);
            Volatile.Write(ref _active, member);
            _log.LogInformation("router: {Group}: steering to {Member}, term {Term}", Name, _members[member], term);
        }
    }

    private void TakeOuter()
    {
        int got = _outer.Receive();
        for (int i = 0; i < got; i++)
        {
            Span<byte> packet = _outer.Packet(i);
            if (packet.IsEmpty)
            {
                Count1(RouterVerdict.Empty);
                continue;
            }

            UdpEndpoint from = _outer.From(i);
            if (Array.IndexOf(_memberOuter, from) >= 0)
            {
                // From any member, active or not: a deposed one harms nobody (P8), and its last packets are worth delivering.
                if (!Shim.TryRead(packet, out UdpEndpoint peer))
                {
                    Count1(RouterVerdict.BadShim);
                    continue;
                }

                _outer.Send(packet[Shim.Length..], peer);
                Count1(RouterVerdict.ToPeer);
            }
            else if (_active < 0)
            {
                Count1(RouterVerdict.NoActive);
            }
            else if (packet.Length + Shim.Length > _outer.PacketBytes)
            {
                Count1(RouterVerdict.TooLong);
            }
            else
            {
                Span<byte> buffer = _outer.Reserve();
                Shim.Write(buffer, from);
                packet.CopyTo(buffer[Shim.Length..]);
                _outer.Queue(packet.Length + Shim.Length, _memberOuter[_active]);
                Count1(RouterVerdict.ToActive);
            }
        }
    }

    private void TakeInner()
    {
        int got = _inner.Receive();
        for (int i = 0; i < got; i++)
        {
            Span<byte> packet = _inner.Packet(i);
            if (!IpPacket.TryParse(packet, out IpPacket ip))
            {
                Count1(RouterVerdict.BadInner);
                continue;
            }

            UdpEndpoint from = _inner.From(i);
            if (Array.IndexOf(_memberInner, from) >= 0)
            {
                if (!_hosts.TryFind(ip.Destination, out UdpEndpoint host))
                {
                    Count1(RouterVerdict.NoRoute);
                    continue;
                }

                _inner.Send(packet, host);
                Count1(RouterVerdict.InnerToHost);
                continue;
            }

            _hosts.Learn(ip.Source, from);
            if (_active < 0)
            {
                Count1(RouterVerdict.NoActive);
                continue;
            }

            _inner.Send(packet, _memberInner[_active]);
            Count1(RouterVerdict.InnerToActive);
        }
    }
}
