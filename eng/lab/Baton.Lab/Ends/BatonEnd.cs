using System.Globalization;
using System.Text.Json;
using Baton.Lab.Batons;
using Baton.Lab.Processes;

namespace Baton.Lab.Ends;

/// <summary>A Baton cluster or peer as an end: told and seen by the operator's commands.</summary>
/// <param name="node">The peer, or the member that works; null while none does.</param>
internal sealed class BatonEnd(Func<OperatedNode?> node, Func<string> connection, Wait wait, Func<string> lastWords) : IEnd
{
    public void Initiate() => Tell("initiate");

    public void RekeyChild() => Tell("rekey", Connections.Child);

    public void RekeyIke() => Tell("rekey");

    public void Probe()
    {
        long before = Answers();
        Tell("probe");
        wait.Until("the other end has given a sign of life", TimeSpan.FromSeconds(10), () => Answers() > before, LastWords);
    }

    public void DeleteChild() => Tell("delete", Connections.Child);

    public void DeleteIke() => Tell("delete");

    public void Forget() => Node.TryTell("delete", connection(), "", out _);

    public IReadOnlyList<IkeView> Look()
    {
        if (node()?.Look() is not { } seen) return [];
        ChildView[] children = Pairs(seen, $"{connection()}:{Connections.Child}");
        return [.. from sa in seen.GetProperty("ikeSas").EnumerateArray()
                   where sa.GetProperty("connection").GetString() == connection()
                   select new IkeView(IkeView.Pair(Hex(sa.GetProperty("localSpi")), Hex(sa.GetProperty("remoteSpi"))), sa.GetProperty("suite").GetString()!, children)];
    }

    public string LastWords() => lastWords();

    private OperatedNode Node => node() ?? throw new LabException("nobody is active");

    private void Tell(string verb, string child = "") => Node.Tell(verb, connection(), child);

    /// <summary>Authentic answers to requests of ours.</summary>
    private long Answers() => Node.Counter("ike.answers");

    private static ChildView[] Pairs(JsonElement seen, string name)
    {
        JsonElement[] sas = [.. seen.GetProperty("sas").EnumerateArray().Where(sa => sa.GetProperty("name").GetString() == name)];
        return [.. Spis(sas, "INBOUND").Zip(Spis(sas, "OUTBOUND"), (near, far) => new ChildView(near, far, sas[0].GetProperty("suite").GetString()!))];
    }

    private static IEnumerable<string> Spis(JsonElement[] sas, string direction) =>
        sas.Where(sa => sa.GetProperty("direction").GetString() == direction).Select(sa => sa.GetProperty("spi").GetUInt32().ToString("x8", CultureInfo.InvariantCulture));

    private static string Hex(JsonElement number) => ulong.Parse(number.ToString(), CultureInfo.InvariantCulture).ToString("x16", CultureInfo.InvariantCulture);
}
