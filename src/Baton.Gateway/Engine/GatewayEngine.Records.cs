using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Redundancy.Members;
using Baton.Redundancy.Records;
using Microsoft.Extensions.Logging;

namespace Baton.Gateway.Engine;

/// <summary>From records to SAs that can carry packets, a few a turn so that no turn is long; and the configured SAs into the ledger.</summary>
internal sealed partial class GatewayEngine
{
    private const int BuiltPerTurn = 64;
    private const int RegisteredAtOnce = 250;

    private readonly Queue<SaRecord> _toBuild = new();
    private readonly HashSet<SaId> _building = [];
    private readonly HashSet<ulong> _keyTags = [];
    private readonly Dictionary<SaId, string> _unusable = [];

    /// <summary>Records whose sealed part could not be used, with the reason: readiness shows them.</summary>
    public IReadOnlyDictionary<SaId, string> Unusable => _unusable;

    public int RecordsToBuild => _toBuild.Count;

    private void TakeRecords(LedgerChange change)
    {
        if (change.IsSnapshot)
        {
            var kept = change.Upserts.Select(r => r.Id).ToHashSet();
            foreach (SaId id in Path.OutboundSas.Keys.Concat(Path.InboundSas.Keys).Where(id => !kept.Contains(id)).ToArray())
                Path.Remove(id);
        }

        foreach (SaRecord record in change.Upserts)
        {
            if (Path.OutboundSas.ContainsKey(record.Id) || Path.InboundSas.ContainsKey(record.Id) || !_building.Add(record.Id))
                continue;
            _keyTags.Add(record.KeyTag);
            _toBuild.Enqueue(record);
        }

        foreach (SaId id in change.Deletes)
        {
            _building.Remove(id);
            _unusable.Remove(id);
            Path.Remove(id);
        }
    }

    private void BuildRecords()
    {
        for (int i = 0; i < BuiltPerTurn && _toBuild.TryDequeue(out SaRecord? record); i++)
        {
            if (!_building.Remove(record.Id))
                continue;  // deleted meanwhile
            RecordVerdict verdict = _sealer.Open(record.Sealed.Span, out SaDescription description);
            if (verdict != RecordVerdict.Opened)
            {
                _unusable[record.Id] = $"its sealed keys: {verdict}";
                _log.LogError("{Id} (SPI {Spi:x8}) cannot be used: {Verdict}", record.Id, record.Spi, verdict);
                continue;
            }

            if (record.Direction == SaDirection.Outbound)
                Path.AddOutbound(record, description, Core.Outbound(record.Id));
            else
                Path.AddInbound(record, description, Core.Inbound(record.Id));
            description.Wipe();
        }
    }

    /// <summary>The active puts the configured SAs that the ledger has not seen into it.</summary>
    private void RegisterConfigured()
    {
        var batch = new List<SaRecord>(RegisteredAtOnce * 2);
        int pairs = 0;
        foreach (StaticSa sa in _configured)
        {
            SaDescription description = sa.ToPeer();
            bool known = !_keyTags.Add(_sealer.KeyTag(description));
            description.Wipe();
            if (known)
                continue;
            batch.AddRange(sa.NewRecords(_sealer, _options.Redundancy));
            pairs++;
            if (batch.Count >= RegisteredAtOnce * 2)
            {
                QueueRegistration(batch);
                batch = new List<SaRecord>(RegisteredAtOnce * 2);
            }
        }

        if (batch.Count > 0)
            QueueRegistration(batch);
        if (pairs > 0)
            _log.LogInformation("registering {Pairs} configured pairs of SAs", pairs);
    }

    // Posted, not fed: this may run inside a step of the core.
    private void QueueRegistration(List<SaRecord> batch) => Post(new MemberInput.RegisterSas(batch));

    private IReadOnlyList<StaticSa> _configured = [];

    /// <summary>The configured SAs, at start and after a reload: those that went are deleted, those that came are registered.</summary>
    public void SetConfigured(IReadOnlyList<StaticSa> sas)
    {
        HashSet<uint> still = [.. sas.SelectMany(s => new[] { s.SpiToPeer, s.SpiFromPeer })];
        HashSet<uint> gone = [.. _configured.SelectMany(s => new[] { s.SpiToPeer, s.SpiFromPeer }).Where(spi => !still.Contains(spi))];
        _configured = sas;
        if (!_active)
            return;
        RegisterConfigured();
        SaId[] deleted =
        [
            .. Path.OutboundSas.Values.Where(e => gone.Contains(e.Sa.Spi)).Select(e => e.Id),
            .. Path.InboundSas.Values.Where(e => gone.Contains(e.Sa.Spi)).Select(e => e.Id),
        ];
        if (deleted.Length > 0)
            Post(new MemberInput.DeleteSas(deleted));
    }
}
