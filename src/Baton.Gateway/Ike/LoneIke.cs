using System.Net;
using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Crypto;
using Baton.Gateway.DataPath;
using Baton.Ike;
using Baton.Linux;
using Baton.Redundancy.Records;
using Microsoft.Extensions.Logging;

namespace Baton.Gateway.Ike;

/// <summary>IKE of a lone peer: nobody takes over, so nothing is committed, and IVs and numbers are its own.</summary>
internal sealed class LoneIke : IIkeHost, IDisposable
{
    private readonly Action<Action<PacketPath>> _post;

    /// <summary>Ids of the halves in the data path; owned by the data thread.</summary>
    private readonly Dictionary<ulong, (SaId Outbound, SaId Inbound)> _halves = [];

    private ulong _lastId;

    private readonly AssignedAddresses? _assigned;
    private readonly OwnAddresses? _own;

    public LoneIke(NodeOptions options, PacketPath path, Action<Action<PacketPath>> post, ILogger log)
    {
        (_post, _assigned) = (post, AssignedAddresses.For(options, log));
        Runner = new IkeRunner(options.Ike, new CountingIvSources(), this, options.Outer!.Listen, log);
        path.Ike = Runner;
        _own = OwnAddresses.For(options, Runner, _assigned, log);
    }

    public IkeRunner Runner { get; }

    /// <summary>After a reload, from any thread.</summary>
    public void SetConnections(IReadOnlyList<Connection> connections) => Runner.Post(() =>
    {
        if (_own is null)
            Runner.Step(new IkeInput.SetConnections(connections));
        else
            _own.Use(connections);
    });

    /// <summary>Traffic of the pairs, on the data thread, now and then.</summary>
    public void Tell(PacketPath path)
    {
        var told = new List<IkeInput.Traffic>();
        for (int i = 0; i < path.Children.Count; i++)
        {
            if (ChildTraffic.News(path.Children[i], tenure: 0) is { } traffic)
                told.Add(traffic);
        }

        if (told.Count > 0)
        {
            Runner.Post(() =>
            {
                foreach (IkeInput.Traffic one in told)
                    Runner.Step(one);
            });
        }
    }

    public void Dispose()
    {
        _own?.Stop();
        Runner.Dispose();
        _own?.Dispose();
        _assigned?.Dispose();
    }

    public void Send(IPEndPoint local, IPEndPoint remote, ReadOnlyMemory<byte> message)
    {
        (UdpEndpoint from, UdpEndpoint to) = (UdpEndpoint.From(local), UdpEndpoint.From(remote));
        _post(path => path.SendIke(from, to, message.Span));
    }

    public void HeardBy(ulong initiatorSpi, UdpEndpoint peer, UdpEndpoint router) => _post(path => path.LearnProvenRouter(initiatorSpi, peer, router));

    public void Commit(IkeOutput.Commit commit) => Runner.Post(() => Runner.Committed(commit.CommitId));

    public void Perform(IkeOutput output)
    {
        _assigned?.Follow(output, Runner.Endpoint);
        switch (output)
        {
            case IkeOutput.ChildUp up:
                (SaDescription outbound, SaDescription inbound) = ChildRecords.Describe(up.Child, 0, 0, swap: true);
                ChildRecords.Wipe(up.Child);
                _post(path =>
                {
                    Install(path, outbound, inbound);
                    path.SetBehindNat(up.Child.Id.Value, up.Child.BehindNat);
                });
                break;
            case IkeOutput.UseOutbound use:
                _post(path => path.UseOutbound(use.Child.Value));
                break;
            case IkeOutput.ChildDown down:
                _post(path => Uninstall(path, down.Child.Value));
                break;
            case IkeOutput.EndpointChanged changed:
                Move(changed);
                break;
            case IkeOutput.JumpCounters jump:
                _post(path => path.Jump(jump.Children, jump.By));
                break;
            case IkeOutput.RestoreWanted:
                break;  // nothing was written down
        }
    }

    private void Move(IkeOutput.EndpointChanged changed)
    {
        (UdpEndpoint from, UdpEndpoint to) = (UdpEndpoint.From(changed.Local), UdpEndpoint.From(ChildRecords.PeerOf(changed.Remote, changed.UdpEncapsulation)));
        _post(path => path.Move(changed.Children, from, to, changed.BehindNat));
    }

    private void Install(PacketPath path, SaDescription outbound, SaDescription inbound)
    {
        (SaId Outbound, SaId Inbound) ids = (new SaId(++_lastId), new SaId(++_lastId));
        _halves[outbound.Child] = ids;
        path.AddInbound(Record(ids.Inbound, SaDirection.Inbound, inbound), inbound, null);
        path.AddOutbound(Record(ids.Outbound, SaDirection.Outbound, outbound), outbound, null);
        inbound.Wipe();
        outbound.Wipe();
    }

    private void Uninstall(PacketPath path, ulong child)
    {
        if (!_halves.Remove(child, out (SaId Outbound, SaId Inbound) ids))
            return;
        path.Remove(ids.Outbound);
        path.Remove(ids.Inbound);
    }

    private static SaRecord Record(SaId id, SaDirection direction, SaDescription description) =>
        new(id, direction, description.Spi, default, KeyCheckValue.Of(description.Key), 0, 0, 0, 0, 0, default);
}
