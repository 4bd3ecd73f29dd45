using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Gateway.DataPath;
using Baton.Redundancy.Leases;
using Baton.Redundancy.Members;
using Baton.Redundancy.Records;
using Baton.Wire;
using Microsoft.Extensions.Logging;

namespace Baton.Gateway.Engine;

/// <summary>A pair of SAs that the configuration keys, and the tag of its key.</summary>
/// <param name="Keyed">Null once the ledger has seen it.</param>
internal readonly record struct ConfiguredSa(StaticSa? Keyed, uint SpiToPeer, uint SpiFromPeer, ulong Tag);

/// <summary>From records to SAs that can carry packets: built beside this thread, taken over a few a turn so that no turn is long; and the configured SAs into
/// the ledger.</summary>
internal sealed partial class GatewayEngine
{
    private const int TakenPerTurn = 200;
    private const int RegisteredAtOnce = 25;

    private readonly SaBuilder _builder;

    /// <summary>Given to the builder, and not taken from it yet.</summary>
    private readonly HashSet<SaId> _building = [];

    /// <summary>Key tags of configured SAs that the ledger has seen: of no more SAs than operators write down.</summary>
    private readonly HashSet<ulong> _configuredTags = [];

    /// <summary>Those given to the core to register since this member last became active: it forgets them when it loses its role before the ledger has them.</summary>
    private readonly HashSet<ulong> _queuedTags = [];
    private readonly Dictionary<SaId, string> _unusable = [];

    /// <summary>Records whose sealed part could not be used, with the reason: readiness shows them.</summary>
    public IReadOnlyDictionary<SaId, string> Unusable => _unusable;

    public int RecordsToBuild => _building.Count;

    /// <summary>A snapshot comes as what it changes: the core says what is new, different or gone.</summary>
    private void TakeRecords(LedgerChange change, Instant now)
    {
        foreach (SaRecord record in change.Upserts)
        {
            if (Path.OutboundSas.ContainsKey(record.Id) || Path.InboundSas.ContainsKey(record.Id) || Beside?.TakeRecord(record) == true || TakeIvRecord(record) || !_building.Add(record.Id))
                continue;
            _builder.Build(record);
            _enqueuedToBuild++;
        }

        foreach (SaId id in change.Deletes)
        {
            _building.Remove(id);
            _unusable.Remove(id);
            _knownIvRecords.Remove(id);
            if (Ike is not null && (Path.OutboundSas.GetValueOrDefault(id)?.Child ?? Path.InboundSas.GetValueOrDefault(id)?.Child) is > 0 and var child)
                Ike.Gone(child);
            Path.Remove(id);
            Beside?.Remove(id);
        }

        TakeIkeRecords(change, now);
    }

    private void TakeBuilt()
    {
        for (int i = 0; i < TakenPerTurn && _builder.TryTake(out BuiltSa built); i++)
        {
            _built++;
            bool wanted = _building.Remove(built.Record.Id);  // else it was deleted meanwhile
            if (wanted && built.Verdict != RecordVerdict.Opened)
            {
                _unusable[built.Record.Id] = $"its sealed keys: {built.Verdict}";
                _log.LogError("{Id} (SPI {Spi:x8}) cannot be used: {Verdict}", built.Record.Id, built.Record.Spi, built.Verdict);
                continue;
            }

            _unusable.Remove(built.Record.Id);

            // Without a lease or a ceiling nothing would bound it (P1, P3): the core has dropped the record meanwhile.
            if (wanted && built.Outbound is { } outbound && Core.Outbound(built.Record.Id) is { } lease)
                Add(outbound, lease);
            else if (wanted && built.Inbound is { } inbound && Core.Inbound(built.Record.Id) is { } ceiling)
                Add(inbound, ceiling);
            else
                Drop(built);
        }

        _hasBuiltFirst |= _building.Count == 0 && Beside is not { ToBuild: > 0 } && Core.Cluster is not null && _whenBuilt.Count == 0 && Ike is null or { HasReadFirst: true };
    }

    /// <summary>The SAs of the first copy stand, and its IKE SAs are read: this member could take over, and it has time to confirm.</summary>
    private bool _hasBuiltFirst;

    private void Add(OutboundEntry entry, OutboundLease lease)
    {
        Path.Add(entry, lease);
        if (entry.Child == 0)
            _configuredTags.Add(entry.KeyTag);
        else
            Ike?.Built(entry.Child, SaDirection.Outbound, entry.KeyTag, entry.Sa.Spi, entry.MadeBy);
    }

    private void Add(InboundEntry entry, InboundCeiling ceiling)
    {
        Path.Add(entry, ceiling);
        if (entry.Child != 0)
            Ike?.Built(entry.Child, SaDirection.Inbound, entry.KeyTag, entry.Sa.Spi, entry.MadeBy);
    }

    private static void Drop(in BuiltSa built)
    {
        built.Outbound?.Dispose();
        built.Inbound?.Dispose();
    }

    /// <summary>The active puts the configured SAs that the ledger has not seen into it: some a turn, so that a takeover of many waits for none (P5).</summary>
    private void RegisterSome()
    {
        if (!_active || _registeredTo >= _configured.Length)
            return;
        var batch = new List<SaRecord>();
        for (int end = Math.Min(_configured.Length, _registeredTo + RegisteredAtOnce); _registeredTo < end; _registeredTo++)
        {
            ConfiguredSa sa = _configured[_registeredTo];
            if (sa.Keyed is { } keyed && !_configuredTags.Contains(sa.Tag) && _queuedTags.Add(sa.Tag))
                batch.AddRange(keyed.NewRecords(_sealer, _options.Redundancy));
        }

        if (batch.Count == 0)
            return;
        _log.LogInformation("registering {Pairs} configured pairs of SAs", batch.Count / 2);
        QueueRegistration(batch);
    }

    // Posted, not fed: this may run inside a step of the core.
    private void QueueRegistration(List<SaRecord> batch) => Post(new MemberInput.RegisterSas(batch));

    private ConfiguredSa[] _configured = [];
    private int _registeredTo;
    private int _forgottenTo;
    private int _forgottenOf;

    /// <summary>A few a turn: of a configured SA that the ledger has seen only what a reload compares is kept. Its keys are in the record, sealed.</summary>
    private void ForgetSome()
    {
        if (_forgottenTo == _configured.Length && _forgottenOf < _configuredTags.Count)
            (_forgottenTo, _forgottenOf) = (0, _configuredTags.Count);  // more have been seen since
        for (int end = Math.Min(_configured.Length, _forgottenTo + TakenPerTurn); _forgottenTo < end; _forgottenTo++)
        {
            ref ConfiguredSa sa = ref _configured[_forgottenTo];
            if (sa.Keyed is not null && _configuredTags.Contains(sa.Tag))
                sa = sa with { Keyed = null };
        }
    }

    /// <summary>The configured SAs with the tags of their keys. Takes its time: not for the engine's thread.</summary>
    public ConfiguredSa[] Tagged(IReadOnlyList<StaticSa> sas)
    {
        var tagged = new ConfiguredSa[sas.Count];
        for (int i = 0; i < tagged.Length; i++)
        {
            SaDescription description = sas[i].ToPeer();
            tagged[i] = new ConfiguredSa(sas[i], sas[i].SpiToPeer, sas[i].SpiFromPeer, _sealer.KeyTag(description));
            description.Wipe();
        }

        return tagged;
    }

    /// <summary>The configured SAs, at start and after a reload: those that went are deleted, those that came are registered.</summary>
    public void SetConfigured(ConfiguredSa[] sas)
    {
        HashSet<uint> still = [.. sas.SelectMany(s => new[] { s.SpiToPeer, s.SpiFromPeer })];
        HashSet<uint> gone = [.. _configured.SelectMany(s => new[] { s.SpiToPeer, s.SpiFromPeer }).Where(spi => !still.Contains(spi))];
        (_configured, _registeredTo, _forgottenTo) = (sas, 0, 0);
        _options.ForgetStaticSas();
        if (!_active)
            return;
        SaId[] deleted =
        [
            .. Path.OutboundSas.Values.Where(e => gone.Contains(e.Sa.Spi)).Select(e => e.Id),
            .. Path.InboundSas.Values.Where(e => gone.Contains(e.Sa.Spi)).Select(e => e.Id),
        ];
        if (deleted.Length > 0)
            Post(new MemberInput.DeleteSas(deleted));
    }
}
