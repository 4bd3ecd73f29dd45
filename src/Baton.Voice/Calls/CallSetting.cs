using System.Net;
using System.Text.Json;
using Baton.Voice.Shell;

namespace Baton.Voice.Calls;

/// <summary>Where the phones of one <c>baton phones</c> are.</summary>
/// <param name="Plain">Of the plain phones: each call has two ports there.</param>
/// <param name="Secure">Of the SRTP phones.</param>
/// <param name="Injector">Where recorded packets come from that are sent to SRTP phones once more.</param>
public sealed record CallPhonesOptions(IPAddress Plain, IPAddress Secure, IPEndPoint Injector, string? RecordPlain = null, string? RecordSecure = null);

/// <summary>One call as the two phones know it from their descriptions.</summary>
/// <param name="Port">Of both phones, RTP; RTCP is the next.</param>
/// <param name="OurCrypto">The crypto attribute that the SRTP phone said (RFC 4568); its gateway's is <paramref name="GatewayCrypto"/>.</param>
/// <param name="First">The first SEQ of either phone.</param>
internal sealed record CallSetting(string Id, int Port, IPEndPoint PlainGateway, IPEndPoint SecureGateway, string OurCrypto, string GatewayCrypto, ushort First)
{
    /// <exception cref="ArgumentException">Something is missing.</exception>
    public static CallSetting Of(JsonElement command) => new(
        Said(command, "call"), (int)(command.Whole("port") ?? throw Missing("port")),
        IPEndPoint.Parse(Said(command, "plainGateway")), IPEndPoint.Parse(Said(command, "secureGateway")),
        Said(command, "ourCrypto"), Said(command, "gatewayCrypto"), (ushort)(command.Whole("first") ?? throw Missing("first")));

    private static string Said(JsonElement command, string name) => command.Text(name) ?? throw Missing(name);

    private static ArgumentException Missing(string name) => new($"{name} is missing");
}
