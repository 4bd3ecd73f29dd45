using System.Buffers.Binary;
using System.Net;
using System.Text.Json;
using static Baton.Voice.Tests.Observers.RepeatDetectorTests;

namespace Baton.Voice.Tests.Observers;

public sealed class ObserverCommandTests : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("baton-observer-");
    private readonly TestPort _peer = new();
    private readonly TestPort _router = new();
    private readonly IPEndPoint _peerSide = TestPort.Free();
    private readonly IPEndPoint _routerSide = TestPort.Free();
    private readonly ShellUnderTest _observer;

    public ObserverCommandTests()
    {
        var options = new ObserverOptions(
            _peerSide, _routerSide, _router.Local, Record: Path.Combine(_folder.FullName, "wire.pcap"), WatchSpis: [1]);
        _observer = new ShellUnderTest((input, output, ct) => ObserverCommand.RunAsync(options, input, output, ct));
        _observer.Read();
        // Nobody is known behind the tap before the peer has spoken. One byte is of no kind that is counted below.
        _peer.Send([1], _peerSide);
        _router.Receive();
    }

    public async ValueTask DisposeAsync()
    {
        await _observer.DisposeAsync();
        _peer.Dispose();
        _router.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Passes_both_ways_unchanged_from_the_right_addresses_and_counts()
    {
        byte[] ike = new byte[40];
        byte[] there = EspPacket(1, 1);
        Assert.Equal(there, ToCluster(there));
        Assert.Equal(ike, ToCluster(ike));
        Assert.Equal([0xff], ToCluster([0xff]));
        byte[] back = EspPacket(1, 7);
        Assert.Equal(back, ToPeer(back));
        Assert.Equal(ike, ToPeer(ike));

        using var stranger = new TestPort();
        stranger.Send(there, _peerSide);
        stranger.Send(back, _routerSide);

        JsonElement mark = _observer.AskUntil("""{"cmd":"mark"}""", answer => answer.GetProperty("foreign").GetInt64() == 2);
        Assert.Equal(6, mark.GetProperty("observed").GetInt64());
        Assert.Equal(1, mark.GetProperty("other").GetInt64());
        Assert.Equal(2, mark.GetProperty("esp").GetInt64());
        Assert.Equal(1, mark.GetProperty("ikeToPeer").GetInt64());
        Assert.Equal(1, mark.GetProperty("ikeToCluster").GetInt64());
        Assert.Equal(1, mark.GetProperty("keepalives").GetInt64());
        Assert.Equal(0, mark.GetProperty("repeats").GetInt64());
        Assert.Equal(2, mark.GetProperty("watched").GetArrayLength()); // the SPI in both directions

        Assert.Equal(0, _observer.Ask("""{"cmd":"stop"}""").GetProperty("repeats").GetInt64());
        Assert.Equal(0, await _observer.Exit);
        // pcap: file header, and two packets with 16 bytes of record header and 28 of IPv4 and UDP.
        byte[] pcap = File.ReadAllBytes(Path.Combine(_folder.FullName, "wire.pcap"));
        Assert.Equal(0xa1b23c4du, BinaryPrimitives.ReadUInt32LittleEndian(pcap));
        Assert.Equal(24 + (2 * (16 + 28 + 64)), pcap.Length);
        Assert.Equal(there, pcap.AsSpan(24 + 16 + 28, 64).ToArray());
    }

    [Fact]
    public void Injects_exactly_what_passed_before_the_mark()
    {
        for (uint number = 1; number <= 5; number++)
        {
            ToCluster(EspPacket(1, number));
            ToPeer(EspPacket(2, number));
        }

        ToCluster(new byte[40]); // IKE is never sent again
        Counted(11);
        long mark = _observer.Ask("""{"cmd":"mark","name":"kill"}""").GetProperty("t").GetInt64();
        ToCluster(EspPacket(1, 6)); // after the mark
        Counted(12);

        JsonElement injected = _observer.Ask("""{"cmd":"inject","before":"kill","guardMs":0,"pps":5000}""");
        Assert.Equal(5, injected.GetProperty("injectedToPeer").GetInt64());
        Assert.Equal(5, injected.GetProperty("injectedToCluster").GetInt64());
        Assert.Equal(1, injected.GetProperty("skippedGuard").GetInt64());
        for (uint number = 1; number <= 5; number++)
        {
            Assert.Equal(EspPacket(2, number), _peer.Receive(out IPEndPoint from));
            Assert.Equal(_peerSide, from);
            Assert.Equal(EspPacket(1, number), _router.Receive(out from));
            Assert.Equal(_routerSide, from);
        }

        // Nobody counts what we put there ourselves, and a guard longer than the run leaves nothing.
        JsonElement after = _observer.Ask("""{"cmd":"mark"}""");
        Assert.Equal(0, after.GetProperty("repeats").GetInt64());
        Assert.Equal(11, after.GetProperty("recorded").GetInt64());
        Assert.Equal(5, after.GetProperty("injectedToPeer").GetInt64());
        injected = _observer.Ask($$"""{"cmd":"inject","before":{{mark}},"guardMs":3600000}""");
        Assert.Equal(0, injected.GetProperty("injectedToPeer").GetInt64());
        Assert.True(_observer.Ask("""{"cmd":"inject","before":"nothing"}""").TryGetProperty("error", out _));
    }

    [Fact]
    public void Finds_the_repeat_that_was_planted()
    {
        Assert.True(_observer.Ask("""{"cmd":"plant"}""").TryGetProperty("error", out _));
        ToCluster(EspPacket(1, 1));
        ToPeer(EspPacket(9, 1));
        ToPeer(EspPacket(9, 2));
        Counted(3);
        JsonElement planted = _observer.Ask("""{"cmd":"plant"}""");
        Assert.Equal("0x00000009", planted.GetProperty("spi").GetString());
        Assert.Equal(2, planted.GetProperty("number").GetInt64());
        Assert.Equal(EspPacket(9, 2), _peer.Receive());
        JsonElement mark = _observer.Ask("""{"cmd":"mark"}""");
        Assert.Equal(1, mark.GetProperty("repeats").GetInt64());
        Assert.Equal(3, mark.GetProperty("recorded").GetInt64()); // or it would be injected twice
    }

    [Fact]
    public void A_number_used_twice_on_the_wire_is_found_across_the_jump()
    {
        foreach (ulong number in new ulong[] { 1, 2, (1UL << 24) + 1, (1UL << 24) + 2, 2 })
            ToPeer(EspPacket(9, number));
        Counted(5);
        Assert.Equal(1, _observer.Ask("""{"cmd":"mark"}""").GetProperty("repeats").GetInt64());
    }

    [Fact]
    public void Tells_the_last_number_before_a_mark_and_the_first_above_the_limit_after_it()
    {
        ToPeer(EspPacket(1, 1));
        ToPeer(EspPacket(1, 2));
        Counted(2);
        _observer.Ask("""{"cmd":"mark","name":"kill"}""");
        ToPeer(EspPacket(1, 3)); // the old active's last, still under way
        ToPeer(EspPacket(1, 1001));
        ToPeer(EspPacket(1, 1002));
        Counted(5);
        JsonElement first = Watched("""{"cmd":"firstAfter","mark":"kill","above":1000}""");
        Assert.Equal(2, first.GetProperty("lastBefore").GetInt64());
        Assert.Equal(1001, first.GetProperty("firstAfter").GetInt64());
        Assert.Equal(3, Watched("""{"cmd":"firstAfter","mark":"kill"}""").GetProperty("firstAfter").GetInt64());
        Assert.Equal(JsonValueKind.Null, Watched("""{"cmd":"firstAfter","mark":"kill","above":5000}""").GetProperty("firstAfter").ValueKind);

        JsonElement samples = _observer.Ask("""{"cmd":"samples","spi":"0x1","direction":"toPeer","from":"kill"}""").GetProperty("samples");
        Assert.Equal([3, 1001, 1002], samples.EnumerateArray().Select(sample => sample[1].GetInt64()));
        Assert.Equal(0, _observer.Ask("""{"cmd":"samples","spi":2}""").GetProperty("samples").GetArrayLength());
    }

    private JsonElement Watched(string command) =>
        _observer.Ask(command).GetProperty("watched").EnumerateArray().Single(spi => spi.GetProperty("direction").GetString() == "toPeer");

    /// <summary>Forwarding comes before counting.</summary>
    private void Counted(long observed) =>
        _observer.AskUntil("""{"cmd":"mark"}""", answer => answer.GetProperty("observed").GetInt64() - answer.GetProperty("other").GetInt64() == observed);

    private byte[] ToCluster(byte[] datagram)
    {
        _peer.Send(datagram, _peerSide);
        byte[] passed = _router.Receive(out IPEndPoint from);
        Assert.Equal(_routerSide, from);
        return passed;
    }

    private byte[] ToPeer(byte[] datagram)
    {
        _router.Send(datagram, _routerSide);
        byte[] passed = _peer.Receive(out IPEndPoint from);
        Assert.Equal(_peerSide, from);
        return passed;
    }
}
