using System.Globalization;
using Baton.Cluster.Session;
using Baton.Redundancy.Handlers;
using Baton.Redundancy.Records;
using Google.Protobuf;
using Microsoft.Data.Sqlite;
using P = Baton.Cluster.Protos;

namespace Baton.Handler.Ledgers;

/// <summary>What a ledger holds when it is opened.</summary>
public sealed record LedgerContent(LedgerChange Snapshot, IReadOnlyList<ulong> KeyTags, ulong NextSaId);

/// <summary>The handler's memory: one SQLite file, every commit on disk before anybody hears of it.</summary>
/// <remarks>
/// WAL with <c>synchronous=FULL</c>: a transaction is one append and one sync. The write-ahead log is folded back into the file when the
/// handler is idle (<see cref="Checkpoint"/>), so that no promotion waits for it. One thread owns an instance; a lock file keeps a second
/// handler out, and leaves the file open to <c>baton handler FILE backup COPY</c>. Keys in it are sealed by the members: nothing here can read them.
/// <code>
/// user_version 1   cluster(id = 0, record)   sa(id, record)   key_tag(tag)   meta(name, value)      record: the messages of baton.proto
///              2   ike(id, record)
/// </code>
/// </remarks>
public sealed partial class SqliteLedger : IDisposable
{
    public const int SchemaVersion = 2;

    /// <summary>"Batn": tools that look at a file's first bytes can name it.</summary>
    private const int ApplicationId = 0x4261746e;

    private readonly string _path;
    private readonly FileStream _lock;
    private SqliteConnection _db = null!;
    private SqliteCommand _putCluster = null!;
    private SqliteCommand _putSa = null!;
    private SqliteCommand _deleteSa = null!;
    private SqliteCommand _putIke = null!;
    private SqliteCommand _deleteIke = null!;
    private SqliteCommand _putTag = null!;
    private SqliteCommand _putMeta = null!;
    private readonly long _limitBytes;
    private ulong _nextSaId = 1;

    private SqliteLedger(string path, long limitBytes, FileStream held) => (_path, _limitBytes, _lock) = (path, limitBytes, held);

    /// <summary>Opens the ledger, or makes a new one with an id of its own.</summary>
    /// <param name="limitBytes">What the file may grow to; 0: as large as the disk.</param>
    /// <exception cref="LedgerException">It cannot be used; the message says why.</exception>
    public static SqliteLedger Open(string path, long limitBytes = 0)
    {
        string full = Path.GetFullPath(path);
        FileStream held = Lock(full);
        var ledger = new SqliteLedger(full, limitBytes, held);
        try
        {
            ledger.Connect();
            return ledger;
        }
        catch (Exception e)
        {
            ledger.Dispose();
            if (e is SqliteException sqlite) throw ledger.Explain(sqlite, "open");
            throw;
        }
    }

    /// <summary>Keeps every other handler from the ledger until it is disposed.</summary>
    internal static FileStream Lock(string path)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LedgerException($"cannot lock the ledger {path}: {e.Message}; is another handler running with it?", e);
        }
    }

    /// <summary>Reads everything; also called to find out what is really on disk after a commit that failed.</summary>
    public LedgerContent Load()
    {
        try
        {
            return Read();
        }
        catch (SqliteException e)
        {
            throw Explain(e, "read");
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new LedgerException($"the ledger {_path} holds a record that cannot be read; restore a backup with 'baton handler FILE restore COPY'", e);
        }
    }

    /// <summary>Closes and opens the file again: after a failure nothing of the old connection is trusted.</summary>
    public LedgerContent Reopen()
    {
        try
        {
            Disconnect();
            Connect();
            return Read();
        }
        catch (SqliteException e)
        {
            throw Explain(e, "reopen");
        }
    }

    /// <inheritdoc cref="HandlerProcess.SlowerBy"/>
    internal TimeSpan SlowerBy { get; set; }

    /// <summary>Makes all of these durable in one transaction, or none.</summary>
    public void Commit(IReadOnlyList<HandlerOutput.Commit> commits)
    {
        try
        {
            using SqliteTransaction transaction = _db.BeginTransaction(deferred: false);
            foreach (HandlerOutput.Commit commit in commits)
            {
                foreach (SaRecord sa in commit.Change.Upserts)
                {
                    _putSa.Parameters[0].Value = unchecked((long)sa.Id.Value);
                    _putSa.Parameters[1].Value = Mapping.ToWire(sa).ToByteArray();
                    Run(_putSa, transaction);
                    _nextSaId = Math.Max(_nextSaId, sa.Id.Value + 1);
                }

                foreach (SaId id in commit.Change.Deletes)
                {
                    _deleteSa.Parameters[0].Value = unchecked((long)id.Value);
                    Run(_deleteSa, transaction);
                }

                foreach (IkeRecord ike in commit.Change.IkeUpserts)
                {
                    _putIke.Parameters[0].Value = unchecked((long)ike.Id.Value);
                    _putIke.Parameters[1].Value = Mapping.ToWire(ike).ToByteArray();
                    Run(_putIke, transaction);
                }

                foreach (IkeId id in commit.Change.IkeDeletes)
                {
                    _deleteIke.Parameters[0].Value = unchecked((long)id.Value);
                    Run(_deleteIke, transaction);
                }

                foreach (ulong tag in commit.NewKeyTags)
                {
                    _putTag.Parameters[0].Value = unchecked((long)tag);
                    Run(_putTag, transaction);
                }

                // An id is never used again (G2), not even when the newest record has been deleted.
                if (commit.NewKeyTags.Count > 0) Meta("next-sa-id", _nextSaId.ToString(CultureInfo.InvariantCulture), transaction);
            }

            _putCluster.Parameters[0].Value = Mapping.ToWire(commits[^1].Change.Cluster).ToByteArray();
            Run(_putCluster, transaction);
            transaction.Commit();
            if (SlowerBy > TimeSpan.Zero) Thread.Sleep(SlowerBy);
        }
        catch (SqliteException e)
        {
            throw Explain(e, "write");
        }
    }

    /// <summary>A commit that changes nothing that counts: warms the path, and proves at start that the disk takes writes.</summary>
    public void Touch(DateTimeOffset now)
    {
        try
        {
            using SqliteTransaction transaction = _db.BeginTransaction(deferred: false);
            Meta("started", now.ToString("O", CultureInfo.InvariantCulture), transaction);
            transaction.Commit();
        }
        catch (SqliteException e)
        {
            throw Explain(e, "write");
        }
    }

    /// <summary>Folds the write-ahead log into the file; call when idle.</summary>
    public void Checkpoint()
    {
        try
        {
            Execute("PRAGMA wal_checkpoint(PASSIVE)");
        }
        catch (SqliteException)
        {
            // The log stays as it is, and is as durable as the file; the next one tries again.
        }
    }

    public void Dispose()
    {
        Disconnect();
        _lock.Dispose();
    }

    private static void Run(SqliteCommand command, SqliteTransaction transaction)
    {
        command.Transaction = transaction;
        command.ExecuteNonQuery();
    }

    private void Meta(string name, string value, SqliteTransaction transaction)
    {
        _putMeta.Parameters[0].Value = name;
        _putMeta.Parameters[1].Value = value;
        Run(_putMeta, transaction);
    }

    private LedgerContent Read()
    {
        ClusterRecord cluster;
        using (SqliteCommand select = Command("SELECT record FROM cluster WHERE id = 0"))
        {
            if (select.ExecuteScalar() is not byte[] bytes || !Mapping.TryFromWire(P.ClusterRecord.Parser.ParseFrom(bytes), out cluster))
                throw new LedgerException($"the ledger {_path} has no readable cluster record; restore a backup with 'baton handler FILE restore COPY'");
        }

        var sas = new List<SaRecord>();
        using (SqliteCommand select = Command("SELECT record FROM sa ORDER BY id"))
        using (SqliteDataReader rows = select.ExecuteReader())
        {
            while (rows.Read())
            {
                if (!Mapping.TryFromWire(P.SaRecord.Parser.ParseFrom(rows.GetFieldValue<byte[]>(0)), out SaRecord sa))
                    throw new LedgerException($"the ledger {_path} holds an SA record that means nothing; restore a backup with 'baton handler FILE restore COPY'");
                sas.Add(sa);
            }
        }

        var ike = new List<IkeRecord>();
        using (SqliteCommand select = Command("SELECT record FROM ike"))
        using (SqliteDataReader rows = select.ExecuteReader())
        {
            while (rows.Read())
            {
                if (!Mapping.TryFromWire(P.IkeRecord.Parser.ParseFrom(rows.GetFieldValue<byte[]>(0)), out IkeRecord record))
                    throw new LedgerException($"the ledger {_path} holds an IKE record that means nothing; restore a backup with 'baton handler FILE restore COPY'");
                ike.Add(record);
            }
        }

        var tags = new List<ulong>();
        using (SqliteCommand select = Command("SELECT tag FROM key_tag"))
        using (SqliteDataReader rows = select.ExecuteReader())
        {
            while (rows.Read()) tags.Add(unchecked((ulong)rows.GetInt64(0)));
        }

        using (SqliteCommand select = Command("SELECT value FROM meta WHERE name = 'next-sa-id'"))
        {
            _nextSaId = select.ExecuteScalar() is string text ? ulong.Parse(text, CultureInfo.InvariantCulture) : 1;
        }

        return new(new LedgerChange(true, cluster, sas, []) { IkeUpserts = ike }, tags, _nextSaId);
    }

    private LedgerException Explain(SqliteException e, string verb) => new(e.SqliteErrorCode switch
    {
        13 => $"cannot {verb} the ledger {_path}: the disk is full (or the file is at its limit); free space, nothing needs a restart",
        10 => $"cannot {verb} the ledger {_path}: input/output error ({e.Message}); look at the disk",
        11 or 26 => $"the ledger {_path} is damaged ({e.Message}); restore a backup with 'baton handler FILE restore COPY'",
        8 or 14 => $"cannot {verb} the ledger {_path}: {e.Message}; check the owner and mode of the file and its folder",
        _ => $"cannot {verb} the ledger {_path}: {e.Message}",
    }, e);
}
