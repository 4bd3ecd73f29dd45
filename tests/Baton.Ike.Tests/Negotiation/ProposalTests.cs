using Baton.Crypto.Ike;
using Baton.Ike.Negotiation;
using Baton.Ike.Payloads;

namespace Baton.Ike.Tests.Negotiation;

/// <summary>RFC 7296 sections 2.7 and 3.3, RFC 8221 and 8247.</summary>
public sealed class ProposalTests
{
    private static Transform Gcm(int bits) => new(TransformType.Encryption, 20, bits);

    private static readonly Transform Prf256 = new(TransformType.Prf, 5);
    private static readonly Transform X25519 = new(TransformType.KeyExchange, 31);

    [Fact]
    public void TheRespondersOrderDecidesAndTheOfferedGroupIsTaken()
    {
        Assert.True(IkeProposals.TryChoose(
            IkeProposalPolicy.Defaults, IkeProposals.Offer(IkeProposalPolicy.Defaults, default), (ushort)KeyExchangeGroup.Ecp384, out Proposal answer, out IkeSuite suite, out KeyExchangeGroup group));
        Assert.Equal(KeyExchangeGroup.Ecp384, group);
        Assert.Equal(new IkeSuite(EncryptionAlgorithm.AesGcm16, 256, IntegrityAlgorithm.None, PrfAlgorithm.HmacSha256), suite);
        Assert.True(IkeProposals.TryAccept(IkeProposals.Offer(IkeProposalPolicy.Defaults, default), [answer], out IkeSuite accepted, out _));
        Assert.Equal(suite, accepted);
    }

    public static TheoryData<string, Transform[]> Unacceptable => new()
    {
        { "3DES", [new(TransformType.Encryption, 3), Prf256, new(TransformType.Integrity, 12), X25519] },
        { "SHA-1 as prf", [Gcm(128), new(TransformType.Prf, 2), X25519] },
        { "1024-bit group", [Gcm(128), Prf256, new(TransformType.KeyExchange, 2)] },
        { "CBC with HMAC-SHA-1", [new(TransformType.Encryption, 12, 128), Prf256, new(TransformType.Integrity, 2), X25519] },
        { "CBC without integrity", [new(TransformType.Encryption, 12, 128), Prf256, X25519] },
        { "AEAD with integrity", [Gcm(128), Prf256, new(TransformType.Integrity, 12), X25519] },
        { "no key length", [Gcm(0), Prf256, X25519] },
        { "192 bits", [Gcm(192), Prf256, X25519] },
        { "unknown attribute", [Gcm(128) with { HasUnknownAttribute = true }, Prf256, X25519] },
        { "no prf", [Gcm(128), X25519] },
        { "no group", [Gcm(128), Prf256] },
        { "unknown transform type", [Gcm(128), Prf256, X25519, new((TransformType)77, 1)] },
        { "ESN in an IKE proposal", [Gcm(128), Prf256, X25519, new(TransformType.ExtendedSequenceNumbers, 0)] },
    };

    [Theory, MemberData(nameof(Unacceptable))]
    public void WhatIsWeakOrOutOfPlaceIsNotChosen(string what, Transform[] transforms) =>
        Assert.False(IkeProposals.TryChoose(IkeProposalPolicy.Defaults, [new Proposal(1, ProtocolId.Ike, default, transforms)], 31, out _, out _, out _), what);

    [Fact]
    public void AnAnswerWithWhatWasNotOfferedIsRefused()
    {
        List<Proposal> offer = IkeProposals.Offer([new IkeProposalPolicy([Cipher.AesGcm256], [], [PrfAlgorithm.HmacSha256], [KeyExchangeGroup.Curve25519])], default);
        Assert.False(IkeProposals.TryAccept(offer, [new Proposal(1, ProtocolId.Ike, default, [Gcm(128), Prf256, X25519])], out _, out _));
        Assert.False(IkeProposals.TryAccept(offer, [new Proposal(1, ProtocolId.Ike, default, [Gcm(256), Gcm(256), Prf256, X25519])], out _, out _));
        Assert.False(IkeProposals.TryAccept(offer, [offer[0], offer[0]], out _, out _));
        Assert.False(IkeProposals.TryAccept(offer, [], out _, out _));
        Assert.True(IkeProposals.TryAccept(offer, offer, out _, out _));
    }

    [Theory, InlineData(true, true, true), InlineData(true, false, false), InlineData(false, true, false)]
    public void EsnIsTakenWhereBothHaveIt(bool offered, bool ours, bool taken)
    {
        List<Proposal> offer = ChildProposals.Offer([new ChildProposalPolicy([Cipher.AesGcm128], [], [], offered ? [true, false] : [false])], new byte[] { 1, 2, 3, 4 }, true);
        Assert.True(ChildProposals.TryChoose([new ChildProposalPolicy([Cipher.AesGcm128], [], [], ours ? [true, false] : [false])], offer, true, 0, 0x7777_7777, out _, out ChildSuite suite, out KeyExchangeGroup? group, out uint spi));
        Assert.Equal((taken, 0x01020304u), (suite.Esn, spi));
        Assert.Null(group);
    }

    [Fact]
    public void ForwardSecrecyThatWeDoNotAskForIsGivenAndThatWeDoIsRequired()
    {
        byte[] spi = [1, 2, 3, 4];
        ChildProposalPolicy without = new([Cipher.AesGcm128], [], [], [true]), with = without with { Groups = [KeyExchangeGroup.Ecp256] };
        Assert.True(ChildProposals.TryChoose([without], ChildProposals.Offer([with], spi, true), true, 19, 256, out _, out _, out KeyExchangeGroup? group, out _));
        Assert.Equal(KeyExchangeGroup.Ecp256, group);
        Assert.False(ChildProposals.TryChoose([with], ChildProposals.Offer([without], spi, true), true, 0, 256, out _, out _, out _, out _));
        Assert.True(ChildProposals.TryChoose([with], ChildProposals.Offer([without], spi, false), false, 0, 256, out _, out _, out _, out _));      // IKE_AUTH
    }
}
