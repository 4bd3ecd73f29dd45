using System.Globalization;
using System.Text.Json.Nodes;

namespace Baton.Lab.StrongSwan;

/// <summary>A child SA as charon reports it.</summary>
public sealed record ChildSaState(string Name, int Id, string State, string Suite, string SpiIn, string SpiOut, long PacketsIn, long PacketsOut, string LocalTs, string RemoteTs);

/// <summary>An IKE SA as charon reports it.</summary>
public sealed record IkeSaState(string Name, int Id, string State, bool IsInitiator, string InitiatorSpi, string ResponderSpi, string RemoteHost, string Suite, IReadOnlyList<string> VirtualAddresses, IReadOnlyList<ChildSaState> Children)
{
    public static IkeSaState Read(string name, JsonObject sa) => new(
        name,
        int.Parse(Text(sa, "uniqueid"), CultureInfo.InvariantCulture),
        Text(sa, "state"),
        Text(sa, "initiator") == "yes",
        Text(sa, "initiator-spi"),
        Text(sa, "responder-spi"),
        Text(sa, "remote-host"),
        Joined(Cipher(sa), Text(sa, "prf-alg"), Text(sa, "dh-group")),
        [.. Items(sa, "local-vips"), .. Items(sa, "remote-vips")],
        [.. (sa["child-sas"]?.AsObject() ?? []).Select(child => Child(child.Value!.AsObject()))]);

    private static ChildSaState Child(JsonObject child) => new(
        Text(child, "name"),
        int.Parse(Text(child, "uniqueid"), CultureInfo.InvariantCulture),
        Text(child, "state"),
        Joined(Cipher(child), Text(child, "dh-group"), Text(child, "esn") == "1" ? "ESN" : ""),
        Text(child, "spi-in"),
        Text(child, "spi-out"),
        Number(child, "packets-in"),
        Number(child, "packets-out"),
        List(child, "local-ts"),
        List(child, "remote-ts"));

    private static string Cipher(JsonObject sa) =>
        Joined(Text(sa, "encr-keysize") is { Length: > 0 } bits ? $"{Text(sa, "encr-alg")}-{bits}" : Text(sa, "encr-alg"), Text(sa, "integ-alg"));

    private static string Joined(params IEnumerable<string> parts) => string.Join('/', parts.Where(part => part.Length > 0));

    private static string Text(JsonObject section, string key) => section[key]?.ToString() ?? "";

    private static string List(JsonObject section, string key) => string.Join(' ', Items(section, key));

    private static IEnumerable<string> Items(JsonObject section, string key) => (section[key]?.AsArray() ?? []).Select(item => item!.ToString());

    private static long Number(JsonObject section, string key) => long.TryParse(Text(section, key), CultureInfo.InvariantCulture, out long number) ? number : 0;
}
