using Baton.Gateway.DataPath;
using Baton.Redundancy.Records;

namespace Baton.Gateway.Tests.DataPath;

public sealed class SaIdRowTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void IsTheSortedSetOfWhatWasAddedAndNotRemoved(int seed)
    {
        var random = new Random(seed);
        var row = new SaIdRow();
        var model = new SortedSet<ulong>();
        for (int step = 0; step < 20_000; step++)
        {
            // Rising as the ledger gives them, with some in between; at times many go.
            ulong id = random.Next(4) == 0 ? (ulong)random.Next(1, step + 2) : (ulong)step + 1;
            if (random.Next(step % 4_000 > 3_000 ? 2 : 10) == 0 && model.Count > 0)
            {
                id = model.GetViewBetween(id / 2, ulong.MaxValue).FirstOrDefault(id);
                Assert.Equal(model.Remove(id), Remove(row, id));
            }
            else
            {
                row.Add(new SaId(id));
                model.Add(id);
            }
        }

        Assert.Equal(model, Walk(row, 0));
        Assert.Equal(model.Where(id => id > 7_777), Walk(row, 7_777));
        foreach (ulong id in model)
            row.Remove(new SaId(id));
        Assert.Empty(Walk(row, 0));
    }

    private static bool Remove(SaIdRow row, ulong id)
    {
        bool was = row.TryAfter(id - 1, out SaId found) && found.Value == id;
        row.Remove(new SaId(id));
        Assert.False(row.TryAfter(id - 1, out found) && found.Value == id);
        return was;
    }

    private static List<ulong> Walk(SaIdRow row, ulong after)
    {
        var walked = new List<ulong>();
        while (row.TryAfter(after, out SaId next))
            walked.Add(after = next.Value);
        return walked;
    }
}
