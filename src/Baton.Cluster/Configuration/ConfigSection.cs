using System.Globalization;
using System.Net;
using Baton.Wire;
using Tomlyn.Model;

namespace Baton.Cluster.Configuration;

/// <summary>Reads the keys of one TOML table, collects every error, and at the end names the keys that nobody asked for.</summary>
internal sealed class ConfigSection(string prefix, TomlTable table, ConfigErrors errors)
{
    private readonly HashSet<string> _asked = [];

    public string Prefix => prefix;

    public bool Has(string key) => table.ContainsKey(key);

    /// <summary>As it stands there, judged elsewhere; null: no text.</summary>
    public string? Word(string key) => table.TryGetValue(key, out object? value) ? value as string : null;

    /// <summary>A table inside; empty when absent, so that its required keys report themselves.</summary>
    public ConfigSection Section(string key)
    {
        _asked.Add(key);
        if (!table.TryGetValue(key, out object? value)) return new(Full(key), [], errors);
        if (value is TomlTable inner) return new(Full(key), inner, errors);
        Error(key, "is a value, but a table belongs here", $"Write [{Full(key)}] on a line of its own.");
        return new(Full(key), [], errors);
    }

    public IEnumerable<ConfigSection> Sections(string key)
    {
        _asked.Add(key);
        if (!table.TryGetValue(key, out object? value)) yield break;
        if (value is not TomlTableArray array)
        {
            Error(key, "is not a list of tables", $"Write [[{Full(key)}]] above each entry.");
            yield break;
        }

        int number = 0;
        foreach (TomlTable each in array) yield return new($"{Full(key)}[{number++}]", each, errors);
    }

    public string? Text(string key, string remedy, bool required = true)
    {
        object? value = Get(key, remedy, required);
        if (value is null) return null;
        if (value is string { Length: > 0 } text) return text;
        Error(key, "is not a text", remedy);
        return null;
    }

    /// <summary>A list of texts; empty when absent.</summary>
    public IReadOnlyList<string> Texts(string key, string remedy)
    {
        object? value = Get(key, remedy, required: false);
        if (value is null) return [];
        if (value is TomlArray array && array.All(each => each is string { Length: > 0 })) return [.. array.Cast<string>()];
        Error(key, "is not a list of texts", remedy);
        return [];
    }

    /// <summary>A list of whole numbers; empty when absent.</summary>
    public IReadOnlyList<long> Numbers(string key, long least, long most, string remedy)
    {
        object? value = Get(key, remedy, required: false);
        if (value is null) return [];
        if (value is TomlArray array && array.All(each => each is long number && number >= least && number <= most)) return [.. array.Cast<long>()];
        Error(key, "is not a list of whole numbers in range", string.Create(CultureInfo.InvariantCulture, $"Write numbers from {least} to {most}: {remedy}"));
        return [];
    }

    public string? Name(string key, string remedy)
    {
        string? name = Text(key, remedy);
        if (name is null || Certificates.NodeName.IsValid(name)) return name;
        Error(key, "is not a name", "Use letters, digits, '-', '_' and '.', at most 63.");
        return null;
    }

    public T? Choice<T>(string key, IReadOnlyDictionary<string, T> choices, T? fallback)
        where T : struct
    {
        string remedy = $"Write one of {string.Join(", ", choices.Keys.Select(k => $"\"{k}\""))}.";
        string? text = Text(key, remedy, required: fallback is null);
        if (text is null) return fallback;
        if (choices.TryGetValue(text, out T chosen)) return chosen;
        string? near = Spelling.Nearest(text, choices.Keys);
        Error(key, "is not known", near is null ? remedy : $"Did you mean \"{near}\"? {remedy}");
        return fallback;
    }

    public bool Flag(string key, bool fallback)
    {
        object? value = Get(key, "", required: false);
        if (value is null) return fallback;
        if (value is bool flag) return flag;
        Error(key, "is neither true nor false", "Write true or false, without quotes.");
        return fallback;
    }

    public long? Number(string key, long least, long most, string remedy, bool required = false)
    {
        object? value = Get(key, remedy, required);
        if (value is null) return null;
        if (value is long number && number >= least && number <= most) return number;
        Error(key, value is long ? "is out of range" : "is not a whole number",
            string.Create(CultureInfo.InvariantCulture, $"Write a number from {least} to {most}: {remedy}"));
        return null;
    }

    public TimeSpan? Milliseconds(string key, double least, double most, string remedy)
    {
        object? value = Get(key, remedy, required: false);
        if (value is null) return null;
        double? number = value switch { long whole => whole, double real => real, _ => null };
        if (number >= least && number <= most) return TimeSpan.FromMilliseconds(number.Value);
        Error(key, number is null ? "is not a number" : "is out of range",
            string.Create(CultureInfo.InvariantCulture, $"Write milliseconds from {least} to {most}: {remedy}"));
        return null;
    }

    /// <summary>ADDRESS:PORT or [ADDRESS]:PORT, both literal: a data path does not wait for a name server. Or unix:/PATH, a place on a backplane.</summary>
    public IPEndPoint? Endpoint(string key, string remedy, bool required = true)
    {
        string? text = Text(key, remedy, required);
        if (text is null) return null;
        if (EndpointText.TryParse(text, out IPEndPoint endpoint)) return endpoint;
        if (EndpointText.IsBackplane(text))
        {
            Backplane(key, text, remedy);
            return null;
        }

        Error(key, "is not an address with a port", $"Write it as \"192.0.2.1:4500\" or \"[2001:db8::1]:4500\": {remedy}");
        return null;
    }

    private bool Backplane(string key, string text, string remedy)
    {
        if (BackplaneEndPoint.TryParse(text, out _, out string problem)) return true;
        Error(key, problem, $"Write a short absolute path as \"unix:/run/baton/a.sock\": {remedy}");
        return false;
    }

    /// <summary>HOST:PORT; a name is allowed. Or unix:/PATH.</summary>
    public string? HostAndPort(string key, string remedy)
    {
        string? text = Text(key, remedy);
        if (text is null) return null;
        if (EndpointText.IsBackplane(text)) return Backplane(key, text, remedy) ? text : null;
        int colon = text.LastIndexOf(':');
        if (colon > 0 && ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port > 0
            && Uri.CheckHostName(text[..colon].Trim('[', ']')) != UriHostNameType.Unknown)
        {
            return text;
        }

        Error(key, "is not a host with a port", $"Write it as \"handler.example:7443\": {remedy}");
        return null;
    }

    public IPNetwork? Network(string key, string remedy)
    {
        string? text = Text(key, remedy);
        if (text is null) return null;
        if (PrefixText.TryParse(text, out IPNetwork network)) return network;
        Error(key, "is not a prefix", $"Write it as \"10.1.0.0/16\", with no bits set after the prefix: {remedy}");
        return null;
    }

    /// <summary>A path, relative to the file that names it.</summary>
    public string? Path(string key, string remedy, bool mustExist, bool required = true)
    {
        string? text = Text(key, remedy, required);
        if (text is null) return null;
        string path = System.IO.Path.GetFullPath(text, errors.Directory);
        if (!mustExist || File.Exists(path)) return path;
        Error(key, $"names a file that does not exist ({path})", remedy);
        return null;
    }

    /// <summary>A list of paths to files that exist; those that do not are errors and left out.</summary>
    public IReadOnlyList<string> Paths(string key, string remedy)
    {
        var paths = new List<string>();
        foreach (string text in Texts(key, remedy))
        {
            string path = System.IO.Path.GetFullPath(text, errors.Directory);
            if (File.Exists(path)) paths.Add(path);
            else Error(key, $"names a file that does not exist ({path})", remedy);
        }

        return paths;
    }

    public void Error(string key, string problem, string remedy)
    {
        string value = table.TryGetValue(key, out object? present) ? Show(key, present) : "";
        errors.Add(Full(key), value, problem, remedy);
    }

    /// <summary>Call last: every key that no reader asked for is an error, so that a misspelt one never passes in silence.</summary>
    public void Finish()
    {
        foreach (string key in table.Keys)
        {
            if (_asked.Contains(key)) continue;
            string? near = Spelling.Nearest(key, _asked.Where(a => !table.ContainsKey(a)));
            Error(key, "is not known here", near is not null ? $"Did you mean {near}?"
                : _asked.Count == 0 ? "Remove it." : $"Remove it; known are {string.Join(", ", _asked.Order())}.");
        }
    }

    private object? Get(string key, string remedy, bool required)
    {
        _asked.Add(key);
        if (table.TryGetValue(key, out object? value)) return value;
        if (required) errors.Add(Full(key), "", "is missing", remedy);
        return null;
    }

    private string Full(string key) => prefix.Length == 0 ? key : $"{prefix}.{key}";

    // An error message must not spread a key.
    private static string Show(string key, object? value) => value switch
    {
        _ when key.StartsWith("key-", StringComparison.Ordinal) && !key.EndsWith("-file", StringComparison.Ordinal) => "(hidden)",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        TomlTable => "{...}",
        TomlArray or TomlTableArray => "[...]",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}

internal sealed class ConfigErrors(string directory, IReadOnlyDictionary<string, int> lines)
{
    private readonly List<ConfigError> _all = [];

    public string Directory => directory;

    public IReadOnlyList<ConfigError> All => _all;

    public void Add(string key, string value, string problem, string remedy) =>
        _all.Add(new ConfigError(key, value, problem, remedy, lines.GetValueOrDefault(key)));
}
