using System.Text.Json;
using Baton.Cli.Operators;
using Baton.Cluster.Configuration;
using Baton.Cluster.Protos;
using Google.Protobuf;

namespace Baton.Lab.Batons;

/// <summary>The operator's chair: a process on the handler's host that asks the cluster what <c>baton status</c> and <c>baton ike</c> ask, a JSON line a question.</summary>
/// <remarks>A process of its own because it must stand in the lab's network; one for the whole story because each <c>baton status</c> starts a runtime first.</remarks>
public static class OperatorProcess
{
    public const string Argument = "--operator";

    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true));
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <param name="files">CA, certificate and key of an operator.</param>
    public static async Task<int> RunAsync(string[] files)
    {
        using ClusterClient client = ClusterClient.Open(new TlsOptions(files[0], files[1], files[2]));
        Console.WriteLine("""{"event":"ready"}""");
        while (Console.ReadLine() is { } line)
        {
            JsonElement question = JsonElement.Parse(line);
            string Text(string name) => question.GetProperty(name).GetString()!;
            string answer = Text("cmd") switch
            {
                "cluster" => Format(await client.StatusAsync(Text("at"), Patience, CancellationToken.None).ConfigureAwait(false)),
                "node" => Format(await client.NodeAsync(Text("at"), SaQuery.All with { WithIke = true }, Patience, CancellationToken.None).ConfigureAwait(false)),
                "count" => Format(await client.NodeAsync(Text("at"), Patience, CancellationToken.None).ConfigureAwait(false)),
                "ike" => Format(await client.IkeAsync(
                    Text("at"), new IkeCommand { Verb = Text("verb"), Connection = Text("connection"), Child = Text("child") }, Patience, CancellationToken.None).ConfigureAwait(false)),
                _ => """{"error":"no such question"}""",
            };
            Console.WriteLine(answer);
        }

        return 0;
    }

    private static string Format<T>(Answer<T> answer)
        where T : class, IMessage => answer.Value is { } value ? Formatter.Format(value) : $$"""{"silent":"{{JsonEncodedText.Encode(answer.Error)}}"}""";
}
