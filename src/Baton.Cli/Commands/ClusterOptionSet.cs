using System.CommandLine;
using Baton.Cli.Operators;
using Baton.Cluster.Configuration;

namespace Baton.Cli.Commands;

/// <summary>How an operator's command finds the cluster: a node's file, or the addresses and certificates themselves.</summary>
internal sealed class ClusterOptionSet
{
    public Option<string?> Config { get; } = new("--config", "-c") { Description = "The file of any node of the cluster; its certificate is used." };

    public Option<string[]> Handler { get; } = new("--handler") { Description = "host:port of the handler, instead of --config." };

    public Option<string[]> Node { get; } = new("--node") { Description = "host:port where a gateway, peer or router tells its status, for when the handler cannot be reached." };

    public Option<string?> Authority { get; } = new("--ca") { Description = "The cluster's CA certificate." };

    public Option<string?> Certificate { get; } = new("--cert") { Description = "Our certificate; the role 'operator' is meant for this." };

    public Option<string?> Key { get; } = new("--key") { Description = "Its key." };

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { Config, Handler, Node, Authority, Certificate, Key }) command.Add(option);
    }

    public (ClusterClient Client, IReadOnlyList<string> Handlers, IReadOnlyList<string> Nodes) Open(ParseResult parsed)
    {
        List<string> handlers = [.. parsed.GetValue(Handler) ?? []];
        List<string> nodes = [.. parsed.GetValue(Node) ?? []];
        TlsOptions? tls = null;
        if (parsed.GetValue(Config) is { } path)
        {
            NodeOptions options = ConfigFiles.Load(path) ?? throw new UsageException($"{path} has errors");
            tls = options.Tls;
            if (handlers.Count == 0) handlers.AddRange(options.Cluster.Handlers.Select(handler => handler.Session));
            if (options.Status.Listen is { } own) nodes.Add(own.ToString());
        }

        if (parsed.GetValue(Certificate) is { } certificate)
        {
            tls = new TlsOptions(
                parsed.GetValue(Authority) ?? tls?.AuthorityFile ?? throw new UsageException("--cert needs --ca"),
                certificate,
                parsed.GetValue(Key) ?? Path.ChangeExtension(certificate, ".key"));
        }

        if (tls is null) throw new UsageException("name a node's file with --config, or --handler, --ca, --cert and --key");
        if (handlers.Count == 0 && nodes.Count == 0) throw new UsageException("name the handler with --handler, or a node's file with --config");
        return (ClusterClient.Open(tls), handlers, nodes);
    }
}
