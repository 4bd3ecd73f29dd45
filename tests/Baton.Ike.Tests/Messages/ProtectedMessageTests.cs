using System.Buffers.Binary;
using Baton.Crypto.Ike;
using Baton.Ike.Messages;
using Baton.Ike.Payloads;
using Baton.Ike.Tests.Payloads;
using CsCheck;

namespace Baton.Ike.Tests.Messages;

public sealed class ProtectedMessageTests
{
    private static readonly IkeHeader Header = new(new IkeSpi(1), new IkeSpi(2), ExchangeType.IkeAuth, IkeFlags.Initiator, new MessageId(1));

    private static readonly IkeCipherSuite[] AllSuites =
    [
        new(EncryptionAlgorithm.AesGcm16, 128, IntegrityAlgorithm.None),
        new(EncryptionAlgorithm.AesGcm16, 256, IntegrityAlgorithm.None),
        new(EncryptionAlgorithm.ChaCha20Poly1305, 0, IntegrityAlgorithm.None),
        new(EncryptionAlgorithm.AesCbc, 128, IntegrityAlgorithm.HmacSha256),
        new(EncryptionAlgorithm.AesCbc, 256, IntegrityAlgorithm.HmacSha512),
    ];

    public static TheoryData<int> Suites => [.. Enumerable.Range(0, AllSuites.Length)];

    [Theory, MemberData(nameof(Suites))]
    public void WhatIsSealedOpens(int suite)
    {
        using IkeCipher cipher = Cipher(suite);
        PayloadGen.Payload.List[0, 8].Sample(payloads =>
        {
            var ivs = new CountingIvs();
            Assert.Equal(SealVerdict.Sealed, ProtectedMessage.Seal(Header, payloads, cipher, ivs, IkeMessage.MaximumLength, out IReadOnlyList<byte[]> datagrams));
            Assert.Equal(1ul, ivs.Taken);
            OpenedMessage opened = ProtectedMessage.Open(Assert.Single(datagrams), cipher);
            Assert.Equal(IkeParseVerdict.Parsed, opened.Verdict);
            Assert.True(opened.IsAuthentic);
            Assert.Null(opened.Fragment);
            Assert.Equal(PayloadText.Of(payloads), PayloadText.Of(opened.Message!.Payloads));
            Assert.Equal(Header with { NextPayload = PayloadType.Encrypted }, opened.Message.Header);
        }, threads: 1);
    }

    [Theory, MemberData(nameof(Suites))]
    public void EveryByteIsAuthenticated(int suite)
    {
        using IkeCipher cipher = Cipher(suite);
        foreach (int maximum in (int[])[IkeMessage.MaximumLength, 180])
        {
            Assert.Equal(SealVerdict.Sealed, ProtectedMessage.Seal(Header, [new NoncePayload(new byte[200])], cipher, new CountingIvs(), maximum, out IReadOnlyList<byte[]> datagrams));
            foreach (byte[] datagram in datagrams)
            {
                for (int at = 0; at < datagram.Length; at++)
                {
                    if (at is 17 or 19)
                        continue;                       // minor version and reserved flags, below
                    byte[] forged = [.. datagram];
                    forged[at] ^= 1;
                    OpenedMessage opened = ProtectedMessage.Open(forged, cipher);
                    Assert.False(opened.IsAuthentic, $"byte {at} of {datagram.Length}");
                    Assert.NotEqual(IkeParseVerdict.Parsed, opened.Verdict);
                }

                foreach (int at in (int[])[17, 19])
                {
                    byte[] forged = [.. datagram];
                    forged[at] ^= 1;                    // not looked at, but under the ICV like all the rest
                    Assert.Equal(IkeParseVerdict.BadIcv, ProtectedMessage.Open(forged, cipher).Verdict);
                }
            }
        }
    }

    [Theory, MemberData(nameof(Suites))]
    public void FragmentsFitAndComeTogetherInAnyOrder(int suite)
    {
        using IkeCipher cipher = Cipher(suite);
        Gen.Select(PayloadGen.Payload.List[4, 12], Gen.Int[150, 600], Gen.Int).Sample((payloads, maximum, seed) =>
        {
            var ivs = new CountingIvs();
            Assert.Equal(SealVerdict.Sealed, ProtectedMessage.Seal(Header, payloads, cipher, ivs, maximum, out IReadOnlyList<byte[]> datagrams));
            Assert.Equal((ulong)datagrams.Count, ivs.Taken);
            Assert.All(datagrams, datagram => Assert.True(datagram.Length <= maximum));
            byte[][] shuffled = [.. datagrams];
            new Random(seed).Shuffle(shuffled);
            var reassembler = new FragmentReassembler();
            IkeMessage? whole = null;
            for (int i = 0; i < shuffled.Length; i++)
            {
                Assert.Null(whole);
                OpenedMessage opened = ProtectedMessage.Open(shuffled[i], cipher);
                Assert.Equal(IkeParseVerdict.Parsed, opened.Verdict);
                if (datagrams.Count == 1)
                {
                    whole = opened.Message;
                    continue;
                }

                Assert.True(ProtectedMessage.TryPeekFragment(shuffled[i], out ushort number, out ushort total));
                Assert.Equal(datagrams.Count, total);
                Assert.True(reassembler.Wants(Header.MessageId, number, total));
                FragmentVerdict verdict = reassembler.Add(opened.Fragment!, out OpenedMessage complete);
                Assert.Equal(i + 1 < shuffled.Length ? FragmentVerdict.Stored : FragmentVerdict.Complete, verdict);
                whole = complete.Message;
            }

            Assert.Equal(PayloadText.Of(payloads), PayloadText.Of(whole!.Payloads));
            Assert.Equal(0, reassembler.HeldBytes);
        }, threads: 1);
    }

    /// <summary>RFC 7383 2.5: the first inner payload's type only in fragment 1; numbers from 1.</summary>
    [Fact]
    public void FragmentsCarryTheFieldsOfTheRfc()
    {
        using IkeCipher cipher = Cipher(0);
        ProtectedMessage.Seal(Header, [new NoncePayload(new byte[256])], cipher, new CountingIvs(), 200, out IReadOnlyList<byte[]> datagrams);
        Assert.Equal(2, datagrams.Count);
        for (int i = 0; i < 2; i++)
        {
            ReadOnlySpan<byte> payload = datagrams[i].AsSpan(IkeHeader.Size);
            Assert.Equal((byte)PayloadType.EncryptedFragment, datagrams[i][16]);
            Assert.Equal(i == 0 ? (byte)PayloadType.Nonce : 0, payload[0]);
            Assert.Equal(i + 1, BinaryPrimitives.ReadUInt16BigEndian(payload[4..]));
            Assert.Equal(2, BinaryPrimitives.ReadUInt16BigEndian(payload[6..]));
            Assert.Equal((ulong)i + 1, BinaryPrimitives.ReadUInt64BigEndian(payload[8..]));     // each its own IV, the number itself
        }
    }

    [Fact]
    public void WithoutIvNothingIsSealed()
    {
        using IkeCipher cipher = Cipher(0);
        Assert.Equal(SealVerdict.NoIv, ProtectedMessage.Seal(Header, [], cipher, new CountingIvs(0), 1_000, out IReadOnlyList<byte[]> datagrams));
        Assert.Empty(datagrams);
        Assert.Equal(SealVerdict.NoIv, ProtectedMessage.Seal(Header, [new NoncePayload(new byte[256])], cipher, new CountingIvs(1), 200, out datagrams));
        Assert.Empty(datagrams);
    }

    [Fact]
    public void WhatCannotBeCarriedIsTooLong()
    {
        using IkeCipher cipher = Cipher(3);
        Payload[] large = [new CertPayload(CertificateEncoding.X509Signature, new byte[40_000]), new CertPayload(CertificateEncoding.X509Signature, new byte[40_000])];
        var ivs = new CountingIvs();
        Assert.Equal(SealVerdict.TooLong, ProtectedMessage.Seal(Header, large, cipher, ivs, 250, out IReadOnlyList<byte[]> datagrams));
        Assert.Equal(SealVerdict.TooLong, ProtectedMessage.Seal(Header, large, cipher, ivs, 60, out datagrams));
        Assert.Empty(datagrams);
        Assert.Equal(0ul, ivs.Taken);
        Assert.Equal(SealVerdict.Sealed, ProtectedMessage.Seal(Header, large, cipher, ivs, 1_200, out datagrams));
        Assert.True(datagrams.Count > 60);
    }

    [Fact]
    public void AnyPaddingIsTakenAndTooMuchIsNot()
    {
        using IkeCipher cipher = Cipher(0);
        for (int padding = 0; padding < 40; padding++)
        {
            OpenedMessage opened = ProtectedMessage.Open(Lay(cipher, text: 30, padding), cipher);
            Assert.True(opened.IsAuthentic);
            IkeParseVerdict expected = padding switch
            {
                < 29 => IkeParseVerdict.TrailingBytes,  // zeros that no payload claims
                29 => IkeParseVerdict.Parsed,           // all of it is padding: no payloads
                _ => IkeParseVerdict.BadPadding,
            };
            Assert.Equal(expected, opened.Verdict);
        }
    }

    /// <summary>What stands in front of the Encrypted payload is authenticated and handed out apart (RFC 7296 3.14).</summary>
    [Theory, MemberData(nameof(Suites))]
    public void UnprotectedPayloadsAreHandedOutApart(int suite)
    {
        using IkeCipher cipher = Cipher(suite);
        ProtectedMessage.Seal(Header, [new NoncePayload(new byte[16])], cipher, new CountingIvs(), 1_000, out IReadOnlyList<byte[]> datagrams);
        byte[] inFront = IkeMessageWriter.Write(Header, [new VendorIdPayload(new byte[] { 1, 2 })])[IkeHeader.Size..];
        inFront[0] = (byte)PayloadType.Encrypted;
        int headerEnd = IkeHeader.Size + inFront.Length + 4;
        byte[] message = [.. datagrams[0].AsSpan(0, IkeHeader.Size), .. inFront, .. datagrams[0].AsSpan(IkeHeader.Size)];
        message[16] = (byte)PayloadType.VendorId;
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(24), (uint)message.Length);
        Assert.Equal(IkeParseVerdict.BadIcv, ProtectedMessage.Open(message, cipher).Verdict);
        byte[] inner = [.. IkeMessageWriter.Write(Header, [new NoncePayload(new byte[16])])[IkeHeader.Size..]];
        Span<byte> text = message.AsSpan((headerEnd + cipher.IvLength)..^cipher.IcvLength);
        text.Clear();
        inner.CopyTo(text);
        text[^1] = (byte)(text.Length - inner.Length - 1);
        cipher.Seal(message, headerEnd, 77);
        OpenedMessage opened = ProtectedMessage.Open(message, cipher);
        Assert.Equal(IkeParseVerdict.Parsed, opened.Verdict);
        Assert.Equal("0102", Convert.ToHexString(Assert.IsType<VendorIdPayload>(Assert.Single(opened.Message!.Unprotected)).Data.Span));
        Assert.IsType<NoncePayload>(Assert.Single(opened.Message.Payloads));
    }

    [Fact]
    public void OtherDatagramsAreRefusedBeforeTheCipherIsAsked()
    {
        using IkeCipher cipher = Cipher(0);
        Assert.Equal(IkeParseVerdict.NotEncrypted, ProtectedMessage.Open(IkeMessageWriter.Write(Header, [new VendorIdPayload(default)]), cipher).Verdict);
        Assert.Equal(IkeParseVerdict.NotEncrypted, ProtectedMessage.Open(IkeMessageWriter.Write(Header, []), cipher).Verdict);
        Assert.Equal(IkeParseVerdict.UnexpectedEncrypted, ProtectedMessage.Open(
            IkeMessageWriter.Write(Header, [new UnknownPayload(PayloadType.Encrypted, false, new byte[40]), new VendorIdPayload(default)]), cipher).Verdict);
        Assert.Equal(IkeParseVerdict.EncryptedLength, ProtectedMessage.Open(
            IkeMessageWriter.Write(Header, [new UnknownPayload(PayloadType.Encrypted, false, new byte[24])]), cipher).Verdict);
        Assert.Equal(IkeParseVerdict.BadIcv, ProtectedMessage.Open(
            IkeMessageWriter.Write(Header, [new UnknownPayload(PayloadType.Encrypted, false, new byte[25])]), cipher).Verdict);
    }

    [Theory] // RFC 7383 2.6
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(3, 2)]
    [InlineData(1, ProtectedMessage.MaximumFragments + 1)]
    public void ImpossibleFragmentNumbersAreRefused(int number, int total)
    {
        using IkeCipher cipher = Cipher(0);
        byte[] body = [(byte)(number >> 8), (byte)number, (byte)(total >> 8), (byte)total, .. new byte[40]];
        byte[] datagram = IkeMessageWriter.Write(Header, [new UnknownPayload(PayloadType.EncryptedFragment, false, body)]);
        Assert.Equal(IkeParseVerdict.BadFragment, ProtectedMessage.Open(datagram, cipher).Verdict);
        Assert.False(ProtectedMessage.TryPeekFragment(datagram, out _, out _));
    }

    [Fact]
    public void CountersAreOneAVerdict()
    {
        var counters = new IkeCounters();
        counters.Count(IkeParseVerdict.BadIcv);
        counters.Count(IkeParseVerdict.BadIcv);
        counters.Count(IkeParseVerdict.Runt);
        Assert.Equal(2, counters[IkeParseVerdict.BadIcv]);
        Assert.Equal(1, counters[IkeParseVerdict.Runt]);
        Assert.Equal(0, counters[IkeParseVerdict.Parsed]);
    }

    /// <summary>An authentic message of zeros without payloads, whose pad length says what it is told to.</summary>
    private static byte[] Lay(IkeCipher cipher, int text, int padding)
    {
        byte[] datagram = IkeMessageWriter.Write(
            Header with { Exchange = ExchangeType.Informational }, [new UnknownPayload(PayloadType.Encrypted, false, new byte[cipher.IvLength + text + cipher.IcvLength])]);
        datagram[^(cipher.IcvLength + 1)] = (byte)padding;
        cipher.Seal(datagram, IkeHeader.Size + 4, 9);
        return datagram;
    }

    private static IkeCipher Cipher(int index)
    {
        IkeCipherSuite suite = AllSuites[index];
        return new IkeCipher(suite, new byte[suite.EncryptionKeyLength], new byte[suite.IntegrityKeyLength]);
    }
}
