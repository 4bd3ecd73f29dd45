using Baton.Crypto.Ike;
using Baton.Ike.Payloads;

namespace Baton.Ike.Negotiation;

/// <summary>Proposals of child SAs, ESP only (RFC 7296 section 3.3).</summary>
public static class ChildProposals
{
    private const ushort NoEsn = 0;
    private const ushort WithEsn = 1;

    /// <param name="withGroups">False in IKE_AUTH, where there is no key exchange for the child (section 1.2).</param>
    public static List<Proposal> Offer(IReadOnlyList<ChildProposalPolicy> policy, ReadOnlyMemory<byte> spi, bool withGroups)
    {
        var offer = new List<Proposal>(policy.Count);
        foreach (ChildProposalPolicy each in policy)
        {
            var transforms = new List<Transform>();
            foreach (Cipher cipher in each.Ciphers) transforms.Add(TransformCodes.Encryption(cipher));
            foreach (IntegrityAlgorithm integrity in each.Integrity) transforms.Add(new Transform(TransformType.Integrity, (ushort)integrity, 0));
            if (withGroups)
            {
                foreach (KeyExchangeGroup group in each.Groups) transforms.Add(new Transform(TransformType.KeyExchange, (ushort)group, 0));
            }

            foreach (bool esn in each.Esn) transforms.Add(new Transform(TransformType.ExtendedSequenceNumbers, esn ? WithEsn : NoEsn, 0));
            offer.Add(new Proposal((byte)(offer.Count + 1), ProtocolId.Esp, spi, transforms));
        }

        return offer;
    }

    /// <summary>Chooses with the responder's preference. False: NO_PROPOSAL_CHOSEN.</summary>
    /// <param name="withGroups">False in IKE_AUTH: groups of the offer are not looked at.</param>
    /// <param name="offeredGroup">Group of the KE payload, 0 without one.</param>
    /// <param name="group">Null: without perfect forward secrecy.</param>
    /// <param name="peerSpi">The initiator's inbound SPI, from the chosen proposal.</param>
    public static bool TryChoose(
        IReadOnlyList<ChildProposalPolicy> policy, IReadOnlyList<Proposal> offer, bool withGroups, ushort offeredGroup, uint ourSpi,
        out Proposal answer, out ChildSuite suite, out KeyExchangeGroup? group, out uint peerSpi)
    {
        foreach (ChildProposalPolicy mine in policy)
        {
            foreach (Proposal theirs in offer)
            {
                if (theirs.Protocol != ProtocolId.Esp || !SpiBytes.TryRead(theirs.Spi.Span, out peerSpi)) continue;
                if (TransformCodes.HasUnknownType(theirs, TransformType.Prf)) continue;
                if (!TransformCodes.TryCipher(mine.Ciphers, theirs, out Cipher cipher)) continue;
                if (!TransformCodes.TryIntegrity(mine.Integrity, cipher, theirs, out IntegrityAlgorithm integrity)) continue;
                if (!TryEsn(mine.Esn, theirs, out bool esn)) continue;
                group = null;
                if (withGroups && !TryGroup(mine.Groups, theirs, offeredGroup, out group)) continue;
                suite = new ChildSuite(cipher.Algorithm, cipher.KeyBits, integrity, esn);
                answer = Answer(theirs.Number, ourSpi, suite, group);
                return true;
            }
        }

        (answer, suite, group, peerSpi) = (null!, default, null, 0);
        return false;
    }

    /// <summary>As initiator: one proposal of those offered, one transform of each type.</summary>
    public static bool TryAccept(IReadOnlyList<Proposal> offered, IReadOnlyList<Proposal> answer, out ChildSuite suite, out KeyExchangeGroup? group, out uint peerSpi)
    {
        (suite, group, peerSpi) = (default, null, 0);
        if (answer is not [{ Protocol: ProtocolId.Esp } chosen] || !SpiBytes.TryRead(chosen.Spi.Span, out peerSpi)) return false;
        if (!TransformCodes.WasOffered(offered, chosen) || TransformCodes.Single(chosen, TransformType.Encryption) is not { } encryption) return false;
        IntegrityAlgorithm integrity = TransformCodes.Single(chosen, TransformType.Integrity) is { } one ? (IntegrityAlgorithm)one.Id : IntegrityAlgorithm.None;
        Cipher cipher = TransformCodes.ToCipher(encryption);
        if (cipher.IsAead != (integrity == IntegrityAlgorithm.None)) return false;
        bool esn = TransformCodes.Single(chosen, TransformType.ExtendedSequenceNumbers) is { Id: WithEsn };
        if (TransformCodes.Single(chosen, TransformType.KeyExchange) is { Id: not 0 } keyExchange) group = (KeyExchangeGroup)keyExchange.Id;
        suite = new ChildSuite(cipher.Algorithm, cipher.KeyBits, integrity, esn);
        return true;
    }

    private static Proposal Answer(byte number, uint spi, ChildSuite suite, KeyExchangeGroup? group)
    {
        var transforms = new List<Transform> { TransformCodes.Encryption(new Cipher(suite.Encryption, suite.KeyBits)) };
        if (suite.Integrity != IntegrityAlgorithm.None) transforms.Add(new Transform(TransformType.Integrity, (ushort)suite.Integrity, 0));
        if (group is { } one) transforms.Add(new Transform(TransformType.KeyExchange, (ushort)one, 0));
        transforms.Add(new Transform(TransformType.ExtendedSequenceNumbers, suite.Esn ? WithEsn : NoEsn, 0));
        return new Proposal(number, ProtocolId.Esp, SpiBytes.Write(spi), transforms);
    }

    /// <summary>A proposal without the transform means 32 bits to some peers, though RFC 7296 section 3.3.3 asks for it.</summary>
    private static bool TryEsn(IReadOnlyList<bool> mine, Proposal theirs, out bool esn)
    {
        bool named = TransformCodes.Has(theirs, TransformType.ExtendedSequenceNumbers);
        foreach (bool wanted in mine)
        {
            esn = wanted;
            if (named ? TransformCodes.Has(theirs, TransformType.ExtendedSequenceNumbers, wanted ? WithEsn : NoEsn) : !wanted) return true;
        }

        esn = false;
        return false;
    }

    private static bool TryGroup(IReadOnlyList<KeyExchangeGroup> mine, Proposal theirs, ushort offeredGroup, out KeyExchangeGroup? group)
    {
        group = null;
        bool theyAsk = TransformCodes.Has(theirs, TransformType.KeyExchange);
        bool noneIsFine = !theyAsk || TransformCodes.Has(theirs, TransformType.KeyExchange, 0);
        if (mine.Count == 0) return noneIsFine || TryAny(theirs, offeredGroup, out group);
        if (!TransformCodes.TryGroup(mine, theirs, offeredGroup, out KeyExchangeGroup found)) return false;
        group = found;
        return true;
    }

    /// <summary>We need no forward secrecy here, but a peer that wants it may have it with any group that we know.</summary>
    private static bool TryAny(Proposal theirs, ushort offeredGroup, out KeyExchangeGroup? group)
    {
        group = null;
        if (!TransformCodes.TryGroup(Enum.GetValues<KeyExchangeGroup>(), theirs, offeredGroup, out KeyExchangeGroup found)) return false;
        group = found;
        return true;
    }
}
