using System.Globalization;
using System.Text.Json;
using Baton.Lab.Batons;
using Baton.Lab.Hosts;

namespace Baton.Lab.Ends;

/// <summary>A Baton cluster as an end: told and seen by the operator's commands, at the member that works.</summary>
internal sealed class BatonEnd(BatonCluster cluster, Func<string> connection) : IEnd
{
    public void Initiate() => Tell("initiate");

    public void RekeyChild() => Tell("rekey", Connections.Child);

    public void RekeyIke() => Tell("rekey");

    public void Probe()
    {
        long before = Understood();
        Tell("probe");
        cluster.Wait.Until("the peer has given a sign of life", TimeSpan.FromSeconds(10), () => Understood() > before, LastWords);
    }

    public void DeleteChild() => Tell("delete", Connections.Child);

    public void DeleteIke() => Tell("delete");

    public void Forget() => cluster.TryTell(Active, "delete", connection(), "", out _);

    public IReadOnlyList<IkeView> Look()
    {
        if (cluster.Active is not { } active || cluster.Node(active) is not { } node) return [];
        ChildView[] children = Pairs(node, $"{connection()}:{Connections.Child}");
        return [.. from sa in node.GetProperty("ikeSas").EnumerateArray()
                   where sa.GetProperty("connection").GetString() == connection()
                   select new IkeView(IkeView.Pair(Hex(sa.GetProperty("localSpi")), Hex(sa.GetProperty("remoteSpi"))), sa.GetProperty("suite").GetString()!, children)];
    }

    public string LastWords() => cluster.LastWords();

    private Host Active => cluster.Active ?? throw new LabException("nobody is active");

    private void Tell(string verb, string child = "") => cluster.Tell(Active, verb, connection(), child);

    /// <summary>IKE messages that came and were understood, at the member that works.</summary>
    private long Understood() => cluster.Counter(Active, "ike.parse.parsed");

    private static ChildView[] Pairs(JsonElement node, string name)
    {
        JsonElement[] sas = [.. node.GetProperty("sas").EnumerateArray().Where(sa => sa.GetProperty("name").GetString() == name)];
        return [.. Spis(sas, "INBOUND").Zip(Spis(sas, "OUTBOUND"), (near, far) => new ChildView(near, far, sas[0].GetProperty("suite").GetString()!))];
    }

    private static IEnumerable<string> Spis(JsonElement[] sas, string direction) =>
        sas.Where(sa => sa.GetProperty("direction").GetString() == direction).Select(sa => sa.GetProperty("spi").GetUInt32().ToString("x8", CultureInfo.InvariantCulture));

    private static string Hex(JsonElement number) => ulong.Parse(number.ToString(), CultureInfo.InvariantCulture).ToString("x16", CultureInfo.InvariantCulture);
}
