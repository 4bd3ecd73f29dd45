using System.Buffers.Binary;
using Baton.Ike.Messages;
using Baton.Ike.Payloads;
using Baton.Ike.Tests.Payloads;
using CsCheck;

namespace Baton.Ike.Tests.Messages;

public sealed class IkeMessageTests
{
    private static readonly IkeHeader Header = new(new IkeSpi(1), new IkeSpi(2), ExchangeType.IkeSaInit, IkeFlags.Initiator, new MessageId(0));

    [Fact]
    public void WhatIsWrittenIsRead() =>
        PayloadGen.Payload.List[0, 12].Sample(payloads =>
        {
            byte[] datagram = IkeMessageWriter.Write(Header, payloads);
            Assert.Equal(IkeParseVerdict.Parsed, IkeMessage.TryParse(datagram, out IkeMessage? message));
            Assert.Equal(PayloadText.Of(payloads), PayloadText.Of(message!.Payloads));
            Assert.Equal(Header with { NextPayload = PayloadChain.FirstType(payloads) }, message.Header);
            Assert.Equal(datagram, IkeMessageWriter.Write(message.Header, message.Payloads));
        });

    /// <summary>Whatever is cut off is missed, and no cut or change is an exception.</summary>
    [Fact]
    public void EachCutIsAVerdict() =>
        Gen.Select(PayloadGen.Payload.List[1, 6], Gen.Int[0, 5_000], Gen.Byte).Sample((payloads, at, value) =>
        {
            byte[] whole = IkeMessageWriter.Write(Header, payloads);
            byte[] cut = whole[..(IkeHeader.Size + (at % (whole.Length - IkeHeader.Size)))];
            BinaryPrimitives.WriteUInt32BigEndian(cut.AsSpan(24), (uint)cut.Length);
            Assert.NotEqual(IkeParseVerdict.Parsed, IkeMessage.TryParse(cut, out IkeMessage? message));
            Assert.Null(message);
            whole[at % whole.Length] = value;
            IkeParseVerdict verdict = IkeMessage.TryParse(whole, out message);
            Assert.Equal(verdict == IkeParseVerdict.Parsed, message is not null);
        });

    [Fact]
    public void BytesBehindTheLastPayloadAreRefused()
    {
        byte[] datagram = [.. IkeMessageWriter.Write(Header, [new VendorIdPayload(new byte[4])]), 0];
        datagram[27]++;
        Assert.Equal(IkeParseVerdict.TrailingBytes, IkeMessage.TryParse(datagram, out _));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(9)]
    [InlineData(65_535)]
    public void APayloadThatIsShorterThanItsHeaderOrLongerThanTheMessageIsRefused(ushort length)
    {
        byte[] datagram = IkeMessageWriter.Write(Header, [new VendorIdPayload(new byte[4])]);
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(IkeHeader.Size + 2), length);
        Assert.Equal(IkeParseVerdict.PayloadLength, IkeMessage.TryParse(datagram, out _));
    }

    [Fact]
    public void PayloadsAreCounted()
    {
        Payload[] most = [.. Enumerable.Repeat(new VendorIdPayload(default), PayloadChain.MaximumPayloads)];
        Assert.Equal(IkeParseVerdict.Parsed, IkeMessage.TryParse(IkeMessageWriter.Write(Header, most), out _));
        Assert.Equal(IkeParseVerdict.TooManyPayloads, IkeMessage.TryParse(IkeMessageWriter.Write(Header, [.. most, most[0]]), out _));
    }

    [Theory]
    [InlineData(PayloadType.Encrypted)]
    [InlineData(PayloadType.EncryptedFragment)]
    public void AnEncryptedPayloadDoesNotBelongHere(PayloadType type)
    {
        byte[] datagram = IkeMessageWriter.Write(Header, [new UnknownPayload(type, false, new byte[60])]);
        Assert.Equal(IkeParseVerdict.UnexpectedEncrypted, IkeMessage.TryParse(datagram, out _));
    }

    /// <summary>RFC 7296 2.5: an unknown critical payload makes the message unsupported; a known one's bit is not looked at.</summary>
    [Fact]
    public void CriticalUnknownPayloadsAreNamed()
    {
        byte[] datagram = IkeMessageWriter.Write(Header, [new UnknownPayload((PayloadType)99, false, default), new UnknownPayload((PayloadType)100, true, default)]);
        Assert.Equal(IkeParseVerdict.Parsed, IkeMessage.TryParse(datagram, out IkeMessage? message));
        Assert.Equal((PayloadType)100, message!.UnsupportedCritical);

        datagram = IkeMessageWriter.Write(Header, [new VendorIdPayload(default), new UnknownPayload((PayloadType)99, false, default)]);
        datagram[IkeHeader.Size + 1] = 0x80;
        Assert.Equal(IkeParseVerdict.Parsed, IkeMessage.TryParse(datagram, out message));
        Assert.Null(message!.UnsupportedCritical);
    }

    [Fact]
    public void PayloadsAreFound()
    {
        var message = new IkeMessage(Header, [new VendorIdPayload(default), new NotifyPayload(NotifyType.Cookie, new byte[] { 1 }), new NotifyPayload(NotifyType.InitialContact)]);
        Assert.Same(message.Payloads[0], message.Find<VendorIdPayload>());
        Assert.Null(message.Find<KePayload>());
        Assert.Same(message.Payloads[2], message.Notification(NotifyType.InitialContact));
        Assert.Null(message.Notification(NotifyType.RekeySa));
    }
}
