using System.Text;
using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Handler.Ledgers;
using Baton.Redundancy;
using Baton.Redundancy.Handlers;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using System.Net;

namespace Baton.Handler.Tests;

public sealed class LedgerTests
{
    [Fact]
    public async Task A_restart_keeps_term_grants_and_tags()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        Client a = cluster.Join("a");
        await a.UpAsync();
        await a.GrantedAsync(new MemberRequest.Promote(0, null, false));
        await a.GrantedAsync(new MemberRequest.Register(a.Copy!.Term, [TestCluster.Sa(1), TestCluster.Sa(2)]));
        SaId first = a.Records.Keys.Min(k => k.Value) is var least ? new SaId(least) : default;
        SaId last = new(a.Records.Keys.Max(k => k.Value));
        await a.GrantedAsync(new MemberRequest.Extend(a.Copy.Term, [(first, 1UL << 26, 0)]));
        await a.GrantedAsync(new MemberRequest.Delete(a.Copy.Term, [last]));
        ClusterRecord before = a.Copy;
        IPEndPoint listen = cluster.Handler.Endpoint;

        await cluster.Handler.DisposeAsync();
        await cluster.StartHandlerAsync(listen: listen);
        await TestCluster.EventuallyAsync(() => a.Changes.Count(c => c.IsSnapshot) == 2, "a new snapshot");
        Assert.Equal(before with { InSync = default }, a.Copy with { InSync = default });
        Assert.Equal(1UL << 26, a.Records[first].Limit);
        Assert.Single(a.Records);
        Assert.Equal(RequestVerdict.KeySeenBefore, (await a.AskAsync(new MemberRequest.Register(a.Copy.Term, [TestCluster.Sa(2)]))).Verdict);
        await a.GrantedAsync(new MemberRequest.Register(a.Copy.Term, [TestCluster.Sa(3)]));
        Assert.Equal(last.Value + 1, a.Records.Keys.Max(k => k.Value));     // an id is never used again (G2)
    }

    [Fact]
    public async Task A_commit_survives_a_restart_and_is_counted_once()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        Client a = cluster.Join("a");
        await a.UpAsync();
        await a.GrantedAsync(new MemberRequest.Promote(0, null, false));
        LedgerCommit first = new([new IkeRecord(new IkeId(5), 1, 105, new byte[60_000])], [TestCluster.Sa(11), TestCluster.Sa(12)], [], []);
        LedgerCommit second = new([new IkeRecord(new IkeId(5), 2, 105, new byte[] { 2 }), new IkeRecord(new IkeId(6), 1, 106, default)], [], [], [12]);
        await a.GrantedAsync(new MemberRequest.Commit(a.Copy!.Term, 1, [first, second]));
        Assert.Equal(2UL, a.Copy.Commits);
        IPEndPoint listen = cluster.Handler.Endpoint;

        await cluster.Handler.DisposeAsync();
        await cluster.StartHandlerAsync(listen: listen);
        await TestCluster.EventuallyAsync(() => a.Changes.Count(c => c.IsSnapshot) == 2, "a new snapshot");
        LedgerChange snapshot = a.Changes.Last(c => c.IsSnapshot);
        Assert.Equal([5UL, 6UL], snapshot.IkeUpserts.Select(r => r.Id.Value).Order());
        Assert.Equal(2UL, snapshot.IkeUpserts.Single(r => r.Id.Value == 5).Version);
        Assert.Equal(11UL, Assert.Single(snapshot.Upserts).KeyTag);
        Assert.Equal(2UL, snapshot.Cluster.Commits);

        // The same again is no second registration; the next one goes on behind it.
        LedgerCommit third = new([], [], [new IkeId(6)], []);
        await a.GrantedAsync(new MemberRequest.Commit(a.Copy.Term, 1, [first, second, third]));
        Assert.Equal(3UL, a.Copy.Commits);
        Assert.Equal([new IkeId(6)], a.Changes.Last().IkeDeletes);
        Assert.Equal(RequestVerdict.KeySeenBefore, (await a.AskAsync(new MemberRequest.Commit(a.Copy.Term, 4, [new([new IkeRecord(new IkeId(6), 9, 106, default)], [], [], [])]))).Verdict);
    }

    [Fact]
    public void A_file_of_version_1_opens_and_holds_ike_sas()
    {
        string directory = Directory.CreateTempSubdirectory("baton-ledger-").FullName;
        string path = Path.Combine(directory, "l.db");
        try
        {
            // As version 1 made it: no table for IKE SAs.
            using (SqliteLedger made = SqliteLedger.Open(path))
            {
                made.Commit([new HandlerOutput.Commit(new LedgerChange(false, ClusterRecord.Empty(new Guid(1, 2, 3, new byte[8])) with { Term = 4 }, [TestCluster.Sa(7) with { Id = new SaId(3) }], []), [7])]);
            }

            using (var db = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={path};Pooling=False"))
            {
                db.Open();
                using Microsoft.Data.Sqlite.SqliteCommand back = db.CreateCommand();
                back.CommandText = "DROP TABLE ike; PRAGMA user_version = 1";
                back.ExecuteNonQuery();
            }

            using (SqliteLedger migrated = SqliteLedger.Open(path))
            {
                LedgerContent content = migrated.Load();
                Assert.Equal((4UL, 4UL), (content.Snapshot.Cluster.Term, content.NextSaId));
                Assert.Equal(7UL, Assert.Single(content.Snapshot.Upserts).KeyTag);
                migrated.Commit([new HandlerOutput.Commit(new LedgerChange(false, content.Snapshot.Cluster, [], []) { IkeUpserts = [new IkeRecord(new IkeId(ulong.MaxValue), 1, 8, new byte[] { 1 })] }, [8])]);
            }

            using (SqliteLedger again = SqliteLedger.Open(path))
                Assert.Equal(ulong.MaxValue, Assert.Single(again.Load().Snapshot.IkeUpserts).Id.Value);

            // Brought back from a backup it is another ledger: no IKE SA goes on from an old state.
            string copy = Path.Combine(directory, "copy.db");
            LedgerBackup.Backup(path, copy);
            LedgerBackup.Restore(copy, path);
            using SqliteLedger restored = SqliteLedger.Open(path);
            LedgerContent after = restored.Load();
            Assert.Empty(after.Snapshot.IkeUpserts);
            Assert.Empty(after.Snapshot.Upserts);
            Assert.Equal([7UL, 8UL], after.KeyTags.Order());
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task A_full_disk_refuses_grants_clearly_and_loses_nothing()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        Client a = cluster.Join("a");
        await a.UpAsync();
        await a.GrantedAsync(new MemberRequest.Promote(0, null, false));
        await a.GrantedAsync(new MemberRequest.Register(a.Copy!.Term, [TestCluster.Sa(1)]));
        await cluster.Handler.DisposeAsync();
        await cluster.StartHandlerAsync(ledgerLimit: new FileInfo(cluster.Ledger).Length + 65_536);
        Client b = cluster.Join("a", nonce: 2);
        await b.UpAsync();
        await b.GrantedAsync(new MemberRequest.Promote(b.Copy!.Term, a.Self, Certain: true));

        int granted = 0;
        HandlerReply reply = new(RequestVerdict.Granted, 0);
        for (ulong tag = 10; tag < 200 && reply.Verdict == RequestVerdict.Granted; tag++)
        {
            reply = await b.AskAsync(new MemberRequest.Register(b.Copy.Term, [TestCluster.Sa(tag, sealedBytes: 4_000)]));
            if (reply.Verdict == RequestVerdict.Granted) granted++;
        }

        Assert.Equal(RequestVerdict.StorageFailed, reply.Verdict);
        Assert.Contains("disk is full", reply.Detail, StringComparison.Ordinal);
        Assert.Contains(cluster.Log.All, l => l.StartsWith("4505", StringComparison.Ordinal) && l.Contains("disk is full", StringComparison.Ordinal));
        Assert.InRange(granted, 2, 100);

        // It goes on serving what needs no room, and everything granted before is there.
        await TestCluster.EventuallyAsync(() => b.Changes.Count(c => c.IsSnapshot) == 2, "a snapshot from disk");
        Assert.Equal(granted + 1, b.Records.Count);
        await b.GrantedAsync(new MemberRequest.Extend(b.Copy.Term, [(new SaId(1), 1UL << 30, 0)]));
        Assert.Contains(cluster.Log.All, l => l.StartsWith("4506", StringComparison.Ordinal));
        ulong revision = b.Copy.Revision;
        await cluster.Handler.DisposeAsync();
        using SqliteLedger ledger = SqliteLedger.Open(cluster.Ledger);
        LedgerContent content = ledger.Load();
        Assert.Equal(revision, content.Snapshot.Cluster.Revision);
        Assert.Equal(granted + 1, content.Snapshot.Upserts.Count);
    }

    [Fact]
    public async Task The_file_never_holds_a_key()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        Client a = cluster.Join("a");
        await a.UpAsync();
        await a.GrantedAsync(new MemberRequest.Promote(0, null, false));
        byte[] toPeer = Encoding.ASCII.GetBytes("to-peer-key-0123456789abcdefghijABCD");
        byte[] fromPeer = Encoding.ASCII.GetBytes("from-peer-key-0123456789abcdefghABCD");
        var pair = new StaticSa("call", SaSuite.AesGcm256, SaMode.Tunnel, 300, 301, toPeer, fromPeer,
            IPNetwork.Parse("10.1.0.0/16"), IPNetwork.Parse("10.2.0.0/16"), null, true, 1024);
        Assert.True(ClusterKeys.TryLoad(Path.Combine(cluster.Directory, "cluster.key"), out ClusterKeys keys, out string error), error);
        using var sealer = new RecordSealer(keys);
        await a.GrantedAsync(new MemberRequest.Register(a.Copy!.Term, [.. pair.NewRecords(sealer, new RedundancyOptions())]));

        foreach (string file in Directory.EnumerateFiles(cluster.Directory, "ledger.db*").Where(f => !f.EndsWith(".lock", StringComparison.Ordinal)))
        {
            byte[] bytes = await ReadSharedAsync(file);
            foreach (byte[] secret in new[] { toPeer, fromPeer, keys.Newest.ToArray() })
            {
                // No piece of a key either: any eight bytes of it.
                for (int i = 0; i + 8 <= secret.Length; i++) Assert.Equal(-1, bytes.AsSpan().IndexOf(secret.AsSpan(i, 8)));
            }

            Assert.Equal(-1, bytes.AsSpan().IndexOf("call"u8));
        }

        // And yet the members read it.
        foreach (SaRecord record in a.Records.Values)
        {
            Assert.Equal(RecordVerdict.Opened, sealer.Open(record.Sealed.Span, out SaDescription description));
            Assert.Equal(record.KeyTag, sealer.KeyTag(description));
        }
    }

    [Fact]
    public void Two_handlers_never_share_a_file()
    {
        string directory = Directory.CreateTempSubdirectory("baton-ledger-").FullName;
        try
        {
            using SqliteLedger one = SqliteLedger.Open(Path.Combine(directory, "l.db"));
            LedgerException e = Assert.Throws<LedgerException>(() => SqliteLedger.Open(Path.Combine(directory, "l.db")));
            Assert.Contains("another handler", e.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void A_damaged_or_foreign_file_is_refused_with_advice()
    {
        string directory = Directory.CreateTempSubdirectory("baton-ledger-").FullName;
        try
        {
            string garbage = Path.Combine(directory, "garbage.db");
            File.WriteAllBytes(garbage, [.. Enumerable.Repeat((byte)'x', 10_000)]);
            Assert.Contains("damaged", Assert.Throws<LedgerException>(() => SqliteLedger.Open(garbage)).Message, StringComparison.Ordinal);

            // What the advice is worth: a backup takes its place.
            string sound = Path.Combine(directory, "sound.db"), copy = Path.Combine(directory, "copy.db");
            SqliteLedger.Open(sound).Dispose();
            LedgerBackup.Backup(sound, copy);
            Guid id = LedgerBackup.Restore(copy, garbage);
            using SqliteLedger ledger = SqliteLedger.Open(garbage);
            Assert.Equal(id, ledger.Load().Snapshot.Cluster.LedgerId);
            Assert.Equal((byte)'x', File.ReadAllBytes(garbage + ".before-restore")[0]);

            // Not while a handler has it, and not from what is no ledger.
            Assert.Contains("another handler", Assert.Throws<LedgerException>(() => LedgerBackup.Restore(copy, garbage)).Message, StringComparison.Ordinal);
            Assert.Throws<LedgerException>(() => LedgerBackup.Restore(garbage + ".before-restore", sound));
            Assert.False(File.Exists(sound + ".before-restore"));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void A_restored_backup_is_another_ledger_without_sas()
    {
        string directory = Directory.CreateTempSubdirectory("baton-ledger-").FullName;
        try
        {
            string path = Path.Combine(directory, "l.db");
            string copy = Path.Combine(directory, "copy.db");
            var holder = new Incarnation("a", 1);
            Guid id;
            using (SqliteLedger ledger = SqliteLedger.Open(path))
            {
                id = ledger.Load().Snapshot.Cluster.LedgerId;
                ClusterRecord cluster = ClusterRecord.Empty(id) with { Revision = 7, Term = 3, Holder = holder };
                ledger.Commit([new HandlerOutput.Commit(new LedgerChange(false, cluster, [TestCluster.Sa(5) with { Id = new SaId(9) }], []), [5])]);
                LedgerBackup.Backup(path, copy);       // while it is open
            }

            Guid restored = LedgerBackup.Restore(copy, path);
            using SqliteLedger after = SqliteLedger.Open(path);
            LedgerContent content = after.Load();
            Assert.NotEqual(id, restored);
            Assert.Equal(restored, content.Snapshot.Cluster.LedgerId);
            Assert.Empty(content.Snapshot.Upserts);
            Assert.Null(content.Snapshot.Cluster.Holder);
            Assert.Equal([5UL], content.KeyTags);
            Assert.Equal(10UL, content.NextSaId);
            Assert.True(content.Snapshot.Cluster.Term > 3);
            Assert.True(File.Exists(path + ".before-restore"));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task Metrics_are_plain_text_on_a_port_of_their_own()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(metrics: true);
        Client a = cluster.Join("a");
        await a.UpAsync();
        await a.GrantedAsync(new MemberRequest.Promote(0, null, false));
        using var http = new HttpClient();
        string text = await http.GetStringAsync(new Uri($"http://{cluster.Handler.Metrics}/metrics"));
        Assert.Contains("baton_handler_term 1\n", text, StringComparison.Ordinal);
        Assert.Contains("baton_handler_replies_total{verdict=\"Granted\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("baton_handler_sessions 1\n", text, StringComparison.Ordinal);
    }

    private static async Task<byte[]> ReadSharedAsync(string file)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[stream.Length];
        await stream.ReadExactlyAsync(bytes);
        return bytes;
    }
}
