using Baton.Redundancy.Records;
using P = Baton.Cluster.Protos;

namespace Baton.Handler.Loop;

/// <summary>One member's session as the loop sees it. Never blocks: a member that does not read is cut off.</summary>
public interface IMemberLink
{
    Incarnation Member { get; }

    void Send(P.HandlerFrame frame);

    /// <summary>Ends the session.</summary>
    void Abort(string reason);
}
