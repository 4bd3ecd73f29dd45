using Baton.Cluster.Session;
using Baton.Redundancy;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using CsCheck;
using Google.Protobuf;
using P = Baton.Cluster.Protos;

namespace Baton.Cluster.Tests.Session;

public sealed class MappingTests
{
    [Fact]
    public void Every_request_comes_back_as_it_went() =>
        Gen.Select(Gen.ULong, Gens.Header, Gens.Request).Sample((id, header, request) =>
        {
            byte[] bytes = Mapping.ToWire(id, header, request).ToByteArray();
            P.Request read = P.Request.Parser.ParseFrom(bytes);
            Assert.Equal(id, read.Id);
            Assert.True(Mapping.TryFromWire(read, out RequestHeader backHeader, out MemberRequest back));
            Assert.Equal(header, backHeader);
            Assert.Equal(Gens.Show(request), Gens.Show(back));
        });

    [Fact]
    public void Every_change_comes_back_as_it_went() =>
        Gens.Change.Sample(change =>
        {
            P.Change read = P.Change.Parser.ParseFrom(Mapping.ToWire(change).ToByteArray());
            Assert.True(Mapping.TryFromWire(read, out LedgerChange back));
            Assert.Equal(Gens.Show(change), Gens.Show(back));
        });

    [Fact]
    public void Every_verdict_has_its_name_on_the_wire()
    {
        foreach (RequestVerdict verdict in Enum.GetValues<RequestVerdict>())
        {
            P.Reply wire = Mapping.ToWire(7, new HandlerReply(verdict, 9, "why"));
            Assert.Equal(verdict.ToString(), wire.Verdict.ToString());
            Assert.True(Mapping.TryFromWire(P.Reply.Parser.ParseFrom(wire.ToByteArray()), out HandlerReply back));
            Assert.Equal(new HandlerReply(verdict, 9, "why"), back);
        }
    }

    [Fact]
    public void A_verdict_of_the_future_is_no_grant()
    {
        Assert.False(Mapping.TryFromWire(new P.Reply { Verdict = (P.Verdict)99 }, out HandlerReply reply));
        Assert.Equal(RequestVerdict.Malformed, reply.Verdict);
        Assert.False(Mapping.TryFromWire(new P.Reply(), out reply));
        Assert.NotEqual(RequestVerdict.Granted, reply.Verdict);
    }

    [Fact]
    public void A_field_of_the_future_is_ignored()
    {
        byte[] known = Mapping.ToWire(1, default(RequestHeader) with { From = new Incarnation("a", 1) }, new MemberRequest.MoveOn(4)).ToByteArray();
        byte[] unknown = [.. known, 0xfa, 0x3f, 3, 1, 2, 3];       // field 1023, three bytes
        Assert.True(Mapping.TryFromWire(P.Request.Parser.ParseFrom(unknown), out _, out MemberRequest request));
        Assert.Equal(new MemberRequest.MoveOn(4), request);
    }

    [Theory]
    [InlineData("no header")]
    [InlineData("no name")]
    [InlineData("name too long")]
    [InlineData("ledger id of 15 bytes")]
    [InlineData("no body")]
    [InlineData("counter of 65 bits")]
    [InlineData("wire bits above the counter's")]
    [InlineData("direction of the future")]
    [InlineData("sealed part too long")]
    public void What_nobody_could_have_meant_is_refused(string what)
    {
        SaRecord sa = new(default, SaDirection.Inbound, 256, CounterSpace.Esp32, 0, 0, 0, 0, 0, 0, new byte[1]);
        P.Request wire = Mapping.ToWire(1, new RequestHeader(new Incarnation("a", 1), Guid.NewGuid(), 0, 0), new MemberRequest.Register(1, [sa]));
        Assert.True(Mapping.TryFromWire(wire, out _, out _));
        P.SaRecord record = wire.Register.Sas[0];
        switch (what)
        {
            case "no header": wire.Header = null; break;
            case "no name": wire.Header.From.Member = ""; break;
            case "name too long": wire.Header.From.Member = new string('x', 64); break;
            case "ledger id of 15 bytes": wire.Header.LedgerId = ByteString.CopyFrom(new byte[15]); break;
            case "no body": wire.ClearBody(); break;
            case "counter of 65 bits": record.SpaceBits = 65; break;
            case "wire bits above the counter's": record.SpaceWireBits = 33; break;
            case "direction of the future": record.Direction = (P.SaDirection)2; break;
            case "sealed part too long": record.Sealed = ByteString.CopyFrom(new byte[Protocol.MaximumSealedBytes + 1]); break;
        }

        Assert.False(Mapping.TryFromWire(wire, out _, out _));
    }

    [Fact]
    public void Long_lists_travel_in_parts_and_come_back_whole() =>
        Gen.Select(Gen.Int[0, 3_500], Gen.Int[0, 2_500]).Sample((upserts, deletes) =>
        {
            var change = new LedgerChange(true, ClusterRecord.Empty(Guid.NewGuid()),
                [.. Enumerable.Range(0, upserts).Select(i => new SaRecord(new SaId((ulong)i), SaDirection.Outbound, 1, CounterSpace.Esp32, 0, 0, 0, 0, 0, 0, default))],
                [.. Enumerable.Range(0, deletes).Select(i => new SaId((ulong)i))]);
            var joiner = new ChangeJoiner();
            P.Change? whole = null;
            foreach (P.Change part in Parts.Split(Mapping.ToWire(change)))
            {
                Assert.Null(whole);
                Assert.InRange(part.Upserts.Count + part.Deletes.Count, 0, Protocol.RecordsPerPart);
                Assert.True(joiner.TryAdd(P.Change.Parser.ParseFrom(part.ToByteArray()), out whole));
            }

            Assert.True(Mapping.TryFromWire(whole!, out LedgerChange back));
            Assert.Equal(change.Upserts.Select(s => s.Id), back.Upserts.Select(s => s.Id));
            Assert.Equal(change.Deletes, back.Deletes);
        }, iter: 30);

    [Fact]
    public void A_snapshot_of_long_ike_records_stays_below_the_largest_message()
    {
        var change = new LedgerChange(true, ClusterRecord.Empty(Guid.NewGuid()), [], [])
        {
            IkeUpserts = [.. Enumerable.Range(1, 300).Select(i => new IkeRecord(new IkeId((ulong)i), 1, (ulong)i, new byte[IkeRecord.MaximumSealedBytes]))],
            IkeDeletes = [.. Enumerable.Range(1, 1_500).Select(i => new IkeId((ulong)i))],
        };
        var joiner = new ChangeJoiner();
        P.Change? whole = null;
        int parts = 0;
        foreach (P.Change part in Parts.Split(Mapping.ToWire(change)))
        {
            Assert.Null(whole);
            parts++;
            Assert.InRange(part.CalculateSize(), 0, Protocol.MaximumMessageBytes / 2);
            Assert.True(joiner.TryAdd(P.Change.Parser.ParseFrom(part.ToByteArray()), out whole));
        }

        Assert.InRange(parts, 5, 8);
        Assert.True(Mapping.TryFromWire(whole!, out LedgerChange back));
        Assert.Equal(change.IkeUpserts.Select(r => r.Id), back.IkeUpserts.Select(r => r.Id));
        Assert.Equal(change.IkeDeletes, back.IkeDeletes);
    }

    [Fact]
    public void An_ike_record_that_is_too_long_is_not_read()
    {
        var wire = new P.IkeRecord { Id = 1, Version = 1, Sealed = ByteString.CopyFrom(new byte[IkeRecord.MaximumSealedBytes]) };
        Assert.True(Mapping.TryFromWire(wire, out _));
        wire.Sealed = ByteString.CopyFrom(new byte[IkeRecord.MaximumSealedBytes + 1]);
        Assert.False(Mapping.TryFromWire(wire, out _));
    }

    [Fact]
    public void A_long_request_travels_in_parts_and_comes_back_whole()
    {
        var extend = new MemberRequest.Extend(5, [.. Enumerable.Range(0, 2_500).Select(i => (new SaId((ulong)i), (ulong)i * 3, (ulong)i))]);
        var joiner = new RequestJoiner();
        P.Request? whole = null;
        int parts = 0;
        foreach (P.Request part in Parts.Split(Mapping.ToWire(9, new RequestHeader(new Incarnation("a", 1), null, 0, 0), extend)))
        {
            Assert.Null(whole);
            parts++;
            Assert.True(joiner.TryAdd(P.Request.Parser.ParseFrom(part.ToByteArray()), out whole));
        }

        Assert.Equal(3, parts);
        Assert.True(Mapping.TryFromWire(whole!, out _, out MemberRequest back));
        Assert.Equal(Gens.Show(extend), Gens.Show(back));
    }

    [Fact]
    public void Parts_of_different_requests_are_never_joined()
    {
        var joiner = new RequestJoiner();
        var part = new P.Request { Id = 1, More = true, Delete = new P.Delete { Term = 1 } };
        Assert.True(joiner.TryAdd(part, out _));
        Assert.False(joiner.TryAdd(new P.Request { Id = 2, Delete = new P.Delete { Term = 1 } }, out _));
    }
}
