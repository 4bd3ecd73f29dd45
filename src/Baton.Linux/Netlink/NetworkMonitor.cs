namespace Baton.Linux.Netlink;

/// <summary>The kernel's news of links, neighbours, addresses and routes (man 7 rtnetlink, RTMGRP_*). One owner thread; for <see cref="Poller"/>.</summary>
public sealed class NetworkMonitor : IDisposable
{
    private const uint Links = 1, Neighbours = 4, Addresses4 = 0x10, Routes4 = 0x40, Addresses6 = 0x100, Routes6 = 0x400;

    private readonly NetlinkSocket _socket = new(Links | Neighbours | Addresses4 | Routes4 | Addresses6 | Routes6);

    public int Fd => _socket.Fd;

    /// <summary>A device appeared or changed.</summary>
    public Action<LinkState>? LinkChanged { get; init; }

    public Action<int>? LinkGone { get; init; }

    public Action<Neighbour>? NeighbourChanged { get; init; }

    /// <summary>An entry left the cache.</summary>
    public Action<Neighbour>? NeighbourGone { get; init; }

    /// <summary>Addresses or routes changed; ask for what you need.</summary>
    public Action? TopologyChanged { get; init; }

    /// <summary>Takes what waits and tells it. False: news were lost (the kernel's queue was full); ask for everything anew.</summary>
    public bool Take() => _socket.TakeNews(Tell);

    public void Dispose() => _socket.Dispose();

    private void Tell(ushort type, ReadOnlySpan<byte> body)
    {
        switch (type)
        {
            case 16 when LinkChanged is not null && RouteNetlink.ParseLink(body) is { } link:
                LinkChanged(link);
                break;
            case 17 when LinkGone is not null && RouteNetlink.ParseLink(body) is { } gone:
                LinkGone(gone.Index);
                break;
            case 28 when NeighbourChanged is not null && RouteNetlink.ParseNeighbour(body) is { } neighbour:
                NeighbourChanged(neighbour);
                break;
            case 29 when NeighbourGone is not null && RouteNetlink.ParseNeighbour(body) is { } lost:
                NeighbourGone(lost);
                break;
            case 20 or 21 or 24 or 25:
                TopologyChanged?.Invoke();
                break;
        }
    }
}
