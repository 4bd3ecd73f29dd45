using System.Net;
using System.Text.Json;
using Baton.Voice.Audio;
using Baton.Voice.Inner;
using Baton.Voice.Rtp;
using Baton.Wire.Rtp;

namespace Baton.Voice.Tests.Phones;

public sealed class PhoneCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("baton-phone-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Two_phones_count_what_the_path_did_to_them()
    {
        using var tunnel = new TunnelStub();
        IPEndPoint a = TestPort.Free();
        IPEndPoint b = TestPort.Free();
        int passed = 0;
        // To b: the 5th is lost, the 8th comes twice. Everything to a passes.
        tunnel.ToRight = _ => ++passed switch { 5 => 0, 8 => 2, _ => 1 };
        tunnel.Start(a, b);
        string recording = Path.Combine(_folder.FullName, "b.wav");
        string log = Path.Combine(_folder.FullName, "b.jsonl");
        await using var phoneB = new ShellUnderTest((input, output, ct) => PhoneCommand.RunAsync(
            new PhoneOptions(b, tunnel.RightPort, DemoAddresses.PhoneCluster, DemoAddresses.PhonePeer, "b", recording, log), input, output, ct));
        Assert.Equal("ready", phoneB.Read().GetProperty("event").GetString());
        await using var phoneA = new ShellUnderTest((input, output, ct) => PhoneCommand.RunAsync(
            new PhoneOptions(a, tunnel.LeftPort, DemoAddresses.PhonePeer, DemoAddresses.PhoneCluster, "a"), input, output, ct));
        Assert.Equal(a.ToString(), phoneA.Read().GetProperty("local")[0].GetString());

        JsonElement mark = phoneB.AskUntil("""{"cmd":"mark","name":"x","id":7}""", answer => answer.GetProperty("received").GetInt64() >= 30);
        Assert.Equal("x", mark.GetProperty("name").GetString());
        Assert.Equal(7, mark.GetProperty("id").GetInt32());
        Assert.Equal(1, mark.GetProperty("lost").GetInt64());
        Assert.Equal(1, mark.GetProperty("deliveredTwice").GetInt64());
        Assert.Equal(
            mark.GetProperty("received").GetInt64() + 1,
            mark.GetProperty("lastSeq").GetInt64() - mark.GetProperty("firstSeq").GetInt64() + 1);

        JsonElement rated = phoneB.Ask($$"""{"cmd":"quality","stretches":[[0,1],[0,{{long.MaxValue / 2}}]]}""").GetProperty("stretches");
        Assert.Equal(JsonValueKind.Null, rated[0].ValueKind);
        Assert.Equal(1, rated[1].GetProperty("lost").GetInt64());
        Assert.InRange(rated[1].GetProperty("expected").GetInt64(), 30, 10_000);
        Assert.InRange(rated[1].GetProperty("mos").GetDouble(), 1, 4.35);

        JsonElement end = phoneA.Ask("""{"cmd":"stop"}""");
        Assert.Equal(0, await phoneA.Exit);
        Assert.Equal(0, end.GetProperty("deliveredTwice").GetInt64());
        Assert.True(end.GetProperty("sent").GetInt64() >= 30);

        phoneB.CloseStdin(); // its parent died
        JsonElement last = phoneB.Read();
        Assert.Equal("stop", last.GetProperty("cmd").GetString());
        Assert.Equal(0, await phoneB.Exit);
        Assert.Equal(mark.GetProperty("firstSeq").GetInt64(), JsonDocument.Parse(File.ReadLines(log).First()).RootElement.GetProperty("seq").GetInt64());
        Assert.Single(File.ReadLines(log), line => line.Contains("twice", StringComparison.Ordinal));

        // What b heard is what a said, with silence in place of the fifth frame and of those that a busy machine brought late.
        Assert.True(WavFile.TryParse(File.ReadAllBytes(recording), out WavFile? heard));
        short[] samples = heard!.ToPcm();
        SpeechLibrary.TryLoad("a", out ReadOnlyMemory<byte> said);
        short[] spoken = new short[samples.Length];
        G711.DecodeMuLaw(said.Span[..spoken.Length], spoken);
        var silent = new List<int>();
        for (int frame = 0; frame < samples.Length / RtpSender.FrameSamples; frame++)
        {
            Range place = (frame * RtpSender.FrameSamples)..((frame + 1) * RtpSender.FrameSamples);
            if (!spoken.AsSpan(place).SequenceEqual(samples.AsSpan(place)))
            {
                Assert.Equal(-1, samples.AsSpan(place).IndexOfAnyExcept((short)0));
                silent.Add(frame);
            }
        }

        Assert.Contains(4, silent);
        Assert.True(silent.Count - 1 <= last.GetProperty("late").GetInt64());
    }

    [Fact]
    public async Task Plain_phones_talk_through_the_stack_of_their_hosts()
    {
        IPEndPoint a = TestPort.Free();
        IPEndPoint b = TestPort.Free();
        await using var phoneA = new ShellUnderTest((input, output, ct) =>
            PhoneCommand.RunAsync(new PhoneOptions(a, b, 0, 0, "a", Plain: true), input, output, ct));
        phoneA.Read();
        await using var phoneB = new ShellUnderTest((input, output, ct) =>
            PhoneCommand.RunAsync(new PhoneOptions(b, a, 0, 0, "b", Plain: true), input, output, ct));
        phoneB.Read();
        foreach (ShellUnderTest phone in (ShellUnderTest[])[phoneA, phoneB])
        {
            JsonElement mark = phone.AskUntil("""{"cmd":"mark"}""", answer => answer.GetProperty("received").GetInt64() >= 10);
            Assert.Equal(0, mark.GetProperty("foreign").GetInt64());
            Assert.Equal(0, mark.GetProperty("lost").GetInt64());
        }
    }

    [Fact]
    public async Task What_strangers_send_changes_a_counter_only()
    {
        using var tunnel = new TunnelStub();
        using var stranger = new TestPort();
        IPEndPoint a = TestPort.Free();
        await using var phone = new ShellUnderTest((input, output, ct) => PhoneCommand.RunAsync(
            new PhoneOptions(a, tunnel.LeftPort, DemoAddresses.PhonePeer, DemoAddresses.PhoneCluster, "a"), input, output, ct));
        phone.Read();

        var packet = new byte[InnerUdp.HeaderBytes + RtpSender.PacketBytes];
        RtpPacket.WriteHeader(packet.AsSpan(InnerUdp.HeaderBytes), false, RtpPacket.Pcmu, 1, 0, 1);
        InnerUdp.WriteHeaders(packet, RtpSender.PacketBytes, DemoAddresses.PhoneCluster, DemoAddresses.PhonePeer, 4000, 4000, 1);
        stranger.Send(packet, a);          // a good packet of the wrong sender
        stranger.Send([1, 2, 3], a);
        tunnel.SendLeft([], a);            // the right sender, nothing in it
        tunnel.SendLeft([0x45, 0, 0], a);
        tunnel.SendLeft(packet, a);
        JsonElement mark = phone.AskUntil("""{"cmd":"mark"}""", answer => answer.GetProperty("received").GetInt64() == 1);
        Assert.Equal(4, mark.GetProperty("foreign").GetInt64());
        Assert.Equal(0, mark.GetProperty("lost").GetInt64());
    }

    [Fact]
    public async Task Bad_commands_are_answered_and_a_signal_stops()
    {
        using var tunnel = new TunnelStub();
        await using var phone = new ShellUnderTest((input, output, ct) => PhoneCommand.RunAsync(
            new PhoneOptions(new IPEndPoint(IPAddress.Loopback, 0), tunnel.LeftPort, 1, 2, "a"), input, output, ct));
        phone.Read();
        Assert.Contains("dance", phone.Ask("""{"cmd":"dance"}""").GetProperty("error").GetString());
        Assert.True(phone.Ask("{").TryGetProperty("error", out _));
        Assert.True(phone.Ask("[]").TryGetProperty("error", out _));
        phone.Terminate();
        Assert.Equal("stop", phone.Read().GetProperty("cmd").GetString());
        Assert.Equal(0, await phone.Exit);
    }

    [Fact]
    public async Task A_taken_port_or_an_unknown_voice_is_an_error_of_the_start()
    {
        using var taken = new TestPort();
        var options = new PhoneOptions(taken.Local, taken.Local, 1, 2, "a");
        Assert.Equal(1, await PhoneCommand.RunAsync(options, TextReader.Null, TextWriter.Null, CancellationToken.None));
        options = options with { Local = new IPEndPoint(IPAddress.Loopback, 0), Speech = "c" };
        Assert.Equal(1, await PhoneCommand.RunAsync(options, TextReader.Null, TextWriter.Null, CancellationToken.None));
    }
}
