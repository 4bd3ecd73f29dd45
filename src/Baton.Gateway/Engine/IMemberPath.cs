using Baton.Cluster.Records;
using Baton.Linux;
using Baton.Redundancy.Leases;
using Baton.Redundancy.Members;
using Baton.Redundancy.Records;
using Baton.Wire;
using Microsoft.Extensions.Logging;

namespace Baton.Gateway.Engine;

/// <summary>What a member carries in place of ESP, such as calls. The engine calls it on its one thread, in its turn; nothing here may block or throw.</summary>
/// <remarks>Whose number may be sent or accepted is asked of leases and ceilings, as on the path of ESP; when to work, and who else does, is the engine's to say.</remarks>
public interface IMemberPath : IDisposable
{
    /// <summary>For the engine's poller.</summary>
    int Fd { get; }

    /// <summary>Records that were shown and are not built yet: who has some is in nobody's in-sync set at first.</summary>
    int ToBuild { get; }

    /// <summary>SAs that could carry on.</summary>
    int Sas { get; }

    /// <summary>Once, before the start, on another thread than all else.</summary>
    void Use(IMember member);

    /// <summary>A record of the copy, new or changed. False: it is none of this path.</summary>
    bool TakeRecord(SaRecord record);

    void Remove(SaId id);

    /// <summary>What became of an SA that was to be registered.</summary>
    /// <param name="refused">Null: it is in the ledger.</param>
    void Answer(ulong token, CommitFailure? refused);

    /// <summary>Takes what waits at the sockets.</summary>
    void Take(Instant now);

    /// <summary>Ceilings rose.</summary>
    void Release(Instant now);

    /// <summary>What is due, a portion a turn. True: there is more, do not wait.</summary>
    bool Tend(Instant now);

    /// <summary>This member works from now on.</summary>
    void BecomeActive(Instant now);

    /// <summary>It hands over: nothing is accepted or sent any more, and what comes goes to the successor by <see cref="IMember.HandOver"/>.</summary>
    void Freeze();

    /// <summary>It works no more. After a freeze what still comes goes on to the successor.</summary>
    void BecomeStandby();

    /// <summary>What the twin at another member told or handed over.</summary>
    void Hear(ReadOnlySpan<byte> text, in UdpEndpoint about, Instant now);

    IEnumerable<(string Name, ulong Value)> Counters();
}

/// <summary>The member as its path sees it. The engine's thread, but for <see cref="Post"/>.</summary>
public interface IMember
{
    ILogger Log { get; }

    RecordSealer Sealer { get; }

    bool IsActive { get; }

    ulong Term { get; }

    /// <summary>Who stands by, in the order of changes: another number, and what was told before must be told again.</summary>
    ulong InSyncRevision { get; }

    OutboundLease? Outbound(SaId id);

    InboundCeiling? Inbound(SaId id);

    /// <summary>A new SA for the ledger; it comes back as a record. Answered by <see cref="IMemberPath.Answer"/>.</summary>
    void Register(SaRecord sa, ulong token);

    void Delete(IReadOnlyList<SaId> sas);

    /// <summary>To every standby in sync; may be lost. At most 2,000 bytes.</summary>
    void Tell(ReadOnlySpan<byte> text, in UdpEndpoint about);

    /// <summary>To the successor of a planned switchover. At most 2,000 bytes.</summary>
    void HandOver(ReadOnlySpan<byte> text, in UdpEndpoint about);

    /// <summary>From any thread: run this on the engine's, soon.</summary>
    void Post(Action action);
}
