using System.Net;

namespace Baton.Ike.Sas;

/// <summary>What is kept of an IKE SA that sleeps: what finds it, and what nobody else may have meanwhile. No secret in it.</summary>
/// <param name="IsOfConnection">It counts among its connection's: neither half open nor over.</param>
/// <param name="Init">Half open: the IKE_SA_INIT request that it came of, as <see cref="IkeEndpoint"/> finds it.</param>
internal sealed record Sleeper(
    IkeSaId Id, IkeSaId Line, ulong LocalSpi, string Connection, string Peer, UInt128 Init, (ChildSaId Id, uint Spi)[] Children, IPAddress[] Given, bool IsOfConnection)
{
    public static Sleeper Of(IkeSa sa, string connection, UInt128 init) =>
        new(sa.Id, sa.Line, sa.LocalSpi, connection, sa.PeerIdentity, init, [.. sa.Children.Select(each => (each.Id, each.InboundSpi))], [.. sa.Given],
            sa.State is not (IkeSaState.HalfOpen or IkeSaState.Closed));

    /// <summary>Somebody waits for it: a request is under way, an exchange has just begun, or the data path needs what it says.</summary>
    public static bool IsUrgent(IkeSa sa) =>
        sa.Outstanding is not null || sa.State is not (IkeSaState.Up or IkeSaState.Closed) || sa.Assigned.Count > 0 || sa.Children.Exists(each => each.Jumped > 0);
}
