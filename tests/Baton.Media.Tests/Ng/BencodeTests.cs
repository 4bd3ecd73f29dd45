using System.Text;
using Baton.Media.Ng;
using CsCheck;

namespace Baton.Media.Tests.Ng;

public sealed class BencodeTests
{
    [Theory]
    [InlineData("0:", BencodeVerdict.Parsed)]
    [InlineData("d4:ping2:\0\u0001e", BencodeVerdict.Parsed)]
    [InlineData("d1:bi-1e1:ali1e0:ee", BencodeVerdict.Parsed)]
    [InlineData("", BencodeVerdict.CutShort)]
    [InlineData("5:ping", BencodeVerdict.CutShort)]
    [InlineData("4", BencodeVerdict.CutShort)]
    [InlineData("i4", BencodeVerdict.CutShort)]
    [InlineData("li4e", BencodeVerdict.CutShort)]
    [InlineData("d1:a", BencodeVerdict.CutShort)]
    [InlineData("d", BencodeVerdict.CutShort)]
    [InlineData("x", BencodeVerdict.NoValue)]
    [InlineData("e", BencodeVerdict.NoValue)]
    [InlineData("lxe", BencodeVerdict.NoValue)]
    [InlineData("d1:ae", BencodeVerdict.NoValue)]
    [InlineData("ie", BencodeVerdict.BadNumber)]
    [InlineData("i+4e", BencodeVerdict.BadNumber)]
    [InlineData("i--4e", BencodeVerdict.BadNumber)]
    [InlineData("i9223372036854775808e", BencodeVerdict.BadNumber)]
    [InlineData("99999999999999999999:", BencodeVerdict.BadNumber)]
    [InlineData("111111111111111111111111", BencodeVerdict.BadNumber)]
    [InlineData("di1e1:ae", BencodeVerdict.BadKey)]
    [InlineData("d1:a0:1:a0:e", BencodeVerdict.KeyTwice)]
    [InlineData("i4ei4e", BencodeVerdict.Trailing)]
    [InlineData("0:\n", BencodeVerdict.Trailing)]
    public void EachTextHasItsVerdict(string text, BencodeVerdict verdict)
    {
        Assert.Equal(verdict, Bencode.TryParse(Encoding.UTF8.GetBytes(text), out BencodeValue? value));
        Assert.Equal(verdict == BencodeVerdict.Parsed, value is not null);
    }

    [Fact]
    public void DepthAndLengthAreBounded()
    {
        Assert.Equal(BencodeVerdict.Parsed, Parse(new string('l', Bencode.MaximumDepth) + new string('e', Bencode.MaximumDepth)));
        Assert.Equal(BencodeVerdict.TooDeep, Parse(new string('l', Bencode.MaximumDepth) + "0:" + new string('e', Bencode.MaximumDepth)));
        Assert.Equal(BencodeVerdict.TooDeep, Parse(new string('l', Bencode.MaximumBytes)));
        Assert.Equal(BencodeVerdict.TooLong, Parse(new string('l', Bencode.MaximumBytes + 1)));
        Assert.Equal(BencodeVerdict.BadKey, Bencode.TryParse(new byte[] { (byte)'d', (byte)'1', (byte)':', 0xFF, (byte)'0', (byte)':', (byte)'e' }, out _));

        static BencodeVerdict Parse(string text) => Bencode.TryParse(Encoding.ASCII.GetBytes(text), out _);
    }

    [Fact]
    public void WhatWasWrittenIsReadAsTheSame() =>
        Gen.Select(Gen.Byte.Array[0, 40], Gen.Long, Gen.String[0, 20]).Sample((bytes, number, key) =>
        {
            BencodeValue value = new BencodeValue.Dictionary(
            [
                new("x" + key.Replace('\uFFFD', 'y').Where(c => !char.IsSurrogate(c)).Aggregate("", (text, c) => text + c), new BencodeValue.Text(bytes)),
                new("n", new BencodeValue.List([new BencodeValue.Number(number), new BencodeValue.Text(""), new BencodeValue.Dictionary([])])),
            ]);
            byte[] written = Bencode.Write(value);
            Assert.Equal(BencodeVerdict.Parsed, Bencode.TryParse(written, out BencodeValue? read));
            Assert.Equal(written, Bencode.Write(read!));
            Assert.Equal(new BencodeValue.Number(number), ((BencodeValue.List)((BencodeValue.Dictionary)read!).Find("n")!).Items[0]);
        }, iter: 200);
}
