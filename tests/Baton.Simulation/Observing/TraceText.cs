using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;

namespace Baton.Simulation.Observing;

/// <summary>Inputs and outputs in one line, lists included. By reflection: only a trace that is read pays for it.</summary>
internal static class TraceText
{
    public static string Of(object? what)
    {
        var text = new StringBuilder();
        Append(text, what, 0);
        return text.Length > 900 ? text.ToString(0, 900) + "..." : text.ToString();
    }

    private static void Append(StringBuilder text, object? what, int depth)
    {
        switch (what)
        {
            case null:
                text.Append('-');
                return;
            case string or Enum or bool:
                text.Append(what);
                return;
            case ReadOnlyMemory<byte>:
                text.Append("..");
                return;
            case ReadOnlyMemory<ulong> words:
                foreach (ulong word in words.Span)
                    text.Append(CultureInfo.InvariantCulture, $"{word:x16} ");
                return;
            case Baton.Redundancy.Records.Incarnation one:
                text.Append(CultureInfo.InvariantCulture, $"{one.Member}#{one.Nonce & 0xffff:x4}");
                return;
            case Baton.Redundancy.Records.SaId or Guid or TimeSpan or Baton.Redundancy.CounterSpace:
                text.Append(what.GetType() == typeof(Guid) ? what.ToString()![..4] : what is Baton.Redundancy.CounterSpace space ? $"{space.Bits}bit" : what);
                return;
            case IEnumerable list when depth < 6:
                text.Append('[');
                bool first = true;
                foreach (object? item in list)
                {
                    if (!first)
                        text.Append(", ");
                    first = false;
                    Append(text, item, depth + 1);
                }

                text.Append(']');
                return;
        }

        Type type = what!.GetType();
        if (type.IsPrimitive || depth > 6)
        {
            text.Append(CultureInfo.InvariantCulture, $"{what}");
            return;
        }

        if (type.FullName!.StartsWith("System.ValueTuple", StringComparison.Ordinal))
        {
            text.Append('(');
            foreach (FieldInfo field in type.GetFields())
            {
                Append(text, field.GetValue(what), depth + 1);
                text.Append(' ');
            }

            text.Append(')');
            return;
        }

        text.Append(type.Name).Append('{');
        foreach (PropertyInfo property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.GetIndexParameters().Length > 0 || property.Name is "EqualityContract" or "KeyTag" or "Spi" or "Sealed")
                continue;
            object? value = property.GetValue(what);
            if (value is null)
                continue;
            text.Append(property.Name).Append('=');
            Append(text, value, depth + 1);
            text.Append(' ');
        }

        text.Append('}');
    }
}
