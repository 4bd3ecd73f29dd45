using Baton.Cluster.Session;
using Baton.Redundancy.Records;

namespace Baton.Cluster.Sync;

public sealed partial class SyncCodec
{
    private void Pairs(IReadOnlyList<(SaId Id, ulong Value)> pairs)
    {
        _writer.Varint((ulong)pairs.Count);
        (ulong id, ulong value) = (0, 0);
        for (int i = 0; i < pairs.Count; i++)
        {
            _writer.Delta(id, pairs[i].Id.Value);
            _writer.Delta(value, pairs[i].Value);
            (id, value) = (pairs[i].Id.Value, pairs[i].Value);
        }
    }

    private static (SaId Id, ulong Value)[] ReadPairs(ref SyncReader reader)
    {
        int count = reader.Count(least: 2);
        if (count == 0) return [];
        var pairs = new (SaId, ulong)[count];
        (ulong id, ulong value) = (0, 0);
        for (int i = 0; i < count && reader.Ok; i++)
        {
            id = reader.Delta(id);
            value = reader.Delta(value);
            pairs[i] = (new SaId(id), value);
        }

        return pairs;
    }

    private void Windows(IReadOnlyList<(SaId Id, WindowReport Window)> windows)
    {
        _writer.Varint((ulong)windows.Count);
        ulong id = 0;
        for (int i = 0; i < windows.Count; i++)
        {
            (SaId sa, WindowReport window) = windows[i];
            _writer.Delta(id, sa.Value);
            _writer.Varint(window.Top);
            _writer.Varint((ulong)window.Bitmap.Length);
            foreach (ulong word in window.Bitmap.Span) _writer.Fixed64(word);
            id = sa.Value;
        }
    }

    private static (SaId Id, WindowReport Window)[] ReadWindows(ref SyncReader reader)
    {
        int count = reader.Count(least: 3);
        if (count == 0) return [];
        var windows = new (SaId, WindowReport)[count];
        ulong id = 0;
        for (int i = 0; i < count && reader.Ok; i++)
        {
            id = reader.Delta(id);
            ulong top = reader.Varint();
            var bitmap = new ulong[reader.Small(Math.Min(Protocol.MaximumBitmapWords, reader.Left / 8))];
            for (int word = 0; word < bitmap.Length; word++) bitmap[word] = reader.Fixed64();
            windows[i] = (new SaId(id), new WindowReport(top, bitmap));
        }

        return windows;
    }
}
