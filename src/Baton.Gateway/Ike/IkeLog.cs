using Baton.Ike;
using Microsoft.Extensions.Logging;

namespace Baton.Gateway.Ike;

/// <summary>The story of IKE SAs, event ids from 2000. Never a key.</summary>
internal static partial class IkeLog
{
    public static void Tell(ILogger log, IkeEvent note)
    {
        LogLevel level = note.Kind switch
        {
            IkeEventKind.Dropped or IkeEventKind.CookieSent or IkeEventKind.Retransmitted => LogLevel.Debug,
            IkeEventKind.AuthenticationFailed or IkeEventKind.NoProposalChosen or IkeEventKind.PeerSilent or IkeEventKind.RestoreRefused or IkeEventKind.CommitFailed
                or IkeEventKind.ChildRefused or IkeEventKind.ChildRefusedByPeer or IkeEventKind.PeerError or IkeEventKind.LimitReached or IkeEventKind.UnknownConnection or IkeEventKind.PeerBehind => LogLevel.Warning,
            IkeEventKind.Restored => LogLevel.Debug,
            _ => LogLevel.Information,
        };
        if (log.IsEnabled(level))
            log.Log(level, new EventId(2100 + (int)note.Kind, note.Kind.ToString()), "ike {LocalSpi:x16} {Remote}: {Kind} {Detail}", note.LocalSpi, note.Remote, note.Kind, note.Detail);
    }

    public static void Tell(ILogger log, IkeOutput output)
    {
        switch (output)
        {
            case IkeOutput.IkeSaUp up:
                SaUp(log, up.Sa.LocalSpi, up.Sa.Connection, up.Sa.Remote.ToString(), up.Sa.PeerIdentity, up.Sa.Suite.ToString());
                break;
            case IkeOutput.IkeSaReplaced replaced:
                SaReplaced(log, replaced.Successor.LocalSpi, replaced.Successor.Connection, replaced.Children.Count);
                break;
            case IkeOutput.IkeSaDown down:
                SaDown(log, down.Sa.ToString(), down.Connection, down.Reason.ToString());
                break;
            case IkeOutput.ChildUp up:
                ChildUp(log, up.Child.OutboundSpi, up.Child.InboundSpi, up.Child.Connection, up.Child.Child, up.Child.Suite.ToString(),
                    up.Child.Replaces is null ? "new" : "by rekey");
                break;
            case IkeOutput.ChildDown down:
                ChildDown(log, down.Child.ToString(), down.Reason.ToString());
                break;
            case IkeOutput.EndpointChanged changed:
                Moved(log, changed.Sa.ToString(), changed.Remote.ToString());
                break;
            case IkeOutput.AddressAssigned assigned:
                Assigned(log, assigned.Connection, string.Join(", ", assigned.Addresses));
                break;
        }
    }

    [LoggerMessage(EventId = 2001, Level = LogLevel.Information, Message = "IKE SA {LocalSpi:x16} of {Connection} is up with {Remote} ({Identity}), {Suite}")]
    private static partial void SaUp(ILogger logger, ulong localSpi, string connection, string remote, string identity, string suite);

    [LoggerMessage(EventId = 2002, Level = LogLevel.Information, Message = "IKE SA {LocalSpi:x16} of {Connection} takes over {Children} SAs (rekey)")]
    private static partial void SaReplaced(ILogger logger, ulong localSpi, string connection, int children);

    [LoggerMessage(EventId = 2003, Level = LogLevel.Information, Message = "IKE SA {Sa} of {Connection} is down: {Reason}")]
    private static partial void SaDown(ILogger logger, string sa, string connection, string reason);

    [LoggerMessage(EventId = 2004, Level = LogLevel.Information, Message = "SA {OutboundSpi:x8}/{InboundSpi:x8} of {Connection}, {Child}, is up: {Suite}, {How}")]
    private static partial void ChildUp(ILogger logger, uint outboundSpi, uint inboundSpi, string connection, string child, string suite, string how);

    [LoggerMessage(EventId = 2005, Level = LogLevel.Information, Message = "SA {Child} is down: {Reason}")]
    private static partial void ChildDown(ILogger logger, string child, string reason);

    [LoggerMessage(EventId = 2006, Level = LogLevel.Information, Message = "the peer of {Sa} is at {Remote} now")]
    private static partial void Moved(ILogger logger, string sa, string remote);

    [LoggerMessage(EventId = 2007, Level = LogLevel.Information, Message = "{Connection}: the inner addresses {Addresses} were given to us")]
    private static partial void Assigned(ILogger logger, string connection, string addresses);
}
