namespace Baton.Ike;

/// <summary>Who we are to a peer, who it must be, and how each side shows it; the two sides may use different methods (RFC 7296 section 2.15).</summary>
/// <param name="RemoteIdentity">Null: whoever <paramref name="Remote"/> finds authentic.</param>
public sealed record ConnectionCredentials(
    Authentication.Identity LocalIdentity, Authentication.ILocalCredential Local, Authentication.Identity? RemoteIdentity, Authentication.IPeerCredential Remote);
