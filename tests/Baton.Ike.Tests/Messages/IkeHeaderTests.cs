using Baton.Ike.Messages;
using Baton.Ike.Payloads;

namespace Baton.Ike.Tests.Messages;

public sealed class IkeHeaderTests
{
    /// <summary>RFC 7296 3.1, field by field.</summary>
    private const string Example = "0102030405060708" + "1112131415161718" + "29" + "20" + "22" + "28" + "00000001" + "0000001c";

    [Fact]
    public void TheFieldsLieWhereTheRfcSays()
    {
        byte[] bytes = Convert.FromHexString(Example);
        Assert.Equal(IkeParseVerdict.Parsed, IkeHeader.TryParse(bytes, out IkeHeader header));
        Assert.Equal(new IkeSpi(0x0102030405060708), header.InitiatorSpi);
        Assert.Equal(new IkeSpi(0x1112131415161718), header.ResponderSpi);
        Assert.Equal(PayloadType.Notify, header.NextPayload);
        Assert.Equal(ExchangeType.IkeSaInit, header.Exchange);
        Assert.True(header.IsResponse);
        Assert.True(header.IsFromInitiator);
        Assert.Equal(new MessageId(1), header.MessageId);
        byte[] written = new byte[IkeHeader.Size];
        header.Write(written, written.Length);
        Assert.Equal(bytes, written);
    }

    [Theory]
    [InlineData(17, 0x10, IkeParseVerdict.MajorVersionTooLow)]
    [InlineData(17, 0x30, IkeParseVerdict.MajorVersionTooHigh)]
    [InlineData(17, 0x2F, IkeParseVerdict.Parsed)]          // a minor version says nothing
    [InlineData(19, 0xC7, IkeParseVerdict.Parsed)]          // reserved bits are not looked at
    [InlineData(27, 0x1D, IkeParseVerdict.LengthMismatch)]
    [InlineData(27, 0x1B, IkeParseVerdict.LengthMismatch)]
    [InlineData(24, 0x80, IkeParseVerdict.LengthMismatch)]
    public void EachOddByteHasItsVerdict(int at, int value, IkeParseVerdict expected)
    {
        byte[] bytes = Convert.FromHexString(Example);
        bytes[at] = (byte)value;
        Assert.Equal(expected, IkeHeader.TryParse(bytes, out _));
    }

    [Fact]
    public void AnInitiatorWithoutSpiIsNone()
    {
        byte[] bytes = Convert.FromHexString(Example);
        bytes.AsSpan(0, 8).Clear();
        Assert.Equal(IkeParseVerdict.ZeroInitiatorSpi, IkeHeader.TryParse(bytes, out _));
    }

    [Fact]
    public void WhatIsShorterIsARunt()
    {
        byte[] bytes = Convert.FromHexString(Example);
        for (int length = 0; length < bytes.Length; length++)
            Assert.Equal(IkeParseVerdict.Runt, IkeHeader.TryParse(bytes.AsSpan(0, length), out _));
    }
}
