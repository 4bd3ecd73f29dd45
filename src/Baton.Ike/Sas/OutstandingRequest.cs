using System.Security.Cryptography;
using Baton.Crypto.Ike;
using Baton.Ike.Messages;
using Baton.Ike.Payloads;
using Baton.Wire;

namespace Baton.Ike.Sas;

/// <summary>What our request under way asks for; says who takes the answer.</summary>
internal enum RequestKind : byte
{
    SaInit = 1,
    Auth = 2,
    NewChild = 3,
    RekeyChild = 4,
    RekeyIke = 5,
    DeleteChildren = 6,
    DeleteIke = 7,
    Probe = 8,
    UpdateAddresses = 9,
    CookieCheck = 10,
    SynchronizeIds = 11,
    SynchronizeCounters = 12,
}

/// <summary>Our one request that has no answer yet (window 1, RFC 7296 section 2.3): its bytes, and every secret that its answer will need.</summary>
internal sealed class OutstandingRequest
{
    public required RequestKind Kind { get; init; }

    public required uint MessageId { get; init; }

    /// <summary>As they were sealed: a repetition, also by a successor, is these bytes again (DESIGN "IKE").</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> Datagrams { get; set; }

    /// <summary>NewChild, RekeyChild and Auth.</summary>
    public ChildOffer? Child { get; init; }

    /// <summary>RekeyIke.</summary>
    public IkeOffer? Ike { get; init; }

    /// <summary>DeleteChildren: those named in the request.</summary>
    public IReadOnlyList<ChildSaId> Children { get; init; } = [];

    /// <summary>COOKIE2 of MOBIKE, or the nonce of a synchronization.</summary>
    public byte[] Cookie { get; init; } = [];

    /// <summary>SynchronizeIds: M1 and P1 (RFC 6311 section 5.1).</summary>
    public uint NextSend { get; init; }

    public uint NextReceive { get; init; }

    public ExchangeType ExchangeType => Kind switch
    {
        RequestKind.SaInit => ExchangeType.IkeSaInit,
        RequestKind.Auth => ExchangeType.IkeAuth,
        RequestKind.NewChild or RequestKind.RekeyChild or RequestKind.RekeyIke => ExchangeType.CreateChildSa,
        _ => ExchangeType.Informational,
    };

    // Of this process, not of the record: a successor starts over.
    public int Attempts { get; set; }

    public Instant ResendAt { get; set; } = Instant.Never;

    public void Write(SnapshotWriter to)
    {
        to.Byte((byte)Kind);
        to.Int(MessageId);
        to.List(Datagrams, each => to.Bytes(each.Span));
        to.Bool(Child is not null);
        Child?.Write(to);
        to.Bool(Ike is not null);
        Ike?.Write(to);
        to.List(Children, each => to.Long(each.Value));
        to.Bytes(Cookie);
        to.Int(NextSend);
        to.Int(NextReceive);
    }

    public static OutstandingRequest Read(ref SnapshotReader from)
    {
        (byte kind, uint id, var datagrams) = (from.Byte(), from.Int(), from.Datagrams());
        ChildOffer? child = from.Bool() ? ChildOffer.Read(ref from) : null;
        IkeOffer? ike = from.Bool() ? IkeOffer.Read(ref from) : null;
        var children = new List<ChildSaId>();
        for (int left = from.Count(); left > 0 && !from.IsBroken; left--) children.Add(new ChildSaId(from.Long()));
        return new OutstandingRequest
        {
            Kind = (RequestKind)kind, MessageId = id, Datagrams = datagrams, Child = child, Ike = ike, Children = children,
            Cookie = from.Bytes(), NextSend = from.Int(), NextReceive = from.Int(),
        };
    }

    public void Wipe()
    {
        Child?.Wipe();
        Ike?.Wipe();
    }
}

/// <summary>A child SA that we asked for.</summary>
internal sealed class ChildOffer
{
    public required ChildSaId Id { get; init; }

    public required string Policy { get; init; }

    public required uint Spi { get; init; }

    public required byte[] Nonce { get; init; }

    /// <summary>0: no key exchange (without forward secrecy, or in IKE_AUTH).</summary>
    public KeyExchangeGroup Group { get; init; }

    public byte[] Private { get; init; } = [];

    public required IReadOnlyList<Proposal> Proposals { get; init; }

    public required IReadOnlyList<TrafficSelector> Local { get; init; }

    public required IReadOnlyList<TrafficSelector> Remote { get; init; }

    public ChildMode Mode { get; init; }

    /// <summary>RekeyChild: the SA that the new one takes the place of.</summary>
    public ChildSaId? Rekeys { get; init; }

    /// <summary>While we asked, the peer rekeyed the same SA, and this came of it (RFC 7296 section 2.8.1).</summary>
    public ChildSaId? CollidedWith { get; set; }

    /// <summary>SPIs of the peer that it deleted while we asked, and that we do not know: what the answer makes may be over already.</summary>
    public List<uint> DeletedByPeer { get; } = [];

    public void Wipe() => CryptographicOperations.ZeroMemory(Private);

    public void Write(SnapshotWriter to)
    {
        to.Long(Id.Value);
        to.Text(Policy);
        to.Int(Spi);
        to.Bytes(Nonce);
        to.Short((ushort)Group);
        to.Bytes(Private);
        to.List(Proposals, to.Proposal);
        to.List(Local, to.Selector);
        to.List(Remote, to.Selector);
        to.Byte((byte)Mode);
        to.Long(Rekeys?.Value ?? 0);
        to.Long(CollidedWith?.Value ?? 0);
        to.List(DeletedByPeer, to.Int);
    }

    public static ChildOffer Read(ref SnapshotReader from)
    {
        ChildOffer offer = ReadFields(ref from);
        for (int left = from.Count(); left > 0 && !from.IsBroken; left--) offer.DeletedByPeer.Add(from.Int());
        return offer;
    }

    private static ChildOffer ReadFields(ref SnapshotReader from) => new()
    {
        Id = new ChildSaId(from.Long()),
        Policy = from.Text(),
        Spi = from.Int(),
        Nonce = from.Bytes(),
        Group = (KeyExchangeGroup)from.Short(),
        Private = from.Bytes(),
        Proposals = from.Proposals(),
        Local = from.Selectors(),
        Remote = from.Selectors(),
        Mode = (ChildMode)from.Byte(),
        Rekeys = from.Long() is var rekeys and not 0 ? new ChildSaId(rekeys) : null,
        CollidedWith = from.Long() is var other and not 0 ? new ChildSaId(other) : null,
    };
}

/// <summary>A successor of the IKE SA that we asked for.</summary>
internal sealed class IkeOffer
{
    public required IkeSaId Id { get; init; }

    public required ulong Spi { get; init; }

    public required byte[] Nonce { get; init; }

    public required KeyExchangeGroup Group { get; init; }

    public required byte[] Private { get; init; }

    public required IReadOnlyList<Proposal> Proposals { get; init; }

    /// <summary>While we asked, the peer rekeyed the IKE SA too, and this came of it (RFC 7296 section 2.8.2).</summary>
    public IkeSaId? CollidedWith { get; set; }

    public void Wipe() => CryptographicOperations.ZeroMemory(Private);

    public void Write(SnapshotWriter to)
    {
        to.Long(Id.Value);
        to.Long(Spi);
        to.Bytes(Nonce);
        to.Short((ushort)Group);
        to.Bytes(Private);
        to.List(Proposals, to.Proposal);
        to.Long(CollidedWith?.Value ?? 0);
    }

    public static IkeOffer Read(ref SnapshotReader from) => new()
    {
        Id = new IkeSaId(from.Long()),
        Spi = from.Long(),
        Nonce = from.Bytes(),
        Group = (KeyExchangeGroup)from.Short(),
        Private = from.Bytes(),
        Proposals = from.Proposals(),
        CollidedWith = from.Long() is var other and not 0 ? new IkeSaId(other) : null,
    };
}
