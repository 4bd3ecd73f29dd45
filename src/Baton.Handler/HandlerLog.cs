using Microsoft.Extensions.Logging;

namespace Baton.Handler;

/// <summary>The handler's log: event ids from 4500.</summary>
internal static partial class HandlerLog
{
    [LoggerMessage(EventId = 4500, Level = LogLevel.Information, Message = "handler {Name} of cluster {Cluster} serves at {Endpoint}; ledger {Ledger} ({LedgerId}) at revision {Revision}, term {Term}, {Sas} SA records")]
    public static partial void Started(ILogger logger, string name, string cluster, string endpoint, string ledger, Guid ledgerId, ulong revision, ulong term, int sas);

    [LoggerMessage(EventId = 4501, Level = LogLevel.Information, Message = "session of {Member} from {Remote} opened")]
    public static partial void SessionOpened(ILogger logger, string member, string remote);

    [LoggerMessage(EventId = 4502, Level = LogLevel.Information, Message = "session of {Member} ended: {Reason}")]
    public static partial void SessionEnded(ILogger logger, string member, string reason);

    [LoggerMessage(EventId = 4503, Level = LogLevel.Warning, Message = "session from {Remote} refused: {Reason}")]
    public static partial void SessionRefused(ILogger logger, string remote, string reason);

    [LoggerMessage(EventId = 4504, Level = LogLevel.Warning, Message = "connection from {Remote} refused: {Reason}")]
    public static partial void ConnectionRefused(ILogger logger, string remote, string reason);

    [LoggerMessage(EventId = 4505, Level = LogLevel.Error, Message = "nothing is granted now: {Reason}")]
    public static partial void StorageFailed(ILogger logger, string reason);

    [LoggerMessage(EventId = 4506, Level = LogLevel.Information, Message = "the ledger takes writes again")]
    public static partial void StorageBack(ILogger logger);

    [LoggerMessage(EventId = 4507, Level = LogLevel.Critical, Message = "the handler's loop failed; this is a bug")]
    public static partial void LoopFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 4508, Level = LogLevel.Information, Message = "{Kind} in term {Term}: {Detail}")]
    public static partial void Noted(ILogger logger, string kind, ulong term, string detail);

    [LoggerMessage(EventId = 4509, Level = LogLevel.Warning, Message = "{Kind} in term {Term}: {Detail}")]
    public static partial void Warned(ILogger logger, string kind, ulong term, string detail);

    [LoggerMessage(EventId = 4510, Level = LogLevel.Information, Message = "heartbeats of {Member}: {View}")]
    public static partial void Witnessed(ILogger logger, string member, string view);

    [LoggerMessage(EventId = 4511, Level = LogLevel.Information, Message = "{Who} asks for a switchover to {To}")]
    public static partial void SwitchoverAsked(ILogger logger, string who, string to);

    [LoggerMessage(EventId = 4512, Level = LogLevel.Warning, Message = "heartbeat witness: {Reason}")]
    public static partial void NoRealTime(ILogger logger, string reason);

    [LoggerMessage(EventId = 4513, Level = LogLevel.Warning, Message = "this handler has the cluster key itself and could read the records: give it control.key instead")]
    public static partial void HasClusterKey(ILogger logger);
}
