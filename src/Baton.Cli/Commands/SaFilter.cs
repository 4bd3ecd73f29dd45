using System.CommandLine;
using System.Globalization;
using Baton.Cli.Operators;

namespace Baton.Cli.Commands;

/// <summary>Which SAs a command is to show.</summary>
internal sealed class SaFilter
{
    private readonly Option<string> _connection = new("--connection") { Description = "Only what this connection made; a pattern such as 'branch-*' for several.", DefaultValueFactory = _ => "" };
    private readonly Option<string[]> _spi = new("--spi") { Description = "Only the SA with this SPI, in hexadecimal digits.", DefaultValueFactory = _ => [] };
    private readonly Option<int?> _limit = new("--limit") { Description = "At most so many." };

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _connection, _spi, _limit }) command.Add(option);
    }

    /// <summary>Somebody said which ones: then all of these are meant, not the most urgent.</summary>
    public bool IsUsed(ParseResult parsed) => parsed.GetValue(_connection) is { Length: > 0 } || parsed.GetValue(_spi) is { Length: > 0 } || parsed.GetValue(_limit) is not null;

    /// <param name="usualLimit">Where nobody says one; 0: none.</param>
    public SaQuery Read(ParseResult parsed, int usualLimit)
    {
        int limit = parsed.GetValue(_limit) ?? usualLimit;
        return limit < 0
            ? throw new UsageException("--limit is a number of SAs, or 0 for all")
            : SaQuery.All with { Connection = parsed.GetValue(_connection)!, Spis = [.. parsed.GetValue(_spi)!.Select(Spi).Distinct()], Most = limit };
    }

    private static uint Spi(string text) =>
        uint.TryParse(text.StartsWith("0x", StringComparison.Ordinal) ? text.AsSpan(2) : text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint spi)
            ? spi
            : throw new UsageException($"{text} is no SPI: write up to eight hexadecimal digits");
}
