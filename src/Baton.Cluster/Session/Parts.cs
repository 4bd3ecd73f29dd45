using Google.Protobuf.Collections;
using P = Baton.Cluster.Protos;

namespace Baton.Cluster.Session;

/// <summary>Cuts long messages into parts that travel one after the other, and joins them again.</summary>
/// <remarks>Joining is protobuf's own merge: lists are concatenated, single fields come from whichever part has them.</remarks>
public static class Parts
{
    public static IEnumerable<P.Change> Split(P.Change whole)
    {
        if (Count(whole) <= Protocol.RecordsPerPart && whole.IkeUpserts.Count <= SmallEnough)
        {
            yield return whole;
            yield break;
        }

        var part = new P.Change { IsSnapshot = whole.IsSnapshot, Cluster = whole.Cluster };
        (int records, long bytes) = (0, 0);
        foreach ((int length, Action<P.Change> add) in Pieces(whole))
        {
            if (records == Protocol.RecordsPerPart || bytes >= Protocol.BytesPerPart)
            {
                part.More = true;
                yield return part;
                (part, records, bytes) = (new P.Change { IsSnapshot = whole.IsSnapshot }, 0, 0);
            }

            add(part);
            (records, bytes) = (records + 1, bytes + length);
        }

        yield return part;
    }

    /// <summary>So many IKE records fit into one part, however long each is.</summary>
    private const int SmallEnough = Protocol.BytesPerPart / Redundancy.Records.IkeRecord.MaximumSealedBytes;

    private static IEnumerable<(int Length, Action<P.Change> Add)> Pieces(P.Change whole)
    {
        foreach (P.SaRecord sa in whole.Upserts) yield return (sa.Sealed.Length, part => part.Upserts.Add(sa));
        foreach (ulong id in whole.Deletes) yield return (0, part => part.Deletes.Add(id));
        foreach (P.IkeRecord record in whole.IkeUpserts) yield return (record.Sealed.Length, part => part.IkeUpserts.Add(record));
        foreach (ulong id in whole.IkeDeletes) yield return (0, part => part.IkeDeletes.Add(id));
    }

    /// <summary>How many records a change carries.</summary>
    public static int Count(P.Change change) => change.Upserts.Count + change.Deletes.Count + change.IkeUpserts.Count + change.IkeDeletes.Count;

    public static IEnumerable<P.Request> Split(P.Request whole)
    {
        if (Count(whole) <= Protocol.RecordsPerPart) return [whole];
        return whole.BodyCase switch
        {
            P.Request.BodyOneofCase.Register => Cut(whole, whole.Register.Sas,
                (part, records) => (part.Register = new() { Term = whole.Register.Term }).Sas.AddRange(records)),
            P.Request.BodyOneofCase.Extend => Cut(whole, whole.Extend.Limits,
                (part, records) => (part.Extend = new() { Term = whole.Extend.Term }).Limits.AddRange(records)),
            P.Request.BodyOneofCase.RaiseCoarse => Cut(whole, whole.RaiseCoarse.Ceilings,
                (part, records) => (part.RaiseCoarse = new() { Term = whole.RaiseCoarse.Term }).Ceilings.AddRange(records)),
            P.Request.BodyOneofCase.Delete => Cut(whole, whole.Delete.Sas,
                (part, records) => (part.Delete = new() { Term = whole.Delete.Term }).Sas.AddRange(records)),
            _ => [whole],
        };
    }

    /// <summary>How many records a request carries.</summary>
    public static int Count(P.Request request) => request.BodyCase switch
    {
        P.Request.BodyOneofCase.Register => request.Register.Sas.Count,
        P.Request.BodyOneofCase.Extend => request.Extend.Limits.Count,
        P.Request.BodyOneofCase.RaiseCoarse => request.RaiseCoarse.Ceilings.Count,
        P.Request.BodyOneofCase.Delete => request.Delete.Sas.Count,
        _ => 0,
    };

    private static List<P.Request> Cut<T>(P.Request whole, RepeatedField<T> records, Action<P.Request, IEnumerable<T>> fill)
    {
        var parts = new List<P.Request>();
        foreach (T[] records1000 in records.Chunk(Protocol.RecordsPerPart))
        {
            var part = new P.Request { Id = whole.Id, Header = whole.Header, More = true };
            fill(part, records1000);
            parts.Add(part);
        }

        parts[^1].More = false;
        return parts;
    }
}

/// <summary>Joins the parts of one stream's requests.</summary>
public sealed class RequestJoiner
{
    private P.Request? _begun;

    /// <summary>False when the part belongs to no request that was begun, or the request grows too long.</summary>
    /// <param name="whole">The request when <paramref name="part"/> was its last part, else null.</param>
    public bool TryAdd(P.Request part, out P.Request? whole)
    {
        whole = null;
        if (_begun is null) _begun = part;
        else if (_begun.Id != part.Id || _begun.BodyCase != part.BodyCase) return false;
        else _begun.MergeFrom(part);
        if (Parts.Count(_begun) > Protocol.MaximumRecords) return false;
        if (part.More) return true;
        (whole, _begun) = (_begun, null);
        return true;
    }
}

/// <summary>Joins the parts of one stream's changes.</summary>
public sealed class ChangeJoiner
{
    private P.Change? _begun;

    /// <inheritdoc cref="RequestJoiner.TryAdd"/>
    public bool TryAdd(P.Change part, out P.Change? whole)
    {
        whole = null;
        if (_begun is null) _begun = part;
        else if (_begun.IsSnapshot != part.IsSnapshot || part.Cluster is not null) return false;
        else _begun.MergeFrom(part);
        if (Parts.Count(_begun) > Protocol.MaximumRecords) return false;
        if (part.More) return true;
        (whole, _begun) = (_begun, null);
        return true;
    }
}
