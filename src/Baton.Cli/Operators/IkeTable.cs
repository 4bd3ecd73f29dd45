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

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{status.Name}: {status.IkeSaCount} IKE SAs, {status.SaCount / 2} pairs of SAs"));
        foreach (IkeSaStatus sa in status.IkeSas.OrderBy(sa => sa.Connection, StringComparer.Ordinal))
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  {sa.Connection}  {sa.LocalSpi:x16}/{sa.RemoteSpi:x16}  {(sa.Initiated ? "ours" : "theirs")}  {sa.Local} - {sa.Remote} {sa.PeerIdentity}  {sa.Suite}  {sa.Abilities}  {Amounts.Life(sa.LifeLeft)}"));
        }

        if (status.MoreIkeAfter > 0) Console.WriteLine("  and more: --connection shows some of them, --limit 0 every one");
        foreach (SaStatus sa in status.Sas.Where(sa => sa.Direction == SaDirection.Outbound).OrderBy(sa => sa.Name, StringComparer.Ordinal))
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    {sa.Name}  {sa.Spi:x8}  {sa.Suite}  {sa.Packets} packets  {Amounts.Life(sa.LifeLeft)}"));
        if (status.MoreAfter > 0) Console.WriteLine("    and more");
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
            ["lifeLeft"] = Life(sa.LifeLeft),
        })]),
        ["children"] = new JsonArray([.. status.Sas.Select(sa => new JsonObject
        {
            ["name"] = sa.Name,
            ["direction"] = sa.Direction == SaDirection.Outbound ? "outbound" : "inbound",
            ["spi"] = sa.Spi.ToString("x8", CultureInfo.InvariantCulture),
            ["suite"] = sa.Suite,
            ["packets"] = sa.Packets,
            ["bytes"] = sa.Bytes,
            ["lifeLeft"] = Life(sa.LifeLeft),
        })]),
    };

    /// <summary>Null: the node does not know. What is not in it has no such end.</summary>
    private static JsonObject? Life(LifeLeft? left)
    {
        if (left is null) return null;
        var json = new JsonObject();
        if (left.HasRekeyMs) json["rekeyMs"] = left.RekeyMs;
        if (left.HasRekeyBytes) json["rekeyBytes"] = left.RekeyBytes;
        if (left.HasRekeyPackets) json["rekeyPackets"] = left.RekeyPackets;
        if (left.HasRekeyNumbers) json["rekeyNumbers"] = left.RekeyNumbers;
        if (left.HasEndMs) json["endMs"] = left.EndMs;
        if (left.HasEndNumbers) json["endNumbers"] = left.EndNumbers;
        return json;
    }

    private static string Hex(ulong value) => value.ToString("x16", CultureInfo.InvariantCulture);
}
