using System.Net;
using Baton.Gateway.Engine;
using Baton.Linux;
using Baton.Redundancy.Records;

namespace Baton.Gateway.Tests.Engine;

public sealed class EndpointNoteTests
{
    [Theory]
    [InlineData("192.0.2.1:4500")]
    [InlineData("[2001:db8::1]:4500")]
    public void WhatWasWrittenIsRead(string local)
    {
        var note = new EndpointNote(new SaId(0x0102030405060708), 0x1112131415161718, UdpEndpoint.From(IPEndPoint.Parse(local)));
        byte[] text = new byte[EndpointNote.Length];
        note.Write(text);
        Assert.True(EndpointNote.TryRead(text, out EndpointNote back));
        Assert.Equal(note, back);
    }

    [Fact]
    public void AnAddressThatIsNotKnownStaysNone()
    {
        byte[] text = new byte[EndpointNote.Length];
        new EndpointNote(new SaId(1), 2, default).Write(text);
        Assert.True(EndpointNote.TryRead(text, out EndpointNote back));
        Assert.True(back.Local.IsNone);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(EndpointNote.Length - 1)]
    [InlineData(EndpointNote.Length + 1)]
    public void AnyOtherLengthIsRefused(int length) => Assert.False(EndpointNote.TryRead(new byte[length], out _));
}
