using Baton.Redundancy.Records;
using P = Baton.Cluster.Protos;

namespace Baton.Handler.Loop;

/// <summary>One member's session as the loop sees it. Never blocks: a member that does not read is cut off.</summary>
public interface IMemberLink
{
    Incarnation Member { get; }

    void Send(P.HandlerFrame frame);

    /// <summary>Frames that follow each other, made one by one when it is their turn: a snapshot of many records is not the loop's work.</summary>
    void Send(IEnumerable<P.HandlerFrame> frames);

    /// <summary>Ends the session.</summary>
    void Abort(string reason);
}
