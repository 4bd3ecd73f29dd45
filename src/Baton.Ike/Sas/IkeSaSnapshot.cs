using Baton.Crypto.Ike;
using Baton.Ike.Negotiation;
using Baton.Wire;

namespace Baton.Ike.Sas;

/// <summary>One IKE SA as bytes: everything that a successor needs to go on (DESIGN "IKE"). Holds keys.</summary>
/// <remarks>
/// The first byte is the form's version; a reader refuses one that it does not know, as it refuses bytes that do not fit to the last one. Endpoints are in it, IVs
/// are not: each holder takes its own from its lease.
/// </remarks>
internal static class IkeSaSnapshot
{
    public const byte Version = 3;

    public static byte[] Write(IkeSa sa, Instant now)
    {
        using var to = new SnapshotWriter(now);
        to.Byte(Version);
        to.Long(sa.Id.Value);
        to.Long(sa.Line.Value);
        to.Text(sa.ConnectionName);
        to.Byte((byte)sa.State);
        to.Long(sa.LocalSpi);
        to.Long(sa.RemoteSpi);
        to.Bool(sa.IsInitiator);
        to.Bool(sa.IsClient);
        to.EndPoint(sa.Local);
        to.EndPoint(sa.Remote);
        to.Bool(sa.NatHere);
        to.Bool(sa.NatThere);
        to.Bool(sa.UdpEncapsulation);
        to.Short((ushort)sa.Suite.Encryption);
        to.Short((ushort)sa.Suite.KeyBits);
        to.Short((ushort)sa.Suite.Integrity);
        to.Short((ushort)sa.Suite.Prf);
        to.Short((ushort)sa.Group);
        to.Bytes(sa.Keys is null ? [] : sa.Keys.Block);
        to.Text(sa.PeerIdentity);
        to.Short((ushort)sa.Abilities);
        to.Bool(sa.Handshake is not null);
        sa.Handshake?.Write(to);
        to.Int(sa.NextRequestId);
        to.Int(sa.ExpectedRequestId);
        to.List(sa.LastAnswer, each => to.Bytes(each.Span));
        to.Bytes(sa.LastRequestHash);
        to.Int(sa.HighestSync);
        to.Bool(sa.Outstanding is not null);
        sa.Outstanding?.Write(to);
        to.List(sa.Children, child => child.Write(to));
        to.List(sa.Wanted, wanted => Write(to, wanted));
        to.List(sa.Given, to.Address);
        to.List(sa.Assigned, to.Address);
        to.Time(sa.RekeyAt);
        to.Time(sa.ExpireAt);
        to.Time(sa.DeleteAt);
        to.Byte((byte)sa.DeleteReason);
        to.Long(sa.Successor?.Value ?? 0);
        to.Long(sa.InheritsFrom?.Value ?? 0);
        to.Bytes(sa.LowestNonce);
        to.Int((uint)sa.TemporaryFailures);
        to.Bool(sa.UpdateWanted);
        to.Bool(sa.CookieCheckWanted);
        to.Bool(sa.SynchronizeIdsWanted);
        to.Long(sa.SynchronizeCountersBy);
        return to.ToArray();
    }

    /// <summary>Null: not a snapshot that we can read; nothing of it is used.</summary>
    /// <param name="committedAt">The instant of our clock at which it was committed.</param>
    public static IkeSa? TryRead(ReadOnlySpan<byte> bytes, Instant committedAt)
    {
        var from = new SnapshotReader(bytes, committedAt);
        if (from.Byte() != Version) return null;
        var sa = new IkeSa
        {
            Id = new IkeSaId(from.Long()),
            Line = new IkeSaId(from.Long()),
            ConnectionName = from.Text(),
            State = (IkeSaState)from.Byte(),
            LocalSpi = from.Long(),
            RemoteSpi = from.Long(),
            IsInitiator = from.Bool(),
            IsClient = from.Bool(),
            Local = from.EndPoint(),
            Remote = from.EndPoint(),
            NatHere = from.Bool(),
            NatThere = from.Bool(),
            UdpEncapsulation = from.Bool(),
            Suite = new IkeSuite((EncryptionAlgorithm)from.Short(), from.Short(), (IntegrityAlgorithm)from.Short(), (PrfAlgorithm)from.Short()),
            Group = (KeyExchangeGroup)from.Short(),
        };
        byte[] keys = from.Bytes();
        if (!IkeKeys.TryImport(sa.Suite, keys, out IkeKeys? imported)) return null;
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(keys);
        sa.Keys = imported;
        ReadRest(ref from, sa);
        if (from.IsWhole && sa.State is >= IkeSaState.HalfOpen and <= IkeSaState.Closed && sa.LocalSpi != 0) return sa;
        sa.Release();
        return null;
    }

    private static void ReadRest(ref SnapshotReader from, IkeSa sa)
    {
        sa.PeerIdentity = from.Text();
        sa.Abilities = (IkePeerAbilities)from.Short();
        if (from.Bool()) sa.Handshake = Handshake.Read(ref from);
        sa.NextRequestId = from.Int();
        sa.ExpectedRequestId = from.Int();
        sa.LastAnswer = from.Datagrams();
        sa.LastRequestHash = from.Bytes();
        sa.HighestSync = from.Int();
        if (from.Bool()) sa.Outstanding = OutstandingRequest.Read(ref from);
        for (int left = from.Count(); left > 0 && !from.IsBroken; left--) sa.Children.Add(ChildSa.Read(ref from));
        for (int left = from.Count(); left > 0 && !from.IsBroken; left--) sa.Wanted.Add(ReadWanted(ref from));
        for (int left = from.Count(); left > 0 && !from.IsBroken; left--) sa.Given.Add(from.Address());
        for (int left = from.Count(); left > 0 && !from.IsBroken; left--) sa.Assigned.Add(from.Address());
        sa.RekeyAt = from.Time();
        sa.ExpireAt = from.Time();
        sa.DeleteAt = from.Time();
        sa.DeleteReason = (IkeSaDownReason)from.Byte();
        sa.Successor = from.Long() is var successor and not 0 ? new IkeSaId(successor) : null;
        sa.InheritsFrom = from.Long() is var old and not 0 ? new IkeSaId(old) : null;
        sa.LowestNonce = from.Bytes();
        sa.TemporaryFailures = (int)from.Int();
        sa.UpdateWanted = from.Bool();
        sa.CookieCheckWanted = from.Bool();
        sa.SynchronizeIdsWanted = from.Bool();
        sa.SynchronizeCountersBy = from.Long();
    }

    private static void Write(SnapshotWriter to, WantedChild wanted)
    {
        to.Text(wanted.Policy);
        to.Bool(wanted is { Source: not null, Destination: not null });
        if (wanted is { Source: { } source, Destination: { } destination })
        {
            to.Selector(source);
            to.Selector(destination);
        }

        to.Time(wanted.NotBefore);
        to.Short((ushort)wanted.Group);
    }

    private static WantedChild ReadWanted(ref SnapshotReader from)
    {
        string policy = from.Text();
        bool asked = from.Bool();
        Payloads.TrafficSelector? source = asked ? from.Selector() : null, destination = asked ? from.Selector() : null;
        return new WantedChild(policy, source, destination, from.Time(), (KeyExchangeGroup)from.Short());
    }
}
