using Baton.Cluster.Sync;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using CsCheck;

namespace Baton.Cluster.Tests.Sync;

public sealed class SyncCodecTests
{
    [Fact]
    public void Every_message_comes_back_as_it_went() =>
        Gen.Select(Gens.Message, Any.Of(256, 1_200, SyncCodec.LargestDatagram)).Sample((message, largest) =>
        {
            var (writer, reader) = (new SyncCodec(Gens.Members, largest), new SyncCodec(Gens.Members));
            var sink = new Sink();
            writer.Write(message, sink);
            MemberMessage? back = null;
            for (int i = 0; i < sink.Datagrams.Count; i++)
            {
                Assert.InRange(sink.Datagrams[i].Length, 1, largest);
                SyncVerdict verdict = reader.Read(sink.Datagrams[i], out back, out _);
                Assert.Equal(i == sink.Datagrams.Count - 1 ? SyncVerdict.Accepted : SyncVerdict.Incomplete, verdict);
            }

            Assert.Equal(Gens.Show(message), Gens.Show(back));
        });

    [Theory]
    [InlineData(HandoverKind.Outer, 4)]
    [InlineData(HandoverKind.Outer, 16)]
    [InlineData(HandoverKind.Inner, 0)]
    [InlineData(HandoverKind.Endpoint, 16)]
    public void A_packet_is_handed_over_whole(HandoverKind kind, int addressLength)
    {
        byte[] address = [.. Enumerable.Range(1, addressLength).Select(i => (byte)i)];
        byte[] packet = [.. Enumerable.Range(0, 1_400).Select(i => (byte)(i * 7))];
        var codec = new SyncCodec(Gens.Members);
        var sink = new Sink();
        codec.Write(new Handover(kind, address, 4500, packet), sink);
        byte[] datagram = Assert.Single(sink.Datagrams);
        Assert.Equal(SyncVerdict.Accepted, codec.Read(datagram, out MemberMessage? message, out Handover back));
        Assert.Null(message);
        Assert.Equal(kind, back.Kind);
        Assert.Equal(4500, back.Port);
        Assert.Equal(address, back.Address.ToArray());
        Assert.Equal(packet, back.Packet.ToArray());
    }

    [Fact]
    public void Cut_short_anywhere_it_is_refused_by_name() =>
        Gens.Message.Sample(message =>
        {
            var codec = new SyncCodec(Gens.Members);
            var sink = new Sink();
            codec.Write(message, sink);
            byte[] datagram = Assert.Single(sink.Datagrams);
            for (int length = 0; length < datagram.Length; length++)
            {
                SyncVerdict verdict = codec.Read(datagram.AsSpan(0, length), out MemberMessage? cut, out _);
                Assert.NotEqual(SyncVerdict.Accepted, verdict);
                Assert.Null(cut);
            }

            Assert.Equal(SyncVerdict.TrailingBytes, codec.Read([.. datagram, 0], out _, out _));
        }, iter: 300);

    [Fact]
    public void Mutated_or_random_it_never_throws() =>
        Gen.Select(Gens.Message, Gen.Int[0, 10_000], Gen.Byte, Gen.Byte.Array[0, 200]).Sample((message, at, value, noise) =>
        {
            var codec = new SyncCodec(Gens.Members, 300);
            var sink = new Sink();
            codec.Write(message, sink);
            foreach (byte[] datagram in sink.Datagrams)
            {
                datagram[at % datagram.Length] = value;
                _ = codec.Read(datagram, out _, out _);
            }

            _ = codec.Read(noise, out _, out _);
            _ = codec.Read([1, .. noise], out _, out _);
            _ = codec.Read([1, 0, .. noise], out _, out _);
        }, iter: 2_000);

    [Fact]
    public void A_lost_fragment_loses_the_message_and_no_other()
    {
        var (writer, reader) = (new SyncCodec(Gens.Members, 256), new SyncCodec(Gens.Members));
        var lossy = new Sink();
        writer.Write(Ceilings(1_000), lossy);
        lossy.Datagrams.RemoveAt(1);
        Assert.All(lossy.Datagrams, d => Assert.Equal(SyncVerdict.Incomplete, reader.Read(d, out _, out _)));

        // And out of order, each twice: still once.
        var next = new Sink();
        writer.Write(Ceilings(900), next);
        next.Datagrams.Reverse();
        int accepted = 0;
        foreach (byte[] datagram in next.Datagrams.SelectMany(d => new[] { d, d }))
        {
            if (reader.Read(datagram, out MemberMessage? message, out _) == SyncVerdict.Accepted)
            {
                accepted++;
                Assert.Equal(900, ((MemberMessage.FineCeilings)message!).Ceilings.Count);
            }
        }

        Assert.Equal(1, accepted);
    }

    [Fact]
    public void A_stranger_is_refused()
    {
        var sink = new Sink();
        new SyncCodec(["stranger"]).Write(new MemberMessage.Present(new Incarnation("stranger", 1), 1, 1, true), sink);
        Assert.Equal(SyncVerdict.UnknownMember, new SyncCodec(Gens.Members).Read(sink.Datagrams[0], out _, out _));
    }

    [Fact]
    public void A_tick_of_a_hundred_busy_sas_fits_one_small_datagram()
    {
        var sink = new Sink();
        new SyncCodec(Gens.Members, 1_200).Write(Ceilings(100), sink);
        Assert.InRange(Assert.Single(sink.Datagrams).Length, 100, 600);
    }

    [Fact]
    public void A_confirm_is_read_without_garbage_beyond_itself()
    {
        var codec = new SyncCodec(Gens.Members);
        var sink = new Sink();
        codec.Write(new MemberMessage.Confirm(new Incarnation("a", 1), 1, 5, 0, 0, 9), sink);
        byte[] datagram = sink.Datagrams[0];
        for (int i = 0; i < 1_000; i++) codec.Read(datagram, out _, out _);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) codec.Read(datagram, out _, out _);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100 * 96);
    }

    private static MemberMessage.FineCeilings Ceilings(int count) => new(new Incarnation("a", 7), 3, 12, 0, 0, 0,
        [.. Enumerable.Range(0, count).Select(i => (new SaId((ulong)i + 1), 1_000_000UL + ((ulong)i * 17)))]);

    private sealed class Sink : ISyncSink
    {
        public List<byte[]> Datagrams { get; } = [];

        public void Datagram(ReadOnlySpan<byte> plaintext) => Datagrams.Add(plaintext.ToArray());
    }
}
