using System.Globalization;
using System.Security.Cryptography;

namespace Baton.Cluster.Records;

/// <summary>The cluster's keys by id: the newest seals, any known one opens, so that a key can be changed without a stop.</summary>
/// <remarks>
/// The file holds one key a line, newest last: <c>ID BASE64</c>, 32 bytes each; <c>baton pki</c> makes it. Records are sealed under a key
/// derived from it (HKDF, label "baton record"), never under the key itself. Wiped on release, never printed.
/// </remarks>
public sealed class ClusterKeys : IDisposable
{
    private readonly SortedList<uint, byte[]> _keys = [];

    private ClusterKeys()
    {
    }

    public uint NewestId => _keys.GetKeyAtIndex(_keys.Count - 1);

    public IEnumerable<uint> Ids => _keys.Keys;

    /// <summary>For the sealing of frames between processes (FrameSealer derives its own keys from it).</summary>
    public ReadOnlySpan<byte> Newest => _keys.GetValueAtIndex(_keys.Count - 1);

    public static ClusterKeys Of(uint id, ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, 32);
        var keys = new ClusterKeys();
        keys._keys.Add(id, key.ToArray());
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
            byte[] key = new byte[32];
            if (words.Length != 2 || !uint.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out uint id)
                || !Convert.TryFromBase64String(words[1], key, out int length) || length != 32 || !keys._keys.TryAdd(id, key))
            {
                error = $"{path} is not a cluster key file: each line is an id and 32 bytes of base64, each id once; make one with 'baton pki init'";
                keys.Dispose();
                return false;
            }
        }

        error = keys._keys.Count > 0 ? "" : $"{path} holds no key; make one with 'baton pki init'";
        return keys._keys.Count > 0;
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

    public override string ToString() => $"cluster keys {string.Join(", ", _keys.Keys)}";

    public void Dispose()
    {
        foreach (byte[] key in _keys.Values) CryptographicOperations.ZeroMemory(key);
        _keys.Clear();
    }
}
