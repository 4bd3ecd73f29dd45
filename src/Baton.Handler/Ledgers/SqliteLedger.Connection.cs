using System.Globalization;
using Baton.Cluster.Session;
using Baton.Redundancy.Records;
using Google.Protobuf;
using Microsoft.Data.Sqlite;

namespace Baton.Handler.Ledgers;

public sealed partial class SqliteLedger
{
    private void Connect()
    {
        _db = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = _path, Pooling = false }.ToString());
        _db.Open();
        Execute("PRAGMA busy_timeout = 2000");
        int version = Convert.ToInt32(Scalar("PRAGMA user_version"), CultureInfo.InvariantCulture);
        bool empty = Convert.ToInt64(Scalar("SELECT count(*) FROM sqlite_master"), CultureInfo.InvariantCulture) == 0;
        if (version > SchemaVersion)
            throw new LedgerException($"the ledger {_path} was written by a newer handler (schema {version}, this one knows {SchemaVersion}); upgrade this handler");
        if (!empty && version == 0)
            throw new LedgerException($"{_path} is a database, but no ledger of ours; name another file");
        if (!empty && Scalar("PRAGMA quick_check(1)") is string check && check != "ok")
            throw new LedgerException($"the ledger {_path} is damaged ({check}); restore a backup with 'baton handler FILE restore COPY'");

        Execute("PRAGMA journal_mode = WAL");
        Execute("PRAGMA synchronous = FULL");
        Execute("PRAGMA wal_autocheckpoint = 16384");     // 64 MiB; long before that an idle moment comes
        if (_limitBytes > 0)
        {
            long page = Convert.ToInt64(Scalar("PRAGMA page_size"), CultureInfo.InvariantCulture);
            Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA max_page_count = {Math.Max(1, _limitBytes / page)}"));
        }

        if (empty) Create();
        else if (version < SchemaVersion) Migrate(version);
        _putCluster = Command("UPDATE cluster SET record = $record WHERE id = 0", "$record");
        _putSa = Command("INSERT INTO sa(id, record) VALUES($id, $record) ON CONFLICT(id) DO UPDATE SET record = excluded.record", "$id", "$record");
        _deleteSa = Command("DELETE FROM sa WHERE id = $id", "$id");
        _putIke = Command("INSERT INTO ike(id, record) VALUES($id, $record) ON CONFLICT(id) DO UPDATE SET record = excluded.record", "$id", "$record");
        _deleteIke = Command("DELETE FROM ike WHERE id = $id", "$id");
        _putTag = Command("INSERT OR IGNORE INTO key_tag(tag) VALUES($tag)", "$tag");
        _putMeta = Command("INSERT INTO meta(name, value) VALUES($name, $value) ON CONFLICT(name) DO UPDATE SET value = excluded.value", "$name", "$value");
    }

    private void Create()
    {
        using SqliteTransaction transaction = _db.BeginTransaction();
        foreach (string statement in new[]
        {
            "CREATE TABLE cluster(id INTEGER PRIMARY KEY CHECK(id = 0), record BLOB NOT NULL)",
            "CREATE TABLE sa(id INTEGER PRIMARY KEY, record BLOB NOT NULL)",
            CreateIke,
            "CREATE TABLE key_tag(tag INTEGER PRIMARY KEY)",
            "CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
            $"PRAGMA application_id = {ApplicationId}",
            $"PRAGMA user_version = {SchemaVersion}",
        })
        {
            using SqliteCommand command = Command(statement);
            Run(command, transaction);
        }

        using SqliteCommand insert = Command("INSERT INTO cluster(id, record) VALUES(0, $record)", "$record");
        insert.Parameters[0].Value = Mapping.ToWire(ClusterRecord.Empty(Guid.NewGuid())).ToByteArray();
        Run(insert, transaction);
        transaction.Commit();
    }

    private const string CreateIke = "CREATE TABLE ike(id INTEGER PRIMARY KEY, record BLOB NOT NULL)";

    /// <summary>One step a version, each whole or not at all: what an older handler wrote stays as it is.</summary>
    private void Migrate(int version)
    {
        using SqliteTransaction transaction = _db.BeginTransaction();
        if (version < 2)
        {
            using SqliteCommand create = Command(CreateIke);
            Run(create, transaction);
        }

        using SqliteCommand mark = Command($"PRAGMA user_version = {SchemaVersion}");
        Run(mark, transaction);
        transaction.Commit();
    }

    private void Disconnect()
    {
        foreach (SqliteCommand? command in new[] { _putCluster, _putSa, _deleteSa, _putIke, _deleteIke, _putTag, _putMeta }) command?.Dispose();
        _db?.Dispose();
    }

    private SqliteCommand Command(string text, params string[] parameters)
    {
        SqliteCommand command = _db.CreateCommand();
        command.CommandText = text;
        foreach (string parameter in parameters) command.Parameters.AddWithValue(parameter, DBNull.Value);
        return command;
    }

    private object? Scalar(string text)
    {
        using SqliteCommand command = Command(text);
        return command.ExecuteScalar();
    }

    private void Execute(string text)
    {
        using SqliteCommand command = Command(text);
        command.ExecuteNonQuery();
    }
}
