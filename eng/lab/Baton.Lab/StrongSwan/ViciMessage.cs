using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;

namespace Baton.Lab.StrongSwan;

/// <summary>The tree that charon's control protocol speaks (vici, README of the plugin): sections, lists and texts, here as JSON.</summary>
internal static class ViciMessage
{
    private const byte SectionStart = 1;
    private const byte SectionEnd = 2;
    private const byte KeyValue = 3;
    private const byte ListStart = 4;
    private const byte ListItem = 5;
    private const byte ListEnd = 6;

    public static void Write(Stream to, JsonObject section)
    {
        foreach ((string key, JsonNode? value) in section)
        {
            switch (value)
            {
                case JsonObject inner:
                    Name(to, SectionStart, key);
                    Write(to, inner);
                    to.WriteByte(SectionEnd);
                    break;
                case JsonArray list:
                    Name(to, ListStart, key);
                    foreach (JsonNode? item in list)
                    {
                        to.WriteByte(ListItem);
                        Value(to, item!.ToString());
                    }

                    to.WriteByte(ListEnd);
                    break;
                default:
                    Name(to, KeyValue, key);
                    Value(to, value!.ToString());
                    break;
            }
        }
    }

    public static JsonObject Read(ReadOnlySpan<byte> bytes)
    {
        var root = new JsonObject();
        var open = new Stack<JsonObject>([root]);
        JsonArray? list = null;
        while (!bytes.IsEmpty)
        {
            byte element = bytes[0];
            bytes = bytes[1..];
            switch (element)
            {
                case SectionStart:
                    var inner = new JsonObject();
                    open.Peek()[Text(ref bytes, 1)] = inner;
                    open.Push(inner);
                    break;
                case SectionEnd:
                    open.Pop();
                    break;
                case KeyValue:
                    string key = Text(ref bytes, 1);
                    open.Peek()[key] = Text(ref bytes, 2);
                    break;
                case ListStart:
                    list = [];
                    open.Peek()[Text(ref bytes, 1)] = list;
                    break;
                case ListItem:
                    list!.Add(Text(ref bytes, 2));
                    break;
                case ListEnd:
                    break;
                default:
                    throw new LabException($"vici element {element}");
            }
        }

        return root;
    }

    private static void Name(Stream to, byte element, string name)
    {
        to.WriteByte(element);
        to.WriteByte((byte)name.Length);
        to.Write(Encoding.UTF8.GetBytes(name));
    }

    private static void Value(Stream to, string value)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        Span<byte> length = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)bytes.Length);
        to.Write(length);
        to.Write(bytes);
    }

    private static string Text(ref ReadOnlySpan<byte> bytes, int lengthBytes)
    {
        int length = lengthBytes == 1 ? bytes[0] : BinaryPrimitives.ReadUInt16BigEndian(bytes);
        string text = Encoding.UTF8.GetString(bytes.Slice(lengthBytes, length));
        bytes = bytes[(lengthBytes + length)..];
        return text;
    }
}
