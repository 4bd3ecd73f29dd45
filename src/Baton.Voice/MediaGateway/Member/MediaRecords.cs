using System.Diagnostics.CodeAnalysis;
using Baton.Cluster.Records;
using Baton.Gateway.Engine;
using Baton.Redundancy;
using Baton.Redundancy.Members;
using Baton.Redundancy.Records;
using Baton.Srtp;
using Baton.Wire;
using Microsoft.Extensions.Logging;

namespace Baton.Voice.MediaGateway.Member;

/// <summary>The SAs of calls in the ledger: which there are, which are wanted, and whose lease or ceiling each gets.</summary>
/// <remarks>
/// Records and calls come by different ways, in any order: an SA is attached when both are here and its key is the one that the call has now. An SA of a key that a call gave up stays
/// until the call ends: should the key come back, it goes on above what was used.
/// </remarks>
internal sealed class MediaRecords(IMember member, MediaEngine engine, Func<ulong, CallSetting?> callOf, Func<ulong, bool> hasEnded)
{
    private const int BuiltPerTurn = 100;

    private sealed class Entry(SaId id, MediaSa sa, ulong keyTag)
    {
        public SaId Id { get; } = id;

        public MediaSa Sa { get; } = sa;

        public ulong KeyTag { get; } = keyTag;

        public bool IsAttached { get; set; }

        public bool WasAttached { get; set; }
    }

    private readonly Queue<SaRecord> _toBuild = new();
    private readonly HashSet<SaId> _queued = [];
    private readonly Dictionary<SaId, Entry> _entries = [];
    private readonly Dictionary<ulong, List<Entry>> _byCall = [];

    /// <summary>Key tags on their way into the ledger.</summary>
    private readonly Dictionary<ulong, ulong> _tagOfToken = [];
    private readonly HashSet<ulong> _underWay = [];
    private ulong _token;

    public int ToBuild => _queued.Count;

    /// <summary>Records of a call that nobody has said here.</summary>
    public bool LackCalls => _byCall.Keys.Any(call => callOf(call) is null && !hasEnded(call));

    public int Attached { get; private set; }

    public long Unusable { get; private set; }

    /// <summary>SAs that the ledger refused: a key that it has seen.</summary>
    public long Refused { get; private set; }

    public long Registered { get; private set; }

    public bool TakeRecord(SaRecord record)
    {
        if (record.Space != CounterSpace.Srtp && record.Space != CounterSpace.Srtcp)
            return false;
        if (!_entries.ContainsKey(record.Id) && _queued.Add(record.Id))
            _toBuild.Enqueue(record);
        return true;
    }

    public void Remove(SaId id)
    {
        _queued.Remove(id);
        if (!_entries.Remove(id, out Entry? entry))
            return;
        Attached -= entry.IsAttached ? 1 : 0;
        List<Entry> ofCall = _byCall[entry.Sa.Call];
        ofCall.Remove(entry);
        if (ofCall.Count == 0)
            _byCall.Remove(entry.Sa.Call);
    }

    /// <summary>Opens some of the records. True: any was.</summary>
    public bool Build(Instant now)
    {
        bool any = false;
        for (int i = 0; i < BuiltPerTurn && _toBuild.TryDequeue(out SaRecord? record); i++)
        {
            if (!_queued.Remove(record.Id))
                continue;  // deleted meanwhile
            any = true;
            RecordVerdict verdict = member.Sealer.OpenMedia(record.Sealed.Span, out MediaSaDescription description);
            if (verdict != RecordVerdict.Opened)
            {
                Unusable++;
                member.Log.LogError("{Id} cannot be used: {Verdict}", record.Id, verdict);
                continue;
            }

            description.Wipe();
            var sa = new MediaSa(description.Call, description.Leg, (MediaSaRole)description.Role, (SrtpHalf)description.Half, description.Ssrc);
            var entry = new Entry(record.Id, sa, record.KeyTag);
            _entries[record.Id] = entry;
            if (!_byCall.TryGetValue(sa.Call, out List<Entry>? ofCall))
                _byCall[sa.Call] = ofCall = [];
            ofCall.Add(entry);
            if (callOf(sa.Call) is { } call)
                Attach(entry, call, now);
            else if (member.IsActive && hasEnded(sa.Call))
                member.Delete([record.Id]);  // it was on its way when the call ended
        }

        return any;
    }

    /// <summary>The call is here, or has other keys now.</summary>
    public void Match(ulong call, CallSetting setting, Instant now)
    {
        foreach (Entry entry in _byCall.GetValueOrDefault(call) ?? [])
            Attach(entry, setting, now);
    }

    /// <summary>The call is here no more; its SAs may be.</summary>
    public void Detach(ulong call)
    {
        foreach (Entry entry in _byCall.GetValueOrDefault(call) ?? [])
            SetAttached(entry, false);
    }

    /// <summary>Takes the SAs of ended calls out of the ledger.</summary>
    public void DeleteEnded()
    {
        SaId[] ended = [.. _byCall.Where(ofCall => hasEnded(ofCall.Key)).SelectMany(ofCall => ofCall.Value).Select(entry => entry.Id)];
        if (ended.Length > 0)
            member.Delete(ended);
    }

    /// <summary>The same of one call.</summary>
    public void Delete(ulong call)
    {
        if (_byCall.TryGetValue(call, out List<Entry>? ofCall))
            member.Delete([.. ofCall.Select(entry => entry.Id)]);
    }

    /// <summary>A new SA for the ledger, unless it is there or on its way.</summary>
    public void Want(in WantedMediaSa wanted, CallSetting setting, Instant now)
    {
        if (!TryDescribe(wanted.Sa, setting, out MediaSaDescription? description))
            return;
        ulong tag = member.Sealer.KeyTag(description);
        foreach (Entry entry in _byCall.GetValueOrDefault(wanted.Sa.Call) ?? [])
        {
            if (entry.KeyTag == tag)
            {
                Attach(entry, setting, now);
                description.Wipe();
                return;
            }
        }

        if (_underWay.Add(tag))
        {
            _tagOfToken[++_token] = tag;
            member.Register(new SaRecord(default, wanted.Sa.Direction, wanted.Sa.Ssrc, wanted.Sa.Space, tag, SliceSize: 0, Limit: 0, LimitTerm: 0, CoarseCeiling: 0,
                LastAuthenticated: wanted.First, member.Sealer.SealMedia(description)), _token);
        }

        description.Wipe();
    }

    public void Answer(ulong token, CommitFailure? refused)
    {
        if (!_tagOfToken.Remove(token, out ulong tag))
            return;
        _underWay.Remove(tag);
        if (refused is null)
            Registered++;
        else
            Refused++;
    }

    private void Attach(Entry entry, CallSetting setting, Instant now)
    {
        bool isCurrent = TryDescribe(entry.Sa, setting, out MediaSaDescription? description) && member.Sealer.KeyTag(description) == entry.KeyTag;
        description?.Wipe();
        if (!isCurrent)
        {
            SetAttached(entry, false);
            return;
        }

        // Without a lease or a ceiling nothing would bound it (P1, P3).
        if (entry.IsAttached)
            return;
        bool done = entry.Sa.Direction == SaDirection.Outbound
            ? member.Outbound(entry.Id) is { } lease && engine.Attach(entry.Sa, lease, now)
            : member.Inbound(entry.Id) is { } ceiling && engine.Attach(entry.Sa, ceiling, now, entry.WasAttached);
        if (done)
            SetAttached(entry, true);
    }

    private void SetAttached(Entry entry, bool attached)
    {
        if (entry.IsAttached == attached)
            return;
        Attached += attached ? 1 : -1;
        entry.IsAttached = attached;
        entry.WasAttached |= attached;
    }

    /// <summary>False: the call has no such key now.</summary>
    private static bool TryDescribe(in MediaSa sa, CallSetting setting, [NotNullWhen(true)] out MediaSaDescription? description)
    {
        MediaLegDescription leg = sa.Leg == 0 ? setting.A : setting.B;
        SrtpMasterKey? key = sa.Role == MediaSaRole.Opens ? leg.PhoneKey : leg.OurKey;
        description = key is null ? null : new MediaSaDescription(sa.Call, sa.Leg, (byte)sa.Role, (byte)sa.Half, sa.Ssrc, (byte)key.Suite, key.KeyAndSalt.ToArray());
        return description is not null;
    }
}
