using Baton.Lab.Hosts;
using Baton.Lab.Processes;
using Baton.Lab.Traffic;

namespace Baton.Lab.Batons;

/// <summary><c>baton peer</c> at the peer's place, with a TUN of its own.</summary>
public sealed class BatonPeer : IDisposable
{
    private readonly LabProcess _process;

    public BatonPeer(Network network, string file) => _process = network.Peer.Start("peer", [BatonTool.Path, "peer", file]);

    public string LastWords() => _process.LastWords(20);

    public void Dispose() => _process.Dispose();
}
