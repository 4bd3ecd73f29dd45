using System.Buffers.Binary;
using System.Security.Cryptography.X509Certificates;
using Baton.Crypto.Ike;
using Baton.Crypto.Ike.Certificates;
using Baton.Crypto.Ike.Signatures;
using Baton.Ike.Messages;
using Baton.Ike.Payloads;

namespace Baton.Ike.Tests.Captures;

/// <summary>What a peer that we did not write put on the wire: read, written again to the same bytes, and its secrets and signatures computed anew.</summary>
public sealed class CharonCaptureTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 25, 0, 0, 0, TimeSpan.Zero);

    public static TheoryData<string> Names => ["psk", "rsa", "ecdsa", "ecdsa384"];

    [Theory, MemberData(nameof(Names))]
    public void EachUnprotectedMessageIsReadAndWrittenToTheSameBytes(string name)
    {
        List<IkeMessage> messages = [];
        foreach ((_, byte[] datagram) in Capture.Load(name).Datagrams.Take(2))
        {
            Assert.Equal(IkeParseVerdict.Parsed, IkeMessage.TryParse(datagram, out IkeMessage? message));
            Assert.Equal(datagram, IkeMessageWriter.Write(message!.Header, message.Payloads));
            messages.Add(message);
        }

        Assert.NotNull(messages[0].Notification(NotifyType.NatDetectionSourceIp));
        Assert.NotNull(messages[1].Find<KePayload>());
        Assert.DoesNotContain(messages[0].Payloads.Concat(messages[1].Payloads), payload => payload is UnknownPayload);
    }

    [Theory, MemberData(nameof(Names))]
    public void EachProtectedMessageOpens(string name)
    {
        var capture = Capture.Load(name);
        List<IkeMessage> messages = Messages(capture);
        Assert.Equal([ExchangeType.IkeAuth, ExchangeType.IkeAuth, ExchangeType.CreateChildSa, ExchangeType.CreateChildSa], messages.Take(4).Select(message => message.Header.Exchange));
        Assert.Equal(capture.Datagrams.Count - (name == "rsa" ? 4 : 2), messages.Count);       // two of them came in two fragments each
        Assert.DoesNotContain(messages.SelectMany(message => message.Payloads), payload => payload is UnknownPayload);
        ConfigurationPayload answer = messages[1].Find<ConfigurationPayload>()!;
        Assert.Equal(ConfigurationType.Reply, answer.ConfigurationType);
        Assert.Contains(answer.Attributes, attribute => attribute.Type == ConfigurationAttributeType.InternalIp6Address && attribute.Value.Length == 17);
        Assert.NotNull(messages[2].Notification(NotifyType.RekeySa));
        Assert.NotNull(messages[1].Notification(NotifyType.MobikeSupported));
        Assert.Contains(messages, message => message.Payloads is [DeletePayload { Protocol: ProtocolId.Ike }]);
        Assert.Contains(messages, message => message.Payloads is [DeletePayload { Protocol: ProtocolId.Esp, Spis.Count: 1 }]);
    }

    /// <summary>With an AEAD the IV is on the wire, so that the same payloads sealed with it give the peer's very bytes.</summary>
    [Theory]
    [InlineData("psk")]
    [InlineData("ecdsa")]
    public void AProtectedMessageIsWrittenToTheSameBytes(string name)
    {
        var capture = Capture.Load(name);
        foreach ((_, byte[] datagram) in capture.Datagrams.Skip(2))
        {
            using IkeCipher cipher = Cipher(capture, datagram);
            IkeMessage message = ProtectedMessage.Open(datagram, cipher).Message!;
            var iv = new CountingFrom(BinaryPrimitives.ReadUInt64BigEndian(datagram.AsSpan(IkeHeader.Size + 4)));
            Assert.Equal(SealVerdict.Sealed, ProtectedMessage.Seal(message.Header, message.Payloads, cipher, iv, IkeMessage.MaximumLength, out IReadOnlyList<byte[]> ours));
            Assert.Equal(datagram, Assert.Single(ours));
        }
    }

    /// <summary>RFC 7296 2.14 and 2.18: SKEYSEED = prf(Ni | Nr, g^ir), of a rekeyed one prf(SK_d, g^ir | Ni | Nr); then prf+.</summary>
    [Theory, MemberData(nameof(Names))]
    public void TheKeysAreThePeers(string name)
    {
        var capture = Capture.Load(name);
        List<IkeMessage> rekeying = [.. Messages(capture).Where(message => message.Find<SaPayload>()?.Proposals[0].Protocol == ProtocolId.Ike)];
        for (int i = 0; i < 2; i++)
        {
            CapturedSa sa = capture.Sas[i];
            (byte[] ni, byte[] nr) = i == 0
                ? (Nonce(Unprotected(capture, 0)), Nonce(Unprotected(capture, 1)))
                : (Nonce(rekeying.Single(message => !message.Header.IsResponse)), Nonce(rekeying.Single(message => message.Header.IsResponse)));
            var seed = new byte[Prf.Length(capture.Prf)];
            if (i == 0)
                Prf.Compute(capture.Prf, [.. ni, .. nr], sa.Secret("dh"), seed);
            else
                Prf.Compute(capture.Prf, capture.Sas[0].Secret("sk_d"), sa.Secret("dh"), ni, nr, seed);
            Assert.Equal(sa.Secret("skeyseed"), seed);

            byte[] expected = [.. ((string[])["sk_d", "sk_ai", "sk_ar", "sk_ei", "sk_er", "sk_pi", "sk_pr"]).SelectMany(sa.Secret)];
            byte[] spis = new byte[16], keys = new byte[expected.Length];
            BinaryPrimitives.WriteUInt64BigEndian(spis, sa.InitiatorSpi);
            BinaryPrimitives.WriteUInt64BigEndian(spis.AsSpan(8), sa.ResponderSpi);
            Prf.Plus(capture.Prf, seed, [.. ni, .. nr, .. spis], keys);
            Assert.Equal(expected, keys);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void BothEndsAreWhoTheySay(string name)
    {
        var capture = Capture.Load(name);
        List<IkeMessage> messages = Messages(capture);
        for (int end = 0; end < 2; end++)
        {
            bool isInitiator = end == 0;
            IdPayload identity = messages[end].Payloads.OfType<IdPayload>().Single(id => id.IsInitiator == isInitiator);
            byte[] mac = new byte[Prf.Length(capture.Prf)];
            Prf.Compute(capture.Prf, capture.Sas[0].Secret(isInitiator ? "sk_pi" : "sk_pr"), identity.Rest(), mac);
            byte[] octets = [.. capture.Datagrams[end].Bytes, .. Nonce(Unprotected(capture, 1 - end)), .. mac];      // RFC 7296 2.15
            AuthPayload auth = messages[end].Find<AuthPayload>()!;
            if (capture.Files.TryGetValue("shared", out byte[]? secret))
            {
                Assert.Equal(AuthenticationMethod.SharedKey, auth.Method);
                Assert.True(SharedKeyMic.Verify(capture.Prf, secret, octets, auth.Data.Span));
                continue;
            }

            using X509Certificate2 root = X509CertificateLoader.LoadCertificate(capture.Files["ca"]), middle = X509CertificateLoader.LoadCertificate(capture.Files["sub"]);
            var authenticator = new CertificateAuthenticator([root, middle], []);
            ReadOnlyMemory<byte>[] certificates = [.. messages[end].Payloads.OfType<CertPayload>().Select(certificate => certificate.Data)];
            Assert.Equal(CertificateVerdict.Trusted, authenticator.Authenticate(
                certificates, identity.IdentityType, identity.Data.Span, auth.Method, auth.Data, octets, Now));
            octets[40] ^= 1;
            Assert.Equal(CertificateVerdict.BadSignature, authenticator.Authenticate(
                certificates, identity.IdentityType, identity.Data.Span, auth.Method, auth.Data, octets, Now));
        }

        if (!capture.Files.ContainsKey("shared"))
        {
            CertRequestPayload request = Unprotected(capture, 1).Find<CertRequestPayload>()!;
            using X509Certificate2 root = X509CertificateLoader.LoadCertificate(capture.Files["ca"]);
            Assert.True(request.Asks(CertificateAuthenticator.KeyHash(root)));
        }
    }

    private static IkeMessage Unprotected(Capture capture, int index)
    {
        Assert.Equal(IkeParseVerdict.Parsed, IkeMessage.TryParse(capture.Datagrams[index].Bytes, out IkeMessage? message));
        return message!;
    }

    /// <summary>All protected messages, fragments put together.</summary>
    private static List<IkeMessage> Messages(Capture capture)
    {
        List<IkeMessage> messages = [];
        FragmentReassembler fromA = new(), fromB = new();
        foreach ((bool isFromA, byte[] datagram) in capture.Datagrams.Skip(2))
        {
            using IkeCipher cipher = Cipher(capture, datagram);
            OpenedMessage opened = ProtectedMessage.Open(datagram, cipher);
            Assert.Equal(IkeParseVerdict.Parsed, opened.Verdict);
            if (opened.Fragment is { } fragment && (isFromA ? fromA : fromB).Add(fragment, out opened) == FragmentVerdict.Stored)
                continue;
            messages.Add(opened.Message!);
        }

        return messages;
    }

    private static IkeCipher Cipher(Capture capture, byte[] datagram)
    {
        Assert.Equal(IkeParseVerdict.Parsed, IkeHeader.TryParse(datagram, out IkeHeader header));
        CapturedSa sa = capture.Sas.Single(sa => sa.InitiatorSpi == header.InitiatorSpi.Value);
        char side = header.IsFromInitiator ? 'i' : 'r';
        return new IkeCipher(capture.Suite, sa.Secret($"sk_e{side}"), sa.Secret($"sk_a{side}"));
    }

    private static byte[] Nonce(IkeMessage message) => message.Find<NoncePayload>()!.Data.ToArray();

    private sealed class CountingFrom(ulong next) : IIvSource
    {
        public bool TryTake(out ulong number)
        {
            number = next++;
            return true;
        }
    }
}
