namespace Baton.Cli.Demo.Setup;

/// <summary>How the SAs of a run come about: negotiated, or, for tests of what lies below, with fresh keys from a file.</summary>
public interface IDemoSas
{
    /// <summary>An SA each way for each pair.</summary>
    int Pairs { get; }

    uint CallToPeer { get; }

    uint CallFromPeer { get; }

    uint ProbeToPeer { get; }

    uint ProbeFromPeer { get; }

    /// <summary>Writes what the nodes' files refer to.</summary>
    void Write(RunFolder folder);

    string PeerText(Topology topology);

    string GatewayText(Topology topology);

    /// <summary>What the active says of its SAs: their SPIs, when they are negotiated.</summary>
    void Learn(Cluster.Protos.NodeStatus active);
}
