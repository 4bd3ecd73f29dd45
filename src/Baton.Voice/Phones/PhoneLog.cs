using System.Text.Json;
using Baton.Voice.Rtp;

namespace Baton.Voice.Phones;

/// <summary>Every arrival of a call, a JSON line each.</summary>
internal static class PhoneLog
{
    public static void Write(string path, IReadOnlyList<RtpArrival> arrivals)
    {
        using FileStream file = File.Create(path);
        using var writer = new Utf8JsonWriter(file);
        foreach (RtpArrival arrival in arrivals)
        {
            writer.WriteStartObject();
            writer.WriteNumber("seq", arrival.Sequence);
            writer.WriteNumber("t", arrival.At.Nanoseconds);
            if (arrival.Twice)
                writer.WriteBoolean("twice", true);
            writer.WriteEndObject();
            writer.Flush();
            file.WriteByte((byte)'\n');
            writer.Reset();
        }
    }
}
