using Google.Protobuf;

namespace Baton.Cli.Operators;

/// <summary>The messages of the cluster as JSON (proto3 mapping), so that nothing an operator sees is missing for programs.</summary>
internal static class StatusJson
{
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true));

    public static void Write(StatusPicture picture, TextWriter output)
    {
        string cluster = picture.Cluster is null ? "null" : Formatter.Format(picture.Cluster);
        string nodes = string.Join(',', picture.Nodes.Select(node => Formatter.Format(node)));
        string unreachable = string.Join(',', picture.Unreachable.Select(Text));
        string incomplete = string.Join(',', picture.Incomplete.Select(Text));
        string why = picture.WhyNotReady is { } sentence ? Text(sentence) : "null";
        output.WriteLine($"{{\"ready\":{(picture.IsReady ? "true" : "false")},\"whyNotReady\":{why},\"cluster\":{cluster},\"nodes\":[{nodes}],\"unreachable\":[{unreachable}],\"incomplete\":[{incomplete}]}}");
    }

    private static string Text(string sentence) => $"\"{System.Text.Json.JsonEncodedText.Encode(sentence)}\"";
}
