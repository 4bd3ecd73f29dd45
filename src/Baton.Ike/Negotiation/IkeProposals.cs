using Baton.Crypto.Ike;
using Baton.Ike.Payloads;

namespace Baton.Ike.Negotiation;

/// <summary>Proposals of IKE SAs: what we offer, what we choose of an offer, and whether an answer is one that we offered (RFC 7296 sections 2.7, 3.3).</summary>
/// <remarks>The responder's order of preference decides; a proposal with a transform type that it may not have is no match, one with an unknown transform only loses that one.</remarks>
public static class IkeProposals
{
    /// <param name="spi">Empty in IKE_SA_INIT, our new SPI in a rekey.</param>
    public static List<Proposal> Offer(IReadOnlyList<IkeProposalPolicy> policy, ReadOnlyMemory<byte> spi)
    {
        var offer = new List<Proposal>(policy.Count);
        foreach (IkeProposalPolicy each in policy)
        {
            var transforms = new List<Transform>();
            foreach (Cipher cipher in each.Ciphers) transforms.Add(TransformCodes.Encryption(cipher));
            foreach (PrfAlgorithm prf in each.Prfs) transforms.Add(new Transform(TransformType.Prf, (ushort)prf, 0));
            foreach (IntegrityAlgorithm integrity in each.Integrity) transforms.Add(new Transform(TransformType.Integrity, (ushort)integrity, 0));
            foreach (KeyExchangeGroup group in each.Groups) transforms.Add(new Transform(TransformType.KeyExchange, (ushort)group, 0));
            offer.Add(new Proposal((byte)(offer.Count + 1), ProtocolId.Ike, spi, transforms));
        }

        return offer;
    }

    /// <summary>False: nothing of the offer is acceptable (NO_PROPOSAL_CHOSEN).</summary>
    /// <param name="offeredGroup">The group of the initiator's KE payload: taken where it is allowed, which saves a round trip.</param>
    public static bool TryChoose(
        IReadOnlyList<IkeProposalPolicy> policy, IReadOnlyList<Proposal> offer, ushort offeredGroup, out Proposal chosen, out IkeSuite suite, out KeyExchangeGroup group)
    {
        foreach (IkeProposalPolicy mine in policy)
        {
            foreach (Proposal theirs in offer)
            {
                if (theirs.Protocol != ProtocolId.Ike || TransformCodes.HasUnknownType(theirs, TransformType.ExtendedSequenceNumbers)) continue;
                if (!TransformCodes.TryCipher(mine.Ciphers, theirs, out Cipher cipher)) continue;
                if (!TransformCodes.TryIntegrity(mine.Integrity, cipher, theirs, out IntegrityAlgorithm integrity)) continue;
                if (!TransformCodes.TryFirst(mine.Prfs, TransformType.Prf, theirs, out PrfAlgorithm prf)) continue;
                if (!TransformCodes.TryGroup(mine.Groups, theirs, offeredGroup, out group)) continue;
                suite = new IkeSuite(cipher.Algorithm, cipher.KeyBits, integrity, prf);
                chosen = Answer(theirs.Number, default, suite, group);
                return true;
            }
        }

        (chosen, suite, group) = (null!, default, default);
        return false;
    }

    /// <summary>Would this policy have agreed to it? In IKE_SA_INIT nobody knows yet whose policy it is (section 2.7).</summary>
    public static bool Allows(IReadOnlyList<IkeProposalPolicy> policy, IkeSuite suite, KeyExchangeGroup group)
    {
        foreach (IkeProposalPolicy each in policy)
        {
            bool hasIntegrity = suite.Integrity == IntegrityAlgorithm.None ? suite.Cipher.IsAead : each.Integrity.Contains(suite.Integrity);
            if (hasIntegrity && each.Ciphers.Contains(new Cipher(suite.Encryption, suite.KeyBits)) && each.Prfs.Contains(suite.Prf) && each.Groups.Contains(group)) return true;
        }

        return false;
    }

    public static Proposal Answer(byte number, ReadOnlyMemory<byte> spi, IkeSuite suite, KeyExchangeGroup group)
    {
        var transforms = new List<Transform>
        {
            TransformCodes.Encryption(new Cipher(suite.Encryption, suite.KeyBits)),
            new(TransformType.Prf, (ushort)suite.Prf, 0),
        };
        if (suite.Integrity != IntegrityAlgorithm.None) transforms.Add(new Transform(TransformType.Integrity, (ushort)suite.Integrity, 0));
        transforms.Add(new Transform(TransformType.KeyExchange, (ushort)group, 0));
        return new Proposal(number, ProtocolId.Ike, spi, transforms);
    }

    /// <summary>As initiator: is the answer one proposal, with one transform of each type, all of which we offered (section 2.7)?</summary>
    public static bool TryAccept(IReadOnlyList<Proposal> offered, IReadOnlyList<Proposal> answer, out IkeSuite suite, out KeyExchangeGroup group)
    {
        (suite, group) = (default, default);
        if (answer is not [{ Protocol: ProtocolId.Ike } chosen] || !TransformCodes.WasOffered(offered, chosen)) return false;
        if (TransformCodes.Single(chosen, TransformType.Encryption) is not { } encryption
            || TransformCodes.Single(chosen, TransformType.Prf) is not { } prf
            || TransformCodes.Single(chosen, TransformType.KeyExchange) is not { } keyExchange) return false;
        IntegrityAlgorithm integrity = TransformCodes.Single(chosen, TransformType.Integrity) is { } one ? (IntegrityAlgorithm)one.Id : IntegrityAlgorithm.None;
        Cipher cipher = TransformCodes.ToCipher(encryption);
        if (cipher.IsAead != (integrity == IntegrityAlgorithm.None)) return false;
        suite = new IkeSuite(cipher.Algorithm, cipher.KeyBits, integrity, (PrfAlgorithm)prf.Id);
        group = (KeyExchangeGroup)keyExchange.Id;
        return true;
    }
}
