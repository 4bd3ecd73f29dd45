using Baton.Crypto.Ike;

namespace Baton.Ike.Sas;

/// <summary>What IKE_SA_INIT leaves behind for IKE_AUTH (RFC 7296 section 2.15): each side signs its own first message and the other's nonce.</summary>
internal sealed class Handshake : IDisposable
{
    public byte[] InitRequest { get; set; } = [];

    public byte[] InitAnswer { get; set; } = [];

    public byte[] NonceI { get; set; } = [];

    public byte[] NonceR { get; set; } = [];

    /// <summary>Hash algorithms of the peer's signatures (RFC 7427 section 4); empty: it did not say.</summary>
    public IReadOnlyList<ushort> PeerHashes { get; set; } = [];

    // Only while Connecting, and so never in a record:
    public KeyExchange? KeyExchange { get; set; }

    /// <summary>The packet that brings it up; null: nobody waits.</summary>
    public WantedChild? First { get; init; }

    public byte[] Cookie { get; set; } = [];

    /// <summary>Answers that made us start the request anew (cookie, other group): bounded.</summary>
    public int Restarts { get; set; }

    public void Dispose() => KeyExchange?.Dispose();

    public void Write(SnapshotWriter to)
    {
        to.Bytes(InitRequest);
        to.Bytes(InitAnswer);
        to.Bytes(NonceI);
        to.Bytes(NonceR);
        to.List(PeerHashes, to.Short);
    }

    public static Handshake Read(ref SnapshotReader from)
    {
        var handshake = new Handshake { InitRequest = from.Bytes(), InitAnswer = from.Bytes(), NonceI = from.Bytes(), NonceR = from.Bytes() };
        var hashes = new List<ushort>();
        for (int left = from.Count(); left > 0 && !from.IsBroken; left--) hashes.Add(from.Short());
        handshake.PeerHashes = hashes;
        return handshake;
    }
}
