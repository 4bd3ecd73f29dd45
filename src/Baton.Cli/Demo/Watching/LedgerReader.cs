using Baton.Cluster.Protos;
using Microsoft.Data.Sqlite;

namespace Baton.Cli.Demo.Watching;

/// <summary>Reads the records of one SA straight from the handler's file: the truth, also while the handler is dead.</summary>
public static class LedgerReader
{
    public static Records? Read(string path, uint spi) => Read(path, record => record.Spi == spi);

    /// <summary>The first that is meant.</summary>
    public static Records? Read(string path, Func<SaRecord, bool> isMeant)
    {
        try
        {
            using var db = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
            db.Open();
            using SqliteTransaction view = db.BeginTransaction(deferred: true);
            using SqliteCommand command = db.CreateCommand();
            command.Transaction = view;
            command.CommandText = "SELECT record FROM cluster WHERE id = 0";
            if (command.ExecuteScalar() is not byte[] cluster) return null;
            command.CommandText = "SELECT record FROM sa";
            using SqliteDataReader reader = command.ExecuteReader();
            while (reader.Read())
            {
                SaRecord record = SaRecord.Parser.ParseFrom((byte[])reader[0]);
                if (isMeant(record)) return new(ClusterRecord.Parser.ParseFrom(cluster), record);
            }

            return null;
        }
        catch (SqliteException)
        {
            return null;                                    // being written this moment; the caller looks again or does without
        }
    }
}

public sealed record Records(ClusterRecord Cluster, SaRecord Sa)
{
    /// <summary>The last number that <paramref name="term"/> may use by the records (its slice by the formula, or its lease).</summary>
    public ulong? LastOf(ulong term)
    {
        if (term < Sa.LimitTerm) return null;
        return Sa.Limit + ((term - Sa.LimitTerm) * Sa.SliceSize);
    }
}
