using Baton.Crypto.Ike;
using Baton.Ike.Payloads;

namespace Baton.Ike.Negotiation;

/// <summary>Between the transforms of the wire and our names for them.</summary>
internal static class TransformCodes
{
    /// <summary>AES names its key length (section 3.3.5); ChaCha20 has one length and must not (RFC 7634 section 4).</summary>
    public static Transform Encryption(Cipher cipher) =>
        new(TransformType.Encryption, (ushort)cipher.Algorithm, cipher.Algorithm == EncryptionAlgorithm.ChaCha20Poly1305 ? 0 : cipher.KeyBits);

    public static Cipher ToCipher(Transform transform) =>
        new((EncryptionAlgorithm)transform.Id, (EncryptionAlgorithm)transform.Id == EncryptionAlgorithm.ChaCha20Poly1305 ? 256 : transform.KeyBits);

    public static bool Has(Proposal proposal, TransformType type)
    {
        foreach (Transform each in proposal.Transforms)
        {
            if (each.Type == type) return true;
        }

        return false;
    }

    public static bool Has(Proposal proposal, TransformType type, ushort id)
    {
        foreach (Transform each in proposal.Transforms)
        {
            if (each.Type == type && each.Id == id) return true;
        }

        return false;
    }

    /// <summary>Null: none, or more than one.</summary>
    public static Transform? Single(Proposal proposal, TransformType type)
    {
        Transform? found = null;
        foreach (Transform each in proposal.Transforms)
        {
            if (each.Type != type) continue;
            if (found is not null) return null;
            found = each;
        }

        return found;
    }

    /// <summary>A transform type that we do not know, or that has no place in this protocol, makes the proposal unacceptable (section 3.3.6).</summary>
    public static bool HasUnknownType(Proposal proposal, TransformType outOfPlace)
    {
        foreach (Transform each in proposal.Transforms)
        {
            if (each.Type is < TransformType.Encryption or > TransformType.ExtendedSequenceNumbers || each.Type == outOfPlace) return true;
        }

        return false;
    }

    public static bool TryCipher(IReadOnlyList<Cipher> mine, Proposal theirs, out Cipher cipher)
    {
        foreach (Cipher each in mine)
        {
            Transform wanted = Encryption(each);
            foreach (Transform offered in theirs.Transforms)
            {
                if (offered != wanted) continue;
                cipher = each;
                return true;
            }
        }

        cipher = default;
        return false;
    }

    /// <summary>An AEAD wants no integrity transform, or NONE; every other cipher wants one.</summary>
    public static bool TryIntegrity(IReadOnlyList<IntegrityAlgorithm> mine, Cipher cipher, Proposal theirs, out IntegrityAlgorithm integrity)
    {
        integrity = IntegrityAlgorithm.None;
        if (cipher.IsAead) return !Has(theirs, TransformType.Integrity) || Has(theirs, TransformType.Integrity, 0);
        return TryFirst(mine, TransformType.Integrity, theirs, out integrity) && integrity != IntegrityAlgorithm.None;
    }

    public static bool TryFirst<T>(IReadOnlyList<T> mine, TransformType type, Proposal theirs, out T found)
        where T : struct, Enum
    {
        foreach (T each in mine)
        {
            if (!Has(theirs, type, Convert.ToUInt16(each, null))) continue;
            found = each;
            return true;
        }

        found = default;
        return false;
    }

    /// <summary>The group of the KE payload where we allow it, else the one that we like best of those offered.</summary>
    public static bool TryGroup(IReadOnlyList<KeyExchangeGroup> mine, Proposal theirs, ushort offeredGroup, out KeyExchangeGroup group)
    {
        foreach (KeyExchangeGroup each in mine)
        {
            if ((ushort)each != offeredGroup || !Has(theirs, TransformType.KeyExchange, offeredGroup)) continue;
            group = each;
            return true;
        }

        return TryFirst(mine, TransformType.KeyExchange, theirs, out group);
    }

    /// <summary>Every transform of the answer stands in the offered proposal of the same number.</summary>
    public static bool WasOffered(IReadOnlyList<Proposal> offered, Proposal chosen)
    {
        foreach (Proposal each in offered)
        {
            if (each.Number != chosen.Number || each.Protocol != chosen.Protocol) continue;
            foreach (Transform transform in chosen.Transforms)
            {
                bool none = transform.Type is TransformType.Integrity or TransformType.KeyExchange && transform.Id == 0;
                if (!none && !each.Transforms.Contains(transform)) return false;
            }

            return true;
        }

        return false;
    }
}
