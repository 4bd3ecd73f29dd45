using System.Globalization;
using System.Text.Json;

namespace Baton.Voice.Shell;

/// <summary>Reads the arguments of one JSON command.</summary>
internal static class CommandArguments
{
    public static string? Text(this JsonElement command, string name) =>
        command.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public static long? Whole(this JsonElement command, string name) =>
        command.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetInt64() : null;

    public static double Number(this JsonElement command, string name, double otherwise) =>
        command.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : otherwise;

    /// <summary>An SPI: a number, or text such as "0x1f00".</summary>
    public static uint Spi(this JsonElement value) => value.ValueKind == JsonValueKind.Number
        ? value.GetUInt32()
        : ParseSpi(value.GetString() ?? "");

    public static uint ParseSpi(string text) => text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
        ? uint.Parse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
        : uint.Parse(text, CultureInfo.InvariantCulture);

    public static string SpiText(uint spi) => string.Create(CultureInfo.InvariantCulture, $"0x{spi:x8}");
}
