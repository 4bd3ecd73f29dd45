using System.Globalization;
using System.Security.Cryptography;

namespace Baton.Cluster.Records;

/// <summary>The cluster's keys by id: the newest seals, any known one opens, so that a key can be changed without a stop.</summary>
/// <remarks>
/// The file holds one key a line, newest last: <c>ID BASE64</c>, 32 bytes each; <c>baton pki</c> makes it. Records are sealed under a key
/// derived from it (HKDF, label "baton record"), never under the key itself. Wiped on release, never printed.
/// <code>
/// cluster.key:  cluster key --HKDF--> record key, key tags        members only
///                           --HKDF--> control key                 control.key: heartbeats, steering
/// </code>
/// The handler and routers take part in heartbeats and steering and must not read records: their file has lines <c>control ID BASE64</c>
/// with the derived control key, from which nobody comes back to the cluster key.
/// </remarks>
public sealed class ClusterKeys : IDisposable
{
    private readonly SortedList<uint, byte[]> _keys = [];
    private readonly SortedList<uint, byte[]> _controls = [];

    private ClusterKeys()
    {
    }

    /// <summary>Ids are 1 to 255: sealed frames carry one as a byte.</summary>
    public uint NewestId => _controls.GetKeyAtIndex(_controls.Count - 1);

    /// <summary>The keys that may read records; none at a handler or a router.</summary>
    public IEnumerable<uint> Ids => _keys.Keys;

    public bool IsControlOnly => _keys.Count == 0;

    /// <summary>Members only: root of the frames between members (label "sync").</summary>
    public ReadOnlySpan<byte> Newest => _keys.GetValueAtIndex(_keys.Count - 1);

    /// <summary>Root of the frames that handler and routers take part in: heartbeats and steering.</summary>
    public ReadOnlySpan<byte> NewestControl => _controls.GetValueAtIndex(_controls.Count - 1);

    public static ClusterKeys Of(uint id, ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, 32);
        var keys = new ClusterKeys();
        keys.TryAdd(id, key.ToArray(), controlOnly: false);
        return keys;
    }

    public bool TryGet(uint id, out ReadOnlySpan<byte> key)
    {
        bool known = _keys.TryGetValue(id, out byte[]? bytes);
        key = bytes;
        return known;
    }

    public static bool TryLoad(string path, out ClusterKeys keys, out string error)
    {
        keys = new ClusterKeys();
        string[] lines;
        try
        {
            UnixFileMode mode = OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(path);
            if ((mode & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)) != 0)
            {
                error = $"{path} can be read by others than its owner: chmod 600 {path}";
                return false;
            }

            lines = File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            error = $"cannot read the cluster key: {e.Message}";
            return false;
        }

        foreach (string line in lines)
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (words.Length == 0 || words[0].StartsWith('#')) continue;
            bool control = words[0] == "control";
            if (control) words = words[1..];
            byte[] key = new byte[32];
            if (words.Length != 2 || !uint.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out uint id)
                || !Convert.TryFromBase64String(words[1], key, out int length) || length != 32 || !keys.TryAdd(id, key, control))
            {
                error = $"{path} is not a cluster key file: each line is an id (1 to 255) and 32 bytes of base64, each id once; make one with 'baton pki init'";
                keys.Dispose();
                return false;
            }
        }

        error = keys._controls.Count > 0 ? "" : $"{path} holds no key; make one with 'baton pki init'";
        return keys._controls.Count > 0;
    }

    /// <summary>The text of the file for handler and routers.</summary>
    public string ControlFile() => string.Concat(_controls.Select(c =>
        string.Create(CultureInfo.InvariantCulture, $"control {c.Key} {Convert.ToBase64String(c.Value)}\n")));

    private bool TryAdd(uint id, byte[] key, bool controlOnly)
    {
        if (id is 0 or > 255 || _controls.ContainsKey(id)) return false;
        if (controlOnly)
        {
            _controls.Add(id, key);
            return true;
        }

        _keys.Add(id, key);
        var control = new byte[32];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, control, salt: [], info: "baton control"u8);
        _controls.Add(id, control);
        return true;
    }

    /// <summary>A line of the key file with a fresh key.</summary>
    public static string NewLine(uint id)
    {
        Span<byte> key = stackalloc byte[32];
        RandomNumberGenerator.Fill(key);
        string line = string.Create(CultureInfo.InvariantCulture, $"{id} {Convert.ToBase64String(key)}");
        CryptographicOperations.ZeroMemory(key);
        return line;
    }

    public override string ToString() => $"cluster keys {string.Join(", ", _controls.Keys)}{(IsControlOnly ? " (control only)" : "")}";

    public void Dispose()
    {
        foreach (byte[] key in _keys.Values) CryptographicOperations.ZeroMemory(key);
        foreach (byte[] key in _controls.Values) CryptographicOperations.ZeroMemory(key);
        _keys.Clear();
        _controls.Clear();
    }
}
