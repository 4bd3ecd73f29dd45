using System.Globalization;
using Baton.Cluster.Certificates;
using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Handler;
using Baton.Lab;
using Microsoft.Extensions.Logging;

namespace Baton.SetUps;

/// <summary>The handler with a ledger that takes longer to sync. A process of this benchmark, since no configuration of <c>baton handler</c> can say so.</summary>
internal static class SlowHandler
{
    private const string Argument = "--slow-handler";

    /// <summary>Null: <c>baton handler</c> itself.</summary>
    public static IReadOnlyList<string>? Command(int slowerBy) =>
        slowerBy == 0 ? null : [Path.Combine(AppContext.BaseDirectory, "Baton.SetUps"), Argument, slowerBy.ToString(CultureInfo.InvariantCulture)];

    public static bool IsAsked(string[] args) => args is [Argument, _, _];

    public static async Task RunAsync(string[] args)
    {
        NodeOptions options = ConfigFile.Load(args[2]).Options ?? throw new LabException($"{args[2]} cannot be used");
        TlsOptions files = options.Tls!;
        if (!TlsMaterial.TryLoad(files.AuthorityFile, files.CertificateFile, files.KeyFile, out TlsMaterial tls, out string error) ||
            !ClusterKeys.TryLoad(options.Cluster.KeyFile!, out ClusterKeys keys, out error))
            throw new LabException(error);
        using ILoggerFactory logs = LoggerFactory.Create(_ => { });
        await using var handler = new HandlerProcess(options, tls, keys, logs) { SlowerBy = TimeSpan.FromMilliseconds(int.Parse(args[1], CultureInfo.InvariantCulture)) };
        await handler.RunAsync(CancellationToken.None).ConfigureAwait(false);
    }
}
