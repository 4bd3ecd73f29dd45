using Baton.Cluster.Session;
using Baton.Redundancy.Records;
using Google.Protobuf;
using Microsoft.Data.Sqlite;
using P = Baton.Cluster.Protos;

namespace Baton.Handler.Ledgers;

/// <summary>Copies of a ledger, and the one way to bring one back.</summary>
/// <remarks>
/// A ledger that goes back in time would grant numbers a second time (P1). So a restored one is another ledger: it has a new id, which
/// running members refuse; it holds no SA and no IKE SA (they are renewed, not used); but it keeps every key tag and every id that was ever given.
/// </remarks>
public static class LedgerBackup
{
    /// <summary>A consistent copy, while the handler runs.</summary>
    public static void Backup(string ledger, string copy)
    {
        if (!File.Exists(ledger)) throw new LedgerException($"there is no ledger {ledger}");
        if (File.Exists(copy)) throw new LedgerException($"{copy} is there already; name a new file");
        try
        {
            using var db = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = ledger, Pooling = false }.ToString());
            db.Open();
            using SqliteCommand command = db.CreateCommand();
            command.CommandText = "VACUUM INTO $copy";
            command.Parameters.AddWithValue("$copy", copy);
            command.ExecuteNonQuery();
        }
        catch (SqliteException e)
        {
            throw new LedgerException($"cannot copy {ledger} to {copy}: {e.Message}", e);
        }
    }

    /// <summary>Makes a new ledger of a backup. The handler must not run; an existing ledger, sound or damaged, is kept beside as *.before-restore.</summary>
    /// <exception cref="LedgerException">A handler runs with it, or the backup is none; nothing was changed.</exception>
    public static Guid Restore(string copy, string ledger)
    {
        if (!File.Exists(copy)) throw new LedgerException($"there is no backup {copy}");
        string full = Path.GetFullPath(ledger);
        string temporary = full + ".restoring";
        var id = Guid.NewGuid();
        using FileStream held = SqliteLedger.Lock(full);
        try
        {
            File.Copy(copy, temporary, overwrite: true);
            ClusterRecord cluster;
            using (SqliteLedger check = SqliteLedger.Open(temporary)) cluster = check.Load().Snapshot.Cluster;
            Rewrite(temporary, ClusterRecord.Empty(id) with { Revision = cluster.Revision + 1, Term = cluster.Term + 2 });

            foreach (string suffix in new[] { "", "-wal", "-shm" })
            {
                if (File.Exists(full + suffix)) File.Move(full + suffix, full + ".before-restore" + suffix, overwrite: true);
            }

            File.Move(temporary, full);
            return id;
        }
        finally
        {
            foreach (string suffix in new[] { "", "-wal", "-shm", ".lock" }) File.Delete(temporary + suffix);
        }
    }

    private static void Rewrite(string path, ClusterRecord cluster)
    {
        try
        {
            using var db = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
            db.Open();
            using SqliteTransaction transaction = db.BeginTransaction();
            using SqliteCommand delete = db.CreateCommand();
            (delete.Transaction, delete.CommandText) = (transaction, "DELETE FROM sa; DELETE FROM ike");
            delete.ExecuteNonQuery();
            using SqliteCommand update = db.CreateCommand();
            (update.Transaction, update.CommandText) = (transaction, "UPDATE cluster SET record = $record");
            P.ClusterRecord record = Mapping.ToWire(cluster);
            update.Parameters.AddWithValue("$record", record.ToByteArray());
            update.ExecuteNonQuery();
            transaction.Commit();
            using SqliteCommand fold = db.CreateCommand();
            fold.CommandText = "PRAGMA journal_mode = DELETE";
            fold.ExecuteNonQuery();
        }
        catch (SqliteException e)
        {
            throw new LedgerException($"cannot rewrite {path}: {e.Message}", e);
        }
    }
}
