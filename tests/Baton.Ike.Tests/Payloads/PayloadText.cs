using System.Collections;
using System.Reflection;
using Baton.Ike.Payloads;

namespace Baton.Ike.Tests.Payloads;

/// <summary>All public fields of a payload, so that two can be compared by what they say: records compare memory by where it lies.</summary>
internal static class PayloadText
{
    public static string Of(IEnumerable<Payload> payloads) => string.Join("\n", payloads.Select(payload => Of((object)payload)));

    private static string Of(object? value) => value switch
    {
        null => "null",
        ReadOnlyMemory<byte> bytes => Convert.ToHexStringLower(bytes.Span),
        string or IFormattable or bool or System.Net.IPAddress => value.ToString()!,
        IEnumerable list => $"[{string.Join(", ", list.Cast<object>().Select(Of))}]",
        _ => $"{value.GetType().Name}({string.Join("; ", Fields(value))})",
    };

    private static IEnumerable<string> Fields(object value) =>
        value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.GetIndexParameters().Length == 0 && property.Name != "EqualityContract")
            .Select(property => $"{property.Name}={Of(property.GetValue(value))}");
}
