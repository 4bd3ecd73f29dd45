using System.Text.Json;
using Baton.Lab;

namespace Baton.Throughput;

/// <summary>Under which circumstances rounds were played: figures of others are not put beside them.</summary>
/// <param name="Congestion">TCP's congestion control at both inner hosts.</param>
public sealed record Circumstances(string Machine, int Seconds, string Congestion);

/// <summary>One figure, in the order in which they were measured.</summary>
public sealed record Measured(string Case, string System, double Value, DateTimeOffset At);

/// <summary>Every figure of a run that may come in parts (<c>--append</c>): written after each, so that nothing is lost when a part is stopped.</summary>
public sealed class RoundsFile
{
    private static readonly JsonSerializerOptions Lines = new() { WriteIndented = true };

    private readonly string? _file;
    private readonly List<Measured> _measured;

    private RoundsFile(string? file, Circumstances under, List<Measured> measured) => (_file, Under, _measured) = (file, under, measured);

    public Circumstances Under { get; }

    public IReadOnlyList<Measured> Measured => _measured;

    /// <param name="file">Null: nothing is kept.</param>
    public static RoundsFile Open(string? file, Circumstances under)
    {
        if (file is null || !File.Exists(file)) return new RoundsFile(file, under, []);
        Content content = JsonSerializer.Deserialize<Content>(File.ReadAllText(file)) ?? throw new LabException($"{file} is empty");
        return content.Under == under ? new RoundsFile(file, under, [.. content.Measured])
            : throw new LabException($"{file} is of {content.Under}, this run of {under}: they do not belong into one table");
    }

    public void Add(Measured one)
    {
        _measured.Add(one);
        if (_file is not null) File.WriteAllText(_file, JsonSerializer.Serialize(new Content(Under, _measured), Lines));
    }

    public Results ToResults()
    {
        var results = new Results();
        foreach (Measured one in _measured) results.Add(BenchCase.All.Single(of => of.Name == one.Case), one.System, one.Value);
        return results;
    }

    private sealed record Content(Circumstances Under, IReadOnlyList<Measured> Measured);
}
