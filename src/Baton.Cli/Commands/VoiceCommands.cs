using System.CommandLine;
using System.Globalization;
using System.Net;
using Baton.Cluster.Configuration;
using Baton.Voice;
using Baton.Voice.Calls;

namespace Baton.Cli.Commands;

/// <summary>The instruments of the demo: they talk JSON lines on stdin and stdout.</summary>
internal static class VoiceCommands
{
    public static IEnumerable<Command> Create()
    {
        yield return Phone();
        yield return Phones();
        yield return Probe();
        yield return Observer();
    }

    private static Command Phone()
    {
        Option<string> local = Required("--local", "Where this phone sends from and listens.");
        Option<string> gateway = Required("--gateway", "The inner port of the gateway, router or peer that carries the call.");
        var self = new Option<string?>("--self-inner") { Description = "This phone's inner IPv4 address." };
        var far = new Option<string?>("--far-inner") { Description = "The other phone's inner IPv4 address." };
        var plain = new Option<bool>("--plain") { Description = "A host of its own: RTP through its stack, --gateway is the other phone, no inner addresses." };
        var speech = new Option<string>("--speech") { Description = "What it says: a or b.", DefaultValueFactory = _ => "a" };
        var record = new Option<string?>("--record") { Description = "WAV file of the call as heard." };
        var log = new Option<string?>("--log") { Description = "A JSON line for each packet that arrived." };
        var alsoFrom = new Option<string[]>("--also-from") { Description = "Further senders to listen to." };
        var command = new Command("phone", "One end of a call: G.711 over RTP, 20 ms.") { local, gateway, self, far, plain, speech, record, log, alsoFrom };
        command.SetAction((parsed, cancellation) => PhoneCommand.RunAsync(
            new PhoneOptions(EndPoint(parsed, local), EndPoint(parsed, gateway),
                parsed.GetValue(plain) ? 0 : Inner(parsed, self), parsed.GetValue(plain) ? 0 : Inner(parsed, far),
                parsed.GetRequiredValue(speech), parsed.GetValue(record), parsed.GetValue(log), EndPoints(parsed, alsoFrom), parsed.GetValue(plain)), cancellation));
        return command;
    }

    private static Command Phones()
    {
        Option<string> plain = Required("--plain", "The address of the plain phones.");
        Option<string> secure = Required("--secure", "The address of the SRTP phones.");
        Option<string> injector = Required("--injector", "Where recorded packets come from that SRTP phones get once more.");
        var recordPlain = new Option<string?>("--record-plain") { Description = "WAV file of the first call as its plain phone heard it." };
        var recordSecure = new Option<string?>("--record-secure") { Description = "WAV file of the first call as its SRTP phone heard it." };
        var command = new Command("phones", "Both phones of many calls that media gateways relay: one plain, one with SRTP.") { plain, secure, injector, recordPlain, recordSecure };
        command.SetAction((parsed, cancellation) => PhonesCommand.RunAsync(
            new CallPhonesOptions(Address(parsed, plain), Address(parsed, secure), EndPoint(parsed, injector), parsed.GetValue(recordPlain), parsed.GetValue(recordSecure)), cancellation));
        return command;

        static IPAddress Address(ParseResult parsed, Option<string> option) =>
            IPAddress.TryParse(parsed.GetRequiredValue(option), out IPAddress? address) ? address : throw new UsageException($"{option.Name} \"{parsed.GetValue(option)}\" is no address");
    }

    private static Command Probe()
    {
        Option<string> peerLocal = Required("--peer-local", "The end behind the peer.");
        Option<string> peerGateway = Required("--peer-gateway", "The peer's inner port.");
        Option<string> clusterLocal = Required("--cluster-local", "The end behind the cluster.");
        Option<string> clusterGateway = Required("--cluster-gateway", "The router's or gateway's inner port.");
        var rate = new Option<int>("--rate") { Description = "Packets a second each way.", DefaultValueFactory = _ => 1000 };
        var flows = new Option<int>("--flows") { Description = "Further flows, each on an SA of its own.", DefaultValueFactory = _ => 0 };
        var period = new Option<double>("--flow-period") { Description = "Seconds between two packets of one of them.", DefaultValueFactory = _ => 8 };
        var alsoFrom = new Option<string[]>("--also-from") { Description = "Further senders to listen to." };
        var plain = new Option<bool>("--plain") { Description = "Hosts of their own: the stream goes through their stacks, each gateway is the other end." };
        var peerSpace = new Option<string?>("--peer-namespace") { Description = "The network namespace of the end behind the peer." };
        var clusterSpace = new Option<string?>("--cluster-namespace") { Description = "The network namespace of the end behind the cluster." };
        var command = new Command("probe", "Both ends of a stream of numbered packets, on one clock.") { peerLocal, peerGateway, clusterLocal, clusterGateway, rate, flows, period, alsoFrom, plain, peerSpace, clusterSpace };
        command.SetAction((parsed, cancellation) => ProbeCommand.RunAsync(
            new ProbeOptions(EndPoint(parsed, peerLocal), EndPoint(parsed, peerGateway), EndPoint(parsed, clusterLocal), EndPoint(parsed, clusterGateway),
                parsed.GetValue(rate), parsed.GetValue(flows), parsed.GetValue(period), EndPoints(parsed, alsoFrom),
                parsed.GetValue(plain), parsed.GetValue(peerSpace), parsed.GetValue(clusterSpace)), cancellation));
        return command;
    }

    private static Command Observer()
    {
        Option<string> peerSide = Required("--peer-side", "The address that the peer takes for the router.");
        Option<string> routerSide = Required("--router-side", "The address that the router takes for the peer.");
        Option<string> router = Required("--router", "The router's outer address.");
        var peer = new Option<string?>("--peer") { Description = "The peer's outer address; without it the first sender is the peer." };
        var record = new Option<string?>("--record") { Description = "pcap file of all that passed." };
        var limit = new Option<int>("--max-record-mib") { Description = "Recording stops there.", DefaultValueFactory = _ => 200 };
        var watch = new Option<string[]>("--watch-spi") { Description = "An SPI whose numbers are kept with their times." };
        var aead = new Option<string[]>("--aead-spi") { Description = "An SPI known to carry its number as explicit IV." };
        var command = new Command("observer", "Sees every outer packet, and counts numbers that come twice.") { peerSide, routerSide, router, peer, record, limit, watch, aead };
        command.SetAction((parsed, cancellation) => ObserverCommand.RunAsync(
            new ObserverOptions(EndPoint(parsed, peerSide), EndPoint(parsed, routerSide), EndPoint(parsed, router),
                parsed.GetValue(peer) is { } text ? Parse(peer.Name, text) : null, parsed.GetValue(record), parsed.GetValue(limit),
                Spis(parsed.GetValue(watch)), Spis(parsed.GetValue(aead))), cancellation));
        return command;
    }

    private static Option<string> Required(string name, string description) => new(name) { Description = description, Required = true };

    private static IPEndPoint EndPoint(ParseResult parsed, Option<string> option) => Parse(option.Name, parsed.GetRequiredValue(option));

    private static IPEndPoint[]? EndPoints(ParseResult parsed, Option<string[]> option) =>
        parsed.GetValue(option)?.Select(text => Parse(option.Name, text)).ToArray();

    private static IPEndPoint Parse(string option, string text) =>
        EndpointText.TryParse(text, out IPEndPoint endpoint) ? endpoint : throw new UsageException($"{option} \"{text}\" is no address:port");

    private static uint Inner(ParseResult parsed, Option<string?> option) =>
        DemoAddresses.TryParse(parsed.GetValue(option) ?? "", out uint address)
            ? address
            : throw new UsageException($"{option.Name} \"{parsed.GetValue(option)}\" is no IPv4 address");

    private static uint[]? Spis(string[]? texts) => texts?.Select(text =>
        (text.StartsWith("0x", StringComparison.Ordinal)
            ? uint.TryParse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out uint spi)
            : uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out spi))
            ? spi
            : throw new UsageException($"\"{text}\" is no SPI")).ToArray();
}
