using Baton.Ike.Messages;
using Baton.Ike.Payloads;

namespace Baton.Ike.Tests.Messages;

/// <summary>RFC 7383 2.6, rule by rule.</summary>
public sealed class FragmentReassemblerTests
{
    private static readonly IkeHeader Header = new(new IkeSpi(1), new IkeSpi(2), ExchangeType.IkeAuth, IkeFlags.Initiator, new MessageId(1));

    private readonly FragmentReassembler _reassembler = new();

    [Fact]
    public void AReplayedFragmentIsDropped()
    {
        Assert.Equal(FragmentVerdict.Stored, Add(2, 3));
        Assert.False(_reassembler.Wants(Header.MessageId, 2, 3));
        Assert.True(_reassembler.Wants(Header.MessageId, 1, 3));
        Assert.Equal(FragmentVerdict.Duplicate, Add(2, 3));
        Assert.Equal(1, _reassembler.Held);
    }

    [Fact]
    public void ALargerTotalStartsOverAndASmallerOneIsDropped()
    {
        Assert.Equal(FragmentVerdict.Stored, Add(1, 3));
        Assert.Equal(FragmentVerdict.Stored, Add(2, 3));
        Assert.True(_reassembler.Wants(Header.MessageId, 2, 5));
        Assert.Equal(FragmentVerdict.Stored, Add(2, 5));
        Assert.Equal(1, _reassembler.Held);
        Assert.False(_reassembler.Wants(Header.MessageId, 3, 3));
        Assert.Equal(FragmentVerdict.Outdated, Add(3, 3));
        Assert.Equal(1, _reassembler.Held);
    }

    [Fact]
    public void AnotherMessageStartsOver()
    {
        Assert.Equal(FragmentVerdict.Stored, Add(1, 2));
        Assert.Equal(FragmentVerdict.Stored, Add(1, 2, Header with { MessageId = new MessageId(2) }));
        Assert.Equal(1, _reassembler.Held);
        Assert.Equal(FragmentVerdict.Stored, Add(2, 2));
    }

    [Fact]
    public void MemoryHasABound()
    {
        var small = new FragmentReassembler(maximumBytes: 100);
        Assert.Equal(FragmentVerdict.Stored, small.Add(Fragment(1, 3, 50), out _));
        Assert.Equal(FragmentVerdict.Stored, small.Add(Fragment(2, 3, 50), out _));
        Assert.Equal(FragmentVerdict.TooLong, small.Add(Fragment(3, 3, 1), out _));
        Assert.Equal(0, small.HeldBytes);
        Assert.Equal(FragmentVerdict.TooLong, small.Add(Fragment(1, 3, 101), out _));
        Assert.Equal(0, small.Held);
    }

    [Fact]
    public void MalformedContentIsAVerdictOfTheWhole()
    {
        Assert.Equal(FragmentVerdict.Stored, Add(1, 2));
        FragmentVerdict verdict = _reassembler.Add(Fragment(2, 2, 5), out OpenedMessage opened);
        Assert.Equal(FragmentVerdict.Complete, verdict);
        Assert.Equal(IkeParseVerdict.PayloadLength, opened.Verdict);
        Assert.True(opened.IsAuthentic);
        Assert.Null(opened.Message);
        Assert.Equal(0, _reassembler.Held);
    }

    [Fact]
    public void AnEmptyFragmentCounts()
    {
        Assert.Equal(FragmentVerdict.Stored, _reassembler.Add(Fragment(1, 2, 0) with { FirstPayload = PayloadType.None }, out _));
        Assert.Equal(FragmentVerdict.Complete, _reassembler.Add(Fragment(2, 2, 0), out OpenedMessage opened));
        Assert.Equal(IkeParseVerdict.Parsed, opened.Verdict);
        Assert.Empty(opened.Message!.Payloads);
    }

    [Fact]
    public void WhatIsForgottenIsWantedAgain()
    {
        Add(1, 3);
        _reassembler.Clear();
        Assert.Equal(0, _reassembler.HeldBytes);
        Assert.True(_reassembler.Wants(Header.MessageId, 1, 3));
        Assert.Equal(FragmentVerdict.Stored, Add(1, 3));
    }

    private FragmentVerdict Add(ushort number, ushort total, IkeHeader? header = null) =>
        _reassembler.Add(Fragment(number, total, 5) with { Header = header ?? Header }, out _);

    private static IkeFragment Fragment(ushort number, ushort total, int length) =>
        new(Header, number, total, PayloadType.Nonce, new byte[length], []);
}
