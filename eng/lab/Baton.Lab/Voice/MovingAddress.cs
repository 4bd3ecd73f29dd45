using System.Net;
using Baton.Lab.Hosts;
using Baton.Linux;
using Baton.Linux.Neighbours;
using Baton.Linux.Netlink;
using Baton.Wire;

namespace Baton.Lab.Voice;

/// <summary>A host's hand on an address that moves: its sockets stand ready, so that taking it costs two calls of the kernel.</summary>
public sealed class MovingAddress : IDisposable
{
    private readonly IPAddress _address;
    private readonly RouteNetlink _netlink;
    private readonly Announcer _announcer;
    private readonly LinkState _link;

    public MovingAddress(Host host, string device, string address)
    {
        _address = IPAddress.Parse(address);
        (_netlink, _announcer, _link) = NetworkNamespace.In(host.SpacePath, () =>
        {
            var netlink = new RouteNetlink();
            return (netlink, new Announcer(), netlink.Link(RouteNetlink.IndexOf(device)) ?? throw new LabException($"{host.Name} has no {device}"));
        });
    }

    /// <summary>The address is here, and the neighbours have been told.</summary>
    public void Take()
    {
        _netlink.AddAddress(_link.Index, _address, 24);
        _announcer.Announce(_link, _address);
    }

    public void Drop() => _netlink.RemoveAddress(_link.Index, _address, 24);

    public void Dispose()
    {
        _announcer.Dispose();
        _netlink.Dispose();
    }
}
