using Baton.Cluster.Configuration;
using Baton.Linux;
using Baton.Wire;

namespace Baton.Gateway.Ports;

/// <summary>Inner packets each in one UDP datagram: for the demo, which needs no root.</summary>
internal sealed class UdpInnerPort(InnerOptions options) : IInnerPort
{
    private readonly UdpBatch _socket = new(options.Listen!);
    private readonly InnerHosts _hosts = new(options.Routes);

    public UdpEndpoint Local => _socket.Local;

    public string Description => $"datagrams at {Local}";

    public Action<string>? Note { get; set; }

    public long Joined => 0;

    public long Merged => 0;

    public int Fd => _socket.Fd;

    public long Drops => _socket.SendDrops;

    public long Refused => _socket.Truncated;

    /// <summary>For trying out: never in such masses that it matters.</summary>
    public bool MayHaveMore => false;

    public bool CanAskAgain => true;

    public int Take() => _socket.Receive();

    public Span<byte> Packet(int i) => _socket.Packet(i);

    public void Learn(int i, in IpAddress source) => _hosts.Learn(source, _socket.From(i));

    public bool Give(ReadOnlySpan<byte> packet, in IpAddress destination)
    {
        if (!_hosts.TryFind(destination, out UdpEndpoint host))
            return false;
        _socket.Send(packet, host);
        return true;
    }

    public void Flush() => _socket.Flush();

    public void Dispose() => _socket.Dispose();
}
