using Baton.Lab.Hosts;
using Baton.Lab.Processes;
using Baton.Lab.Traffic;

namespace Baton.Lab.Batons;

/// <summary><c>baton peer</c> at the peer's place, with a TUN of its own.</summary>
public sealed class BatonPeer : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly LabProcess _process;
    private readonly Operator _operator;

    /// <param name="program">What it runs in place of <c>baton</c>.</param>
    /// <param name="roams">See <see cref="ClusterFiles.WritePeer"/>.</param>
    public BatonPeer(Network network, ClusterFiles files, string tunnels, Wait wait, string? program = null, bool roams = false)
    {
        _process = network.Peer.Start("peer", [program ?? BatonTool.Path, "peer", files.WritePeer(tunnels, roams)]);
        _operator = new Operator(network.Peer, files.Folder);
        wait.Until("the peer answers", Patience, () => _process.HasExited ? throw new LabException($"the peer has ended: {LastWords()}") : Node.Look() is not null, LastWords);
    }

    public OperatedNode Node => _operator.Node("peer", ClusterFiles.PeerStatus);

    public string LastWords() => _process.LastWords(20);

    public void Dispose()
    {
        _operator.Dispose();
        _process.Dispose();
    }
}
