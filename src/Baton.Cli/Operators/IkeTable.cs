using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Baton.Cluster.Protos;

namespace Baton.Cli.Operators;

/// <summary>The IKE SAs of a node and the pairs of SAs under their connections, for people or for programs.</summary>
internal static class IkeTable
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static void Write(NodeStatus status, bool json)
    {
        if (json)
        {
            Console.WriteLine(ToJson(status).ToJsonString(Indented));
            return;
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{status.Name}: {status.IkeSas.Count} IKE SAs up, {status.IkeSaCount} in all, {status.Sas.Count / 2} pairs of SAs"));
        foreach (IkeSaStatus sa in status.IkeSas.OrderBy(sa => sa.Connection, StringComparer.Ordinal))
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  {sa.Connection}  {sa.LocalSpi:x16}/{sa.RemoteSpi:x16}  {(sa.Initiated ? "ours" : "theirs")}  {sa.Local} - {sa.Remote} {sa.PeerIdentity}  {sa.Suite}  {sa.Abilities}"));
        }

        foreach (SaStatus sa in status.Sas.Where(sa => sa.Direction == SaDirection.Outbound).OrderBy(sa => sa.Name, StringComparer.Ordinal))
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    {sa.Name}  {sa.Spi:x8}  {sa.Suite}  {sa.Packets} packets"));
    }

    private static JsonObject ToJson(NodeStatus status) => new()
    {
        ["node"] = status.Name,
        ["ikeSas"] = new JsonArray([.. status.IkeSas.Select(sa => new JsonObject
        {
            ["connection"] = sa.Connection,
            ["id"] = Hex(sa.Id),
            ["localSpi"] = Hex(sa.LocalSpi),
            ["remoteSpi"] = Hex(sa.RemoteSpi),
            ["initiated"] = sa.Initiated,
            ["local"] = sa.Local,
            ["remote"] = sa.Remote,
            ["peerIdentity"] = sa.PeerIdentity,
            ["suite"] = sa.Suite,
            ["abilities"] = sa.Abilities,
            ["given"] = new JsonArray([.. sa.Given.Select(address => JsonValue.Create(address))]),
        })]),
        ["children"] = new JsonArray([.. status.Sas.Select(sa => new JsonObject
        {
            ["name"] = sa.Name,
            ["direction"] = sa.Direction == SaDirection.Outbound ? "outbound" : "inbound",
            ["spi"] = sa.Spi.ToString("x8", CultureInfo.InvariantCulture),
            ["suite"] = sa.Suite,
            ["packets"] = sa.Packets,
        })]),
    };

    private static string Hex(ulong value) => value.ToString("x16", CultureInfo.InvariantCulture);
}
