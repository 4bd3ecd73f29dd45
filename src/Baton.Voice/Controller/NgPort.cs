using System.Net;
using System.Net.Sockets;
using Baton.Linux;
using Baton.Voice.Shell;

namespace Baton.Voice.Controller;

/// <summary>A UDP port of the ng protocol. The protocol knows no secret: who may ask is a matter of addresses, and who may not is dropped and counted.</summary>
internal sealed class NgPort : IDisposable
{
    private readonly DatagramPort _port;
    private readonly IReadOnlyList<IPNetwork> _clients;
    private readonly int _index;
    private readonly Action<ControllerInput.Datagram> _got;
    private readonly Thread _thread;
    private long _strangers;

    internal NgPort(IPEndPoint listen, int index, IReadOnlyList<IPNetwork> clients, Action<ControllerInput.Datagram> got)
    {
        (_port, _index, _clients, _got) = (new DatagramPort(listen), index, clients, got);
        _thread = new Thread(Run) { IsBackground = true, Name = "ng" };
    }

    internal IPEndPoint Local => _port.Local;

    internal long Strangers => Interlocked.Read(ref _strangers);

    internal long SendErrors => _port.SendErrors;

    internal void Start() => _thread.Start();

    internal void Send(UdpEndpoint to, ReadOnlySpan<byte> bytes) => _port.Send(bytes, to.ToIPEndPoint().Serialize());

    public void Dispose()
    {
        _port.Dispose();
        if (_thread.IsAlive)
            _thread.Join();
    }

    private void Run()
    {
        byte[] buffer = new byte[DatagramPort.LongestDatagram];
        var from = new SocketAddress(_port.Local.AddressFamily);
        var any = new IPEndPoint(_port.Local.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
        while (_port.Receive(buffer, from) is >= 0 and var length)
        {
            var client = (IPEndPoint)any.Create(from);
            if (!_clients.Any(network => network.Contains(client.Address)))
                Interlocked.Increment(ref _strangers);
            else
                _got(new ControllerInput.Datagram(new NgClient(UdpEndpoint.From(client), _index), buffer.AsSpan(0, length).ToArray()));
        }
    }
}
