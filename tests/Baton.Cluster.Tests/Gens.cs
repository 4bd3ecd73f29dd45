using System.Collections.Immutable;
using Baton.Redundancy;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using CsCheck;

namespace Baton.Cluster.Tests;

/// <summary>Every record and message there is, at random; numbers of all sizes.</summary>
internal static class Gens
{
    public static readonly string[] Members = ["a", "b", "gw-zürich"];

    public static readonly Gen<ulong> Number = Gen.OneOf(Gen.ULong, Gen.ULong[0, 300], Gen.Const(0UL), Gen.Const(ulong.MaxValue));

    public static readonly Gen<Incarnation> Incarnation = Gen.Select(Any.Of(Members), Number, (m, n) => new Incarnation(m, n));

    public static readonly Gen<SaId> Id = Number.Select(n => new SaId(n));

    public static readonly Gen<WindowReport> Window =
        Gen.Select(Number, Gen.ULong.Array[0, 64], (top, bits) => new WindowReport(top, bits));

    public static readonly Gen<SaRecord> Sa = Gen.Select(
        Gen.Select(Id, Any.Of(SaDirection.Outbound, SaDirection.Inbound), Gen.UInt, Number),
        Gen.Select(Number, Number, Number, Number),
        Gen.Select(Number, Gen.Byte.Array[0, 300], Any.Of(CounterSpace.Esp32, CounterSpace.EspExtended, CounterSpace.Srtp, CounterSpace.Srtcp)),
        (a, b, d) => new SaRecord(a.Item1, a.Item2, a.Item3, d.Item3, a.Item4, b.Item1, b.Item2, b.Item3, b.Item4, d.Item1, d.Item2));

    public static readonly Gen<IkeId> IkeId = Number.Select(n => new IkeId(n));

    public static readonly Gen<IkeRecord> Ike = Gen.Select(IkeId, Number, Number, Gen.Byte.Array[0, 300],
        (id, version, tag, bytes) => new IkeRecord(id, version, tag, bytes));

    public static readonly Gen<LedgerCommit> Commit = Gen.Select(Ike.Array[0, 3], Sa.Array[0, 4], IkeId.Array[0, 3], Number.Array[0, 3],
        (ike, sas, deletedIke, deletedSas) => new LedgerCommit(ike, sas, deletedIke, deletedSas));

    public static readonly Gen<ClusterRecord> Cluster = Gen.Select(
        Gen.Select(Gen.Guid, Number, Number, Gen.Bool),
        Gen.Select(Gen.Bool, Incarnation, Gen.Bool, Incarnation),
        Gen.Select(Number, Incarnation.Array[0, 3], Gen.Bool, Number, Number),
        (a, b, c) => new ClusterRecord(a.Item1, a.Item2, a.Item3, b.Item1 ? b.Item2 : null, a.Item4, b.Item3 ? b.Item4 : null,
            c.Item1, [.. c.Item2], c.Item3 ? c.Item4 : null) { Commits = c.Item5 });

    public static readonly Gen<LedgerChange> Change = Gen.Select(Gen.Bool, Cluster, Sa.Array[0, 20], Id.Array[0, 20], Gen.Select(Ike.Array[0, 5], IkeId.Array[0, 5]),
        (snapshot, cluster, sas, deletes, ike) => new LedgerChange(snapshot, cluster, sas, deletes) { IkeUpserts = ike.Item1, IkeDeletes = ike.Item2 });

    public static readonly Gen<RequestHeader> Header = Gen.Select(Incarnation, Gen.Bool, Gen.Guid, Gen.Select(Number, Number),
        (from, has, id, seen) => new RequestHeader(from, has ? id : null, seen.Item1, seen.Item2));

    public static readonly Gen<MemberRequest> Request = Gen.OneOf(
        Gen.Select(Number, Sa.Array[0, 20], (t, sas) => (MemberRequest)new MemberRequest.Register(t, sas)),
        Gen.Select(Number, Gen.Select(Id, Number, Number).Array[0, 20], (t, l) => (MemberRequest)new MemberRequest.Extend(t, l)),
        Gen.Select(Number, Gen.Select(Id, Number).Array[0, 20], (t, c) => (MemberRequest)new MemberRequest.RaiseCoarse(t, c)),
        Gen.Select(Number, Number, Incarnation.Array[0, 3], (t, r, s) => (MemberRequest)new MemberRequest.ChangeInSync(t, r, s)),
        Gen.Select(Number, Incarnation, (t, d) => (MemberRequest)new MemberRequest.NameDesignee(t, d)),
        Number.Select(t => (MemberRequest)new MemberRequest.MoveOn(t)),
        Gen.Select(Number, Gen.Bool, Incarnation, Gen.Bool, (t, has, f, c) => (MemberRequest)new MemberRequest.Promote(t, has ? f : null, c)),
        Number.Select(t => (MemberRequest)new MemberRequest.AdoptDesignee(t)),
        Gen.Select(Number, Incarnation, (t, to) => (MemberRequest)new MemberRequest.Surrender(t, to)),
        Gen.Select(Number, Number, Commit.Array[0, 5], (t, f, c) => (MemberRequest)new MemberRequest.Commit(t, f, c)),
        Gen.Select(Number, Id.Array[0, 20], (t, ids) => (MemberRequest)new MemberRequest.Delete(t, ids)));

    public static readonly Gen<MemberMessage> Message = Gen.OneOf(
        Gen.Select(Gen.Select(Incarnation, Number, Number, Number), Gen.Int[0, 1000], Gen.Int[0, 1000], Gen.Select(Id, Number).Array[0, 50],
            (a, part, parts, c) => (MemberMessage)new MemberMessage.FineCeilings(a.Item1, a.Item2, a.Item3, a.Item4, part, parts, c)),
        Gen.Select(Gen.Select(Incarnation, Number, Number, Number), Gen.Int[0, 1000], Number,
            (a, part, revision) => (MemberMessage)new MemberMessage.Confirm(a.Item1, a.Item2, a.Item3, a.Item4, part, revision)),
        Gen.Select(Incarnation, Number, Number, Gen.Bool, Gen.Enum<Baton.Redundancy.Tracking.PathHealth>(), (f, t, r, h, p) => (MemberMessage)new MemberMessage.Present(f, t, r, h, p)),
        Gen.Select(Incarnation, Number, (f, t) => (MemberMessage)new MemberMessage.TermOver(f, t)),
        Gen.Select(Incarnation, Number, Incarnation, (f, t, to) => (MemberMessage)new MemberMessage.RelaySurrender(f, t, to)),
        Gen.Select(Gen.Select(Incarnation, Number, Number), Gen.Select(Id, Number).Array[0, 50], Gen.Select(Id, Window).Array[0, 10],
            (a, outbound, inbound) => (MemberMessage)new MemberMessage.ExactStates(a.Item1, a.Item2, a.Item3, outbound, inbound)));

    /// <summary>Records of lists do not compare by value; their text does.</summary>
    public static string Show(object? value) => value switch
    {
        null => "null",
        string text => text,
        System.Net.IPEndPoint or Baton.Wire.IpAddress => value.ToString()!,
        ReadOnlyMemory<byte> bytes => Convert.ToHexString(bytes.Span),
        ReadOnlyMemory<ulong> words => string.Join(' ', words.ToArray()),
        ImmutableArray<Incarnation> set => Show(set.ToArray()),
        System.Collections.IEnumerable list => "[" + string.Join(", ", list.Cast<object>().Select(Show)) + "]",
        _ when value.GetType() is { IsPrimitive: true } or { IsEnum: true } || value is Guid => value.ToString()!,
        System.Runtime.CompilerServices.ITuple tuple => "(" + string.Join(", ", Enumerable.Range(0, tuple.Length).Select(i => Show(tuple[i]))) + ")",
        _ => value.GetType().Name + "{" + string.Join(", ", value.GetType().GetProperties()
            .Where(p => p.GetIndexParameters().Length == 0 && !p.PropertyType.IsByRefLike && p.Name != "EqualityContract" && !p.GetMethod!.IsStatic)
            .OrderBy(p => p.Name, StringComparer.Ordinal).Select(p => $"{p.Name}={Show(p.GetValue(value))}")) + "}",
    };
}

internal static class Any
{
    public static Gen<T> Of<T>(params T[] choices) => Gen.Int[0, choices.Length - 1].Select(i => choices[i]);
}
